import type { Picked } from "../protocol/types";

/** A point of the decoded picture, with its size. */
export interface PicturePoint {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface PreviewOptions {
  /** Asks what is there; null where nothing is, or nobody could say. */
  ask(at: PicturePoint): Promise<Picked | null>;
  onPicked(picked: Picked | null): void;
}

/** The shortest time between two questions, and so the longest that one waits. */
export const PREVIEW_MS = 120;

/** Asks what is under the pointer: one question at a time, not oftener than every `PREVIEW_MS`, and only for the newest place. */
export class PickPreview {
  readonly #options: PreviewOptions;
  #next: PicturePoint | null = null;
  #busy = false;
  /** False once the pointer has left: answers that come later are of no use. */
  #isHere = false;

  constructor(options: PreviewOptions) {
    this.#options = options;
  }

  /** The pointer is here now. */
  point(at: PicturePoint): void {
    this.#isHere = true;
    this.#next = at;
    if (!this.#busy) void this.#work();
  }

  /** The pointer is nowhere on the picture. */
  leave(): void {
    this.close();
    this.#options.onPicked(null);
  }

  /** Asks nothing more, and tells of no answer that is under way. */
  close(): void {
    this.#isHere = false;
    this.#next = null;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#next !== null) {
      const at = this.#next;
      this.#next = null;
      const pause = new Promise((done) => setTimeout(done, PREVIEW_MS));
      const picked = await this.#options.ask(at).catch(() => null);
      if (this.#isHere) this.#options.onPicked(picked);
      await pause;
    }
    this.#busy = false;
  }
}
