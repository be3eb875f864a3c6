import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/api/errors";
import { TransportLadder } from "../src/media/ladder";
import { NoPictureYet, type Rung, type Sample, type Transport, type TransportListener } from "../src/media/transport";
import type { MediaState, TransportKind } from "../src/store/state";

const SIZE = { width: 1280, height: 720 };

/** A transport that does what the test says. */
class PuppetTransport implements Transport {
  readonly view = document.createElement("canvas");
  readonly kind: TransportKind;
  readonly listener: TransportListener;
  stopped = false;
  frames = 0;
  quiet = false;

  constructor(kind: TransportKind, listener: TransportListener) {
    this.kind = kind;
    this.listener = listener;
  }
  start(): void {}
  stop(): void {
    this.stopped = true;
  }
  async sample(): Promise<Sample> {
    const { frames, quiet } = this;
    const none = { roundTripMs: null, ageMs: null, dropped: 0, lost: 0 };
    return { ...none, ...SIZE, codec: null, frames, bytes: frames * 1000, quiet };
  }
  picture(): void {
    this.frames += 1;
    this.listener.onPicture(SIZE);
  }
}

describe("TransportLadder", () => {
  const made: PuppetTransport[] = [];
  const states: MediaState[] = [];
  const shown: unknown[] = [];
  const freeze = vi.fn();
  let rungs: () => Promise<Rung[]>;
  let ladder: TransportLadder;

  const rung = (kind: TransportKind): Rung => ({
    kind,
    create: (listener) => {
      const transport = new PuppetTransport(kind, listener);
      made.push(transport);
      return transport;
    },
  });
  const newest = (): PuppetTransport => {
    const transport = made.at(-1);
    if (transport === undefined) throw new Error("nothing was tried");
    return transport;
  };
  /** Time passes; a transport named in `playing` gets frames meanwhile. */
  const pass = async (ms: number, playing: PuppetTransport | null = null) => {
    for (let at = 0; at < ms; at += 250) {
      if (playing !== null) playing.frames += 1;
      await vi.advanceTimersByTimeAsync(250);
    }
  };

  beforeEach(() => {
    vi.useFakeTimers();
    for (const list of [made, states, shown]) list.length = 0;
    freeze.mockClear();
    rungs = async () => [rung("whep"), rung("mjpeg"), rung("polling")];
    ladder = new TransportLadder({
      rungs: () => rungs(),
      surface: { show: (view) => void shown.push(view), freeze },
      onState: (state) => void states.push(state),
      onSize: () => undefined,
      onStats: () => undefined,
    });
  });
  afterEach(() => {
    ladder.stop();
    vi.useRealTimers();
  });

  const begin = async () => {
    ladder.start();
    await pass(0);
    await vi.advanceTimersByTimeAsync(0);
  };

  it("shows the best rung that has a picture", async () => {
    await begin();
    newest().picture();
    expect(states.at(-1)).toEqual({ phase: "live", transport: "whep", reason: null });
    expect(shown).toEqual([newest().view]);
  });

  it("steps down when a rung fails before its first picture", async () => {
    await begin();
    newest().listener.onFailed(new Error("no video"));
    expect(newest().kind).toBe("mjpeg");
    newest().picture();
    expect(states.at(-1)?.transport).toBe("mjpeg");
  });

  it("steps down when no frame comes for 3 s, with the last picture kept", async () => {
    await begin();
    const whep = newest();
    whep.picture();
    await pass(2_000, whep);
    await pass(3_500);
    expect(whep.stopped).toBe(true);
    expect(freeze).toHaveBeenCalledTimes(1);
    expect(newest().kind).toBe("mjpeg");
    expect(states.at(-1)).toMatchObject({ phase: "reconnecting", transport: null });
  });

  it("does not mind a long poll that waits", async () => {
    await begin();
    const first = newest();
    first.quiet = true;
    first.picture();
    await pass(9_000);
    expect(first.stopped).toBe(false);
  });

  it("climbs back beside the running rung, which goes only when the better one shows", async () => {
    await begin();
    newest().listener.onFailed(new Error("no video"));
    const mjpeg = newest();
    mjpeg.picture();
    await pass(4_500, mjpeg);
    const whep = newest();
    expect(whep.kind).toBe("whep");
    expect(mjpeg.stopped).toBe(false);
    whep.picture();
    expect(mjpeg.stopped).toBe(true);
    expect(states.at(-1)).toMatchObject({ phase: "live", transport: "whep" });
  });

  it("waits longer before each further climb", async () => {
    await begin();
    newest().listener.onFailed(new Error("no video"));
    const mjpeg = newest();
    mjpeg.picture();
    const climbs = () => made.filter(({ kind }) => kind === "whep").length - 1;
    const waits: number[] = [];
    for (let round = 1; round <= 3; round += 1) {
      const before = performance.now();
      while (climbs() < round) await pass(250, mjpeg);
      waits.push(performance.now() - before);
      newest().listener.onFailed(new Error("still no video"));
    }
    const [first = 0, second = 0, third = 0] = waits;
    expect(second).toBeGreaterThan(first * 1.2);
    expect(third).toBeGreaterThan(second * 1.2);
    expect(mjpeg.stopped).toBe(false);
  });

  it("climbs at once when the network is back", async () => {
    await begin();
    newest().listener.onFailed(new Error("no video"));
    newest().picture();
    ladder.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(newest().kind).toBe("whep");
  });

  it("asks the same rung again while there is no picture yet", async () => {
    await begin();
    newest().listener.onFailed(new NoPictureYet("the browser is starting", 1));
    expect(states.at(-1)).toMatchObject({ phase: "waiting", reason: "the browser is starting" });
    await pass(1_000);
    expect(made.map(({ kind }) => kind)).toEqual(["whep", "whep"]);
  });

  it("begins again from the top when every rung failed, and stays quiet meanwhile", async () => {
    await begin();
    for (let at = 0; at < 3; at += 1) newest().listener.onFailed(new Error("down"));
    expect(made).toHaveLength(3);
    await pass(1_000);
    expect(made[3]?.kind).toBe("whep");
  });

  it("says so where the server does not stream, and stops asking", async () => {
    rungs = async () => {
      throw new ApiError("streaming is switched off", { status: 404 });
    };
    await begin();
    await pass(30_000);
    expect(states.at(-1)).toMatchObject({ phase: "unavailable", reason: "streaming is switched off" });
  });

  it("gives up a rung that shows nothing", async () => {
    await begin();
    const whep = newest();
    await pass(4_250);
    expect(whep.stopped).toBe(true);
    expect(newest().kind).toBe("mjpeg");
  });

  it("ignores a rung that was let go, and leaves nothing behind", async () => {
    await begin();
    const whep = newest();
    whep.picture();
    ladder.stop();
    whep.listener.onFailed(new Error("late"));
    whep.listener.onPicture(SIZE);
    expect(made).toHaveLength(1);
    expect(whep.stopped).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
