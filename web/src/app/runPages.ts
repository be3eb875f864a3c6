import type { RunList } from "../protocol/types";

/** Pages that are shown at once: however many runs there are, no more of them are in the document. */
export const MOST_PAGES = 4;

/** A part of the list of runs, as it was when it was read. */
export interface Page {
  /** Where it begins; null for the newest. */
  cursor: string | null;
  list: RunList;
}

type Read = (cursor: string | null) => Promise<RunList>;

/** A stretch of the list of runs, newest first, which is kept up to date. */
export class RunPages {
  readonly #read: Read;
  #pages: readonly Page[] = [];
  #turn = 0;
  /** One thing is done after the other: what is read by two at once would not fit together. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(read: Read) {
    this.#read = read;
  }

  /**
   * Reads what may have changed: the first page, and of the others one in turn, or all of them. Returns the same array
   * where nothing has.
   */
  refresh({ all = false } = {}): Promise<readonly Page[]> {
    return this.#after(async () => {
      this.#turn += 1;
      const others = this.#pages.length - 1;
      const turn = others > 0 ? 1 + (this.#turn % others) : 0;
      const first = this.#pages[0]?.cursor ?? null;
      return this.#chain(first, (at) => all || at === 0 || at === turn);
    });
  }

  /** Adds a page of older runs; the newest one goes where there would be too many. */
  older(): Promise<readonly Page[]> {
    return this.#after(async () => {
      const cursor = this.#pages.at(-1)?.list.nextCursor;
      if (!cursor) return this.#pages;
      return [...this.#pages, { cursor, list: await this.#read(cursor) }].slice(-MOST_PAGES);
    });
  }

  /** Goes back to the newest runs. */
  newest(): Promise<readonly Page[]> {
    return this.#after(async () => [{ cursor: null, list: await this.#read(null) }]);
  }

  /** Where a page does not begin any more where the one before ends, as runs came or went, it is read in any case. */
  async #chain(first: string | null, isDue: (at: number) => boolean): Promise<readonly Page[]> {
    const found: Page[] = [];
    let cursor: string | null = first;
    for (let at = 0; at < Math.max(1, this.#pages.length); at += 1) {
      const known = this.#pages[at];
      const fits = known?.cursor === cursor;
      const list: RunList = known && fits && !isDue(at) ? known.list : await this.#read(cursor);
      found.push(known && fits && list === known.list ? known : { cursor, list });
      cursor = list.nextCursor;
      if (cursor === null) break;
    }
    const same = found.length === this.#pages.length && found.every((page, at) => page === this.#pages[at]);
    return same ? this.#pages : found;
  }

  async #after(work: () => Promise<readonly Page[]>): Promise<readonly Page[]> {
    const done = this.#last.then(work, work);
    this.#last = done;
    this.#pages = await done;
    return this.#pages;
  }
}
