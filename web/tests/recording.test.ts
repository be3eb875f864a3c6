import { beforeEach, describe, expect, it, vi } from "vitest";
import { lengthMs, RecordingPlayer, type RecordingState, stillAt } from "../src/media/recording";
import type { RecordingTimeline } from "../src/protocol/types";

const BEGAN = "2026-03-02T09:30:00.000Z";

describe("RecordingPlayer", () => {
  let timeline: RecordingTimeline;
  let states: RecordingState[];
  let errors: unknown[];
  let loaded: number[];
  let video: HTMLVideoElement;
  let player: RecordingPlayer;

  const shown = () => states.at(-1)?.atMs ?? null;
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  /** The video comes to this place by itself. */
  const playTo = (ms: number) => {
    Object.defineProperty(video, "readyState", { value: 4, configurable: true });
    video.currentTime = ms / 1000;
    video.dispatchEvent(new Event("timeupdate"));
  };

  beforeEach(() => {
    timeline = { startedAt: BEGAN, durationMs: 60_000, growing: true, stills: [{ fromMs: 10_000, toMs: 30_000 }] };
    states = [];
    errors = [];
    loaded = [];
    video = document.createElement("video");
    video.play = vi.fn(async () => {});
    video.pause = vi.fn();
    video.load = vi.fn();
    player = new RecordingPlayer({
      timeline: async () => timeline,
      address: async (untilMs) => {
        loaded.push(untilMs);
        return `http://jumpseat.test/recording?until=${untilMs}`;
      },
      onChange: (state) => states.push(state),
      onError: (error) => errors.push(error),
      video,
    });
  });

  it("plays from the place that it is told, and loads once what it can go back and forth in", async () => {
    await player.seek(20_000);
    await player.seek(5000);
    expect(loaded).toEqual([60_000]);
    expect(video.currentTime).toBe(5);
    expect(video.play).toHaveBeenCalledTimes(2);
    expect(shown()).toBe(5000);
  });

  it("loads what has come since where it is told to go beyond", async () => {
    await player.seek(20_000);
    timeline = { ...timeline, durationMs: 90_000 };
    await player.seek(80_000);
    expect(loaded).toEqual([60_000, 90_000]);
    expect(video.currentTime).toBe(80);
  });

  it("goes on at its end with what has come since, and is live where nothing has", async () => {
    await player.seek(59_000);
    timeline = { ...timeline, durationMs: 64_000 };
    video.dispatchEvent(new Event("ended"));
    await settle();
    expect(loaded).toEqual([60_000, 64_000]);
    expect(shown()).toBe(60_000);
    video.dispatchEvent(new Event("ended"));
    await settle();
    expect(shown()).toBeNull();
    expect(video.hasAttribute("src")).toBe(false);
  });

  it("stands still at the end of a run that is over", async () => {
    timeline = { ...timeline, growing: false };
    await player.seek(59_000);
    video.dispatchEvent(new Event("ended"));
    await settle();
    expect(states.at(-1)).toMatchObject({ isPaused: true });
    expect(shown()).not.toBeNull();
  });

  it("skips what stands still once it has been shown, where that is wanted", async () => {
    await player.seek(9000);
    playTo(12_000);
    expect(shown()).toBe(12_000);
    player.setSkipsStill(true);
    playTo(12_250);
    expect(shown()).toBe(30_000);
    expect(video.currentTime).toBe(30);
  });

  it("keeps the speed when it loads anew", async () => {
    player.setRate(4);
    await player.seek(20_000);
    expect(video.playbackRate).toBe(4);
  });

  it("tries once more with another ticket, and then says that it cannot", async () => {
    await player.seek(20_000);
    video.dispatchEvent(new Event("error"));
    await settle();
    expect(loaded).toEqual([60_000, 60_000]);
    video.dispatchEvent(new Event("error"));
    await settle();
    expect(errors).toHaveLength(1);
    expect(shown()).toBeNull();
  });

  it("loads nothing for one who has gone back to live meanwhile", async () => {
    const seeking = player.seek(20_000);
    player.live();
    await seeking;
    expect(loaded).toEqual([]);
    expect(shown()).toBeNull();
  });
});

describe("a recording's length", () => {
  const timeline = { startedAt: BEGAN, durationMs: 8000, growing: true, stills: [] };

  it("grows with the run, and is what it is afterwards", () => {
    expect(lengthMs(timeline, Date.parse(BEGAN) + 10_000)).toBe(10_000);
    expect(lengthMs({ ...timeline, growing: false }, Date.parse(BEGAN) + 10_000)).toBe(8000);
  });

  it("has places where nothing moves", () => {
    const still = { ...timeline, stills: [{ fromMs: 1000, toMs: 4000 }] };
    expect([900, 1200, 1600, 3999, 4000].map((at) => stillAt(still, at))).toEqual([null, null, 4000, 4000, null]);
  });
});
