import { ApiError } from "../api/errors";
import { Backoff } from "../backoff";
import type { Size } from "../protocol/types";
import type { MediaState, MediaStats, TransportKind } from "../store/state";
import { Meter } from "./meter";
import type { Surface } from "./surface";
import { NoPictureYet, type Rung, type Transport, type TransportListener } from "./transport";

const SAMPLE_MS = 500;
/** No frame for this long while the run is live: the rung has failed. */
const SILENCE_MS = 3_000;
/** A rung that shows no first picture within this time has failed; longer where another one shows meanwhile. */
const FIRST_PICTURE_MS = 4_000;
const BETTER_PICTURE_MS = 8_000;

export interface LadderOptions {
  /** Returns the rungs to be had now, best first. A 404 means that there is no stream at all. */
  rungs(): Promise<Rung[]>;
  surface: Pick<Surface, "show" | "freeze">;
  onState(state: MediaState): void;
  onSize(size: Size): void;
  onStats(stats: MediaStats | null): void;
}

interface Candidate {
  transport: Transport;
  index: number;
  deadline: ReturnType<typeof setTimeout>;
}

/**
 * Keeps a picture on screen by the best transport that works. A rung that fails gives way to the next one; from a lower rung
 * the better ones are tried again with growing waits, beside the running one, which is let go only when its successor shows.
 */
export class TransportLadder {
  readonly #options: LadderOptions;
  readonly #upgradeBackoff = new Backoff({ first: 4_000, most: 60_000 });
  readonly #restartBackoff = new Backoff({ first: 500, most: 8_000 });
  #rungs: Rung[] = [];
  #current: { transport: Transport; index: number; meter: Meter } | null = null;
  #candidate: Candidate | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sampler: ReturnType<typeof setInterval> | undefined;
  #hadPicture = false;
  #running = false;
  #round = 0;

  constructor(options: LadderOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#sampler = setInterval(() => void this.#sample(), SAMPLE_MS);
    void this.#connect();
  }

  /** Stops with the last picture still on screen. */
  stop(): void {
    this.#running = false;
    this.#round += 1;
    clearInterval(this.#sampler);
    clearTimeout(this.#timer);
    this.#dropCandidate();
    this.#dropCurrent();
  }

  /** Begins again with the rungs as they are now: the choice or the credentials changed. */
  restart(): void {
    if (!this.#running) return;
    this.stop();
    this.#upgradeBackoff.reset();
    this.#restartBackoff.reset();
    this.start();
  }

  /** Tries the better rungs at once: the network or the machine is back. */
  wake(): void {
    this.#upgradeBackoff.reset();
    this.#restartBackoff.reset();
    if (!this.#running || this.#candidate !== null) return;
    if (this.#current === null) void this.#connect();
    else if (this.#current.index > 0) void this.#tryUpgrade();
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#timer);
    this.#report(this.#hadPicture ? "reconnecting" : "connecting", null);
    if (await this.#refresh()) this.#try(0);
  }

  /** Asks for the rungs again; false when this round is over or there is no better rung. */
  async #refresh(): Promise<boolean> {
    const round = ++this.#round;
    try {
      const rungs = await this.#options.rungs();
      if (round !== this.#round) return false;
      this.#rungs = rungs;
      return true;
    } catch (error) {
      if (round === this.#round) this.#onRungsFailed(error as Error);
      return false;
    }
  }

  #onRungsFailed(error: Error): void {
    if (this.#current !== null) return this.#scheduleUpgrade();
    if (error instanceof ApiError && error.status === 404) return this.#report("unavailable", error.message);
    this.#retryLater(error);
  }

  #try(index: number): void {
    const rung = this.#rungs[index];
    if (rung === undefined) return this.#exhausted();
    this.#dropCandidate();
    const listener: TransportListener = {
      onPicture: (size) => this.#onPicture(transport, size),
      onFailed: (error) => this.#onFailed(transport, error),
    };
    const transport = rung.create(listener);
    const onTimeout = () => this.#onFailed(transport, new Error("No picture came in time"));
    const timeout = this.#current === null ? FIRST_PICTURE_MS : BETTER_PICTURE_MS;
    this.#candidate = { transport, index, deadline: setTimeout(onTimeout, timeout) };
    transport.start();
  }

  #onPicture(transport: Transport, size: Size): void {
    if (transport === this.#candidate?.transport) this.#promote(this.#candidate);
    if (transport === this.#current?.transport) this.#options.onSize(size);
  }

  #promote({ transport, index, deadline }: Candidate): void {
    clearTimeout(deadline);
    this.#candidate = null;
    const previous = this.#current?.transport;
    this.#current = { transport, index, meter: new Meter(performance.now()) };
    this.#options.surface.show(transport.view);
    previous?.stop();
    this.#hadPicture = true;
    this.#restartBackoff.reset();
    if (index === 0) this.#upgradeBackoff.reset();
    else this.#scheduleUpgrade();
    this.#report("live", null);
  }

  #onFailed(transport: Transport, error: Error): void {
    if (transport === this.#current?.transport) return this.#downgrade(error);
    if (transport !== this.#candidate?.transport) return;
    const { index } = this.#candidate;
    this.#dropCandidate();
    if (this.#current !== null) return index + 1 < this.#current.index ? this.#try(index + 1) : this.#scheduleUpgrade();
    if (error instanceof NoPictureYet) return this.#waitForPicture(error);
    this.#report(this.#hadPicture ? "reconnecting" : "connecting", error.message);
    this.#try(index + 1);
  }

  /** Goes on with the rung below: the current one failed. */
  #downgrade(error: Error): void {
    const index = this.#current?.index ?? 0;
    this.#dropCurrent();
    this.#report("reconnecting", error.message);
    clearTimeout(this.#timer);
    this.#dropCandidate();
    this.#try(index + 1);
  }

  #exhausted(): void {
    this.#retryLater(new Error("No way to get the picture works at the moment"));
  }

  #retryLater(error: Error): void {
    this.#report(this.#hadPicture ? "reconnecting" : "connecting", error.message);
    this.#timer = setTimeout(() => void this.#connect(), this.#restartBackoff.next());
  }

  #waitForPicture(error: NoPictureYet): void {
    this.#report(this.#hadPicture ? "reconnecting" : "waiting", error.message);
    this.#timer = setTimeout(() => void this.#connect(), Math.max(0.2, Math.min(error.retryAfter, 5)) * 1000);
  }

  #scheduleUpgrade(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tryUpgrade(), this.#upgradeBackoff.next());
  }

  async #tryUpgrade(): Promise<void> {
    clearTimeout(this.#timer);
    if ((await this.#refresh()) && this.#current !== null && this.#current.index > 0) this.#try(0);
  }

  async #sample(): Promise<void> {
    const current = this.#current;
    if (current === null) return;
    const sample = await current.transport.sample();
    if (current !== this.#current) return;
    const now = performance.now();
    this.#options.onStats(current.meter.add(sample, now));
    if (current.meter.silence(now) >= SILENCE_MS) this.#downgrade(new Error("No picture came for 3 seconds"));
  }

  #dropCandidate(): void {
    clearTimeout(this.#candidate?.deadline);
    this.#candidate?.transport.stop();
    this.#candidate = null;
  }

  #dropCurrent(): void {
    if (this.#current === null) return;
    this.#options.surface.freeze();
    this.#current.transport.stop();
    this.#current = null;
    this.#options.onStats(null);
  }

  #report(phase: MediaState["phase"], reason: string | null): void {
    const transport: TransportKind | null = this.#current?.transport.kind ?? null;
    this.#options.onState({ phase, transport, reason });
  }
}
