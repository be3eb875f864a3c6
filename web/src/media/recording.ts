import type { RecordingTimeline } from "../protocol/types";

/** Milliseconds of a still page that are shown before the rest of it is skipped. */
const STILL_SHOWN_MS = 500;
/** A recording that has grown by less is played to its end: its last segment is being written. */
const WORTH_LOADING_MS = 1000;

export interface RecordingState {
  timeline: RecordingTimeline;
  /** What is on screen, from the recording's beginning; null: the live picture. */
  atMs: number | null;
  rate: number;
  isPaused: boolean;
  skipsStill: boolean;
}

interface RecordingOptions {
  timeline(): Promise<RecordingTimeline>;
  /** Returns the address of what is there up to so many milliseconds, with a ticket that is good now. */
  address(untilMs: number): Promise<string>;
  onChange(state: RecordingState): void;
  onError(error: unknown): void;
  /** For tests. */
  video?: HTMLVideoElement;
}

/** Plays a run's recording, also while it grows: what is there is loaded anew where its end is reached. */
export class RecordingPlayer {
  readonly element: HTMLVideoElement;
  readonly #options: RecordingOptions;
  #timeline: RecordingTimeline | null = null;
  /** How long what is loaded is; 0 while nothing is. */
  #loadedMs = 0;
  /** Counts what was asked for: an answer to what came before is too late. */
  #asked = 0;
  #hasFailed = false;
  #atMs: number | null = null;
  #rate = 1;
  #isPaused = false;
  #skipsStill = false;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.element = options.video ?? document.createElement("video");
    this.element.muted = true;
    this.element.playsInline = true;
    this.element.addEventListener("timeupdate", () => this.#onTime());
    this.element.addEventListener("ended", () => void this.#onEnd());
    this.element.addEventListener("error", () => void this.#onFailure());
  }

  /** Asks how long the recording is by now. */
  async refresh(): Promise<void> {
    try {
      this.#timeline = await this.#options.timeline();
      this.#report();
    } catch {
      // There is none: the live picture goes on without it.
    }
  }

  /** Plays from there on; from the end of what is recorded where that is before it. */
  async seek(toMs: number): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.#atMs = toMs;
    this.#report();
    if (this.#loadedMs === 0 || toMs > this.#loadedMs) await this.refresh();
    if (asked !== this.#asked || this.#timeline === null) return;
    if (this.#loadedMs === 0 || toMs > this.#loadedMs) await this.#load(this.#timeline.durationMs, asked);
    if (asked !== this.#asked) return;
    this.element.currentTime = Math.min(toMs, this.#loadedMs) / 1000;
    this.#play();
  }

  /** Goes back to the live picture. Safe to repeat. */
  live(): void {
    this.#asked += 1;
    if (this.#atMs === null) return;
    this.#atMs = null;
    this.#isPaused = false;
    this.#loadedMs = 0;
    this.element.removeAttribute("src");
    this.element.load();
    this.#report();
  }

  setRate(rate: number): void {
    this.#rate = rate;
    this.element.playbackRate = rate;
    this.#report();
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.element.pause();
    else this.#play();
    this.#report();
  }

  setSkipsStill(skips: boolean): void {
    this.#skipsStill = skips;
    this.#report();
  }

  async #load(untilMs: number, asked: number): Promise<void> {
    try {
      const address = await this.#options.address(untilMs);
      if (asked !== this.#asked) return;
      this.element.src = address;
      this.#loadedMs = untilMs;
    } catch (error) {
      this.#options.onError(error);
      this.live();
    }
  }

  #play(): void {
    this.element.playbackRate = this.#rate;
    // What stops it from playing is told by `error`.
    if (!this.#isPaused) this.element.play()?.catch(() => null);
  }

  #onTime(): void {
    if (this.#atMs === null || this.element.seeking || this.element.readyState === 0) return;
    this.#hasFailed = false;
    const atMs = this.element.currentTime * 1000;
    const still = this.#skipsStill ? stillAt(this.#timeline, atMs) : null;
    if (still !== null && !this.#isPaused) this.element.currentTime = still / 1000;
    this.#atMs = still ?? atMs;
    this.#report();
  }

  async #onEnd(): Promise<void> {
    const before = this.#loadedMs;
    const asked = this.#asked;
    await this.refresh();
    if (asked !== this.#asked || this.#atMs === null || this.#timeline === null) return;
    if (this.#timeline.durationMs > before + WORTH_LOADING_MS) {
      this.#loadedMs = 0;
      await this.seek(before);
    } else if (this.#timeline.growing) this.live();
    else this.setPaused(true);
  }

  /** A ticket ends while one looks at the recording: tries once more with another. */
  async #onFailure(): Promise<void> {
    if (this.#atMs === null || !this.element.hasAttribute("src")) return;
    if (this.#hasFailed) {
      this.#options.onError(new Error("The recording cannot be played here"));
      this.live();
      return;
    }
    this.#hasFailed = true;
    this.#loadedMs = 0;
    await this.seek(this.#atMs);
  }

  #report(): void {
    if (this.#timeline === null) return;
    this.#options.onChange({
      timeline: this.#timeline,
      atMs: this.#atMs,
      rate: this.#rate,
      isPaused: this.#isPaused,
      skipsStill: this.#skipsStill,
    });
  }
}

/** Returns when something moves again, where nothing does now and that has been shown; else null. */
export function stillAt(timeline: RecordingTimeline | null, atMs: number): number | null {
  const found = timeline?.stills.find(({ fromMs, toMs }) => atMs >= fromMs + STILL_SHOWN_MS && atMs < toMs);
  return found?.toMs ?? null;
}

/** Returns how long the recording is by now, on the server's clock. */
export function lengthMs(timeline: RecordingTimeline, nowMs: number): number {
  if (!timeline.growing || timeline.startedAt === null) return timeline.durationMs;
  return Math.max(timeline.durationMs, nowMs - Date.parse(timeline.startedAt));
}
