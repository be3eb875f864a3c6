import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiClient } from "../src/api/client";

interface Asked {
  query: string;
  etag: string | null;
}

function answering(...answers: Response[]): { api: ApiClient; asked: Asked[] } {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (url: string, { headers }: RequestInit) => {
    asked.push({ query: new URL(url).search, etag: new Headers(headers).get("If-None-Match") });
    return answers.shift();
  });
  return { api: new ApiClient({ baseUrl: "https://jumpseat.example", token: "t" }), asked };
}

function list(...ids: string[]): Response {
  const runs = ids.map((id) => ({ id }));
  return Response.json({ runs, nextCursor: null }, { headers: { ETag: `"${ids.join()}"` } });
}

const unchanged = () => new Response(null, { status: 304 });

describe("The list of runs", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is the same object while the server says that nothing has changed", async () => {
    const { api, asked } = answering(list("a"), unchanged(), list("a", "b"));
    const first = await api.listRuns();
    expect(await api.listRuns()).toBe(first);
    expect((await api.listRuns()).runs.map((run) => run.id)).toEqual(["a", "b"]);
    expect(asked.map(({ etag }) => etag)).toEqual([null, '"a"', '"a"']);
  });

  it("is known page by page, and not without end", async () => {
    const { api, asked } = answering(list("a"), list("b"), unchanged(), unchanged());
    const [first, second] = [await api.listRuns(), await api.listRuns({ cursor: "c" })];
    expect(await api.listRuns()).toBe(first);
    expect(await api.listRuns({ cursor: "c" })).toBe(second);
    expect(asked.map(({ etag }) => etag)).toEqual([null, null, '"a"', '"b"']);
    const others = Array.from({ length: 16 }, (_, at) => at);
    const later = answering(list("a"), ...others.map(() => list("x")), list("a"));
    await later.api.listRuns();
    for (const at of others) await later.api.listRuns({ cursor: `${at}` });
    await later.api.listRuns();
    expect(later.asked.at(-1)).toEqual({ query: "?limit=24", etag: null });
  });

  it("is asked for anew when something else is asked", async () => {
    const { api, asked } = answering(list("a"), list("b"), list("c"));
    await api.listRuns();
    await api.listRuns({ q: "50 % & more" });
    await api.listRuns({ attention: true, q: "50 % & more", planner: "model", status: "failed" });
    expect(asked).toEqual([
      { query: "?limit=24", etag: null },
      { query: "?limit=24&q=50+%25+%26+more", etag: null },
      { query: "?limit=24&status=failed&planner=model&q=50+%25+%26+more&attention=1", etag: null },
    ]);
  });
});

describe("The steps of a run", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("are read page by page", async () => {
    const page = (stepNumber: number, nextCursor: string | null) =>
      Response.json({ steps: [{ stepNumber }], nextCursor });
    const { api, asked } = answering(page(1, "1"), page(2, null));
    expect((await api.steps("r")).map((step) => step.stepNumber)).toEqual([1, 2]);
    expect(asked.map(({ query }) => query)).toEqual(["", "?cursor=1"]);
  });
});

describe("A file of a run", () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    [`attachment; filename="buy-a-mug.spec.ts"`, "buy-a-mug.spec.ts"],
    [`attachment; filename="groe.spec.ts"; filename*=UTF-8''gr%C3%B6%C3%9Fe.spec.ts`, "größe.spec.ts"],
    [null, "run.typescript"],
  ])("has the name that the server gives it: %s", async (disposition, name) => {
    const headers = disposition === null ? {} : { "Content-Disposition": disposition };
    const { api } = answering(new Response("test", { headers }));
    const file = await api.exportRun("r", "typescript");
    expect([file.name, await file.text()]).toEqual([name, "test"]);
  });
});
