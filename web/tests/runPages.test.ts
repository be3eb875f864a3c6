import { describe, expect, it } from "vitest";
import { MOST_PAGES, type Page, RunPages } from "../src/app/runPages";
import type { Run, RunList } from "../src/protocol/types";

const LENGTH = 3;

/** A server with runs, newest first, whose lists are the same objects while nothing in them has changed. */
class Server {
  ids: number[];
  asked: (string | null)[] = [];
  readonly #sent = new Map<string, RunList>();

  constructor(count: number) {
    this.ids = Array.from({ length: count }, (_, at) => count - at);
  }

  /** A cursor is the id of the run that the page begins after. */
  read = async (cursor: string | null): Promise<RunList> => {
    this.asked.push(cursor);
    const later = this.ids.filter((id) => cursor === null || id < Number(cursor));
    const ids = later.slice(0, LENGTH);
    const nextCursor = later.length > LENGTH ? String(ids.at(-1)) : null;
    const text = `${cursor}: ${ids} ${nextCursor}`;
    const list = this.#sent.get(text) ?? { runs: ids.map((id) => ({ id: String(id) }) as Run), nextCursor };
    this.#sent.set(text, list);
    return list;
  };
}

const shown = (pages: readonly Page[]) => pages.flatMap(({ list }) => list.runs.map((run) => Number(run.id)));

async function opened(count: number, pageCount: number): Promise<{ server: Server; pages: RunPages }> {
  const server = new Server(count);
  const pages = new RunPages(server.read);
  await pages.refresh();
  for (let page = 1; page < pageCount; page += 1) await pages.older();
  server.asked = [];
  return { server, pages };
}

describe("the pages of the list of runs", () => {
  it("are the first one, and older ones that are asked for", async () => {
    const { server, pages } = await opened(8, 1);
    expect(shown(await pages.refresh())).toEqual([8, 7, 6]);
    expect(shown(await pages.older())).toEqual([8, 7, 6, 5, 4, 3]);
    expect(shown(await pages.older())).toEqual(server.ids);
    expect(shown(await pages.older())).toEqual(server.ids);
  });

  it("are the same while nothing changes, and few are asked for each time", async () => {
    const { server, pages } = await opened(12, 3);
    const before = await pages.refresh();
    for (let time = 0; time < 3; time += 1) expect(await pages.refresh()).toBe(before);
    expect(server.asked.length).toBe(8);
    expect(new Set(server.asked)).toEqual(new Set([null, "10", "7"]));
  });

  it("show every run once when new ones come, and when some are gone", async () => {
    const { server, pages } = await opened(12, 3);
    server.ids = [14, 13, ...server.ids];
    expect(shown(await pages.refresh())).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6]);
    server.ids = server.ids.filter((id) => id !== 13);
    expect(shown(await pages.refresh())).toEqual([14, 12, 11, 10, 9, 8, 7, 6, 5]);
    server.ids = server.ids.filter((id) => id !== 9 && id !== 6);
    expect(shown(await pages.refresh({ all: true }))).toEqual([14, 12, 11, 10, 8, 7, 5, 4, 3]);
    server.ids = [14];
    expect(shown(await pages.refresh())).toEqual([14]);
    server.ids = [];
    expect(shown(await pages.refresh())).toEqual([]);
  });

  it("are no more than so many: the newest go, and come back", async () => {
    const { server, pages } = await opened(LENGTH * (MOST_PAGES + 2), MOST_PAGES);
    const moved = await pages.older();
    expect(moved.length).toBe(MOST_PAGES);
    expect(shown(moved)).toEqual(server.ids.slice(LENGTH, LENGTH * (MOST_PAGES + 1)));
    server.ids = [99, ...server.ids];
    expect(shown(await pages.refresh())).toEqual(shown(moved));
    expect(shown(await pages.newest())).toEqual([99, 18, 17]);
  });

  it("fit together when several things are asked at once, also after one has failed", async () => {
    const { server, pages } = await opened(12, 1);
    const read = server.read;
    server.read = () => Promise.reject(new Error("away"));
    const failing = new RunPages((cursor) => server.read(cursor));
    await expect(failing.refresh()).rejects.toThrow("away");
    server.read = read;
    expect(shown(await failing.refresh())).toEqual([12, 11, 10]);
    const [, second, third] = await Promise.all([pages.refresh(), pages.older(), pages.older()]);
    expect(shown(second)).toEqual([12, 11, 10, 9, 8, 7]);
    expect(shown(third)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4]);
  });
});
