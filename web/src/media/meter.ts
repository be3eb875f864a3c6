import type { MediaStats } from "../store/state";
import type { Sample } from "./transport";

const WINDOW_MS = 2_000;

/** Turns samples that only grow into rates, and knows how long no frame came. */
export class Meter {
  readonly #samples: { at: number; frames: number; bytes: number }[] = [];
  #lastFrameAt: number;
  #frames = 0;

  /** `now` in milliseconds, of a clock that does not jump. */
  constructor(now: number) {
    this.#lastFrameAt = now;
  }

  add(sample: Sample, now: number): MediaStats {
    if (sample.frames > this.#frames || sample.quiet) this.#lastFrameAt = now;
    this.#frames = sample.frames;
    this.#samples.push({ at: now, frames: sample.frames, bytes: sample.bytes });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.at ?? now) > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0] ?? { at: now, frames: 0, bytes: 0 };
    const seconds = Math.max(0.001, (now - first.at) / 1000);
    const { frames, bytes, quiet, ...rest } = sample;
    const rates = { fps: (frames - first.frames) / seconds, kbps: ((bytes - first.bytes) * 8) / 1000 / seconds };
    return { ...rest, ...rates };
  }

  /** Returns the milliseconds since the last new frame. */
  silence(now: number): number {
    return now - this.#lastFrameAt;
  }
}
