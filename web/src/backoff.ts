interface BackoffOptions {
  /** First wait in milliseconds. */
  first: number;
  /** Longest wait in milliseconds. */
  most: number;
  /** 0 to 1, for tests. */
  random?: () => number;
}

/** Computes waits that double, with a quarter of jitter so that viewers of one server do not return in step. */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = { random: Math.random, ...options };
  }

  get attempts(): number {
    return this.#attempts;
  }

  /** Returns the milliseconds to wait before the next attempt. */
  next(): number {
    const { first, most, random } = this.#options;
    const wait = Math.min(most, first * 2 ** this.#attempts);
    this.#attempts += 1;
    return wait * (0.75 + 0.25 * random());
  }

  reset(): void {
    this.#attempts = 0;
  }
}
