import { act, createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { INITIAL_UI, PlayerContext, type PlayerContextValue } from "../src/player/context";
import { dialogLine } from "../src/player/format";
import { PagePanel } from "../src/player/PagePanel";
import { asCurl, type PageFilter, pageLines } from "../src/player/pageLog";
import type { ConsoleEntry, RequestEntry } from "../src/protocol/types";
import { Store } from "../src/store/store";

const at = "2026-03-02T09:30:00.000Z";
const said = (number: number, fields: Partial<ConsoleEntry>): ConsoleEntry => ({
  ...{ number, at, step: 1, level: "info", kind: "console", text: `line ${number}`, url: null, line: null },
  ...fields,
});
const asked = (number: number, fields: Partial<RequestEntry>): RequestEntry => ({
  ...{ number, at, step: 1, method: "GET", url: "http://shop.test/", origin: null, resourceType: "fetch" },
  ...{ status: 200, statusText: "OK", error: null, failed: false, durationMs: 12 },
  ...{ requestHeaders: [], responseHeaders: [], requestBody: null, responseBody: null },
  ...fields,
});
const console_ = [said(1, {}), said(4, { level: "error", kind: "exception", text: "TypeError: x", step: 2 })];
const requests = [
  asked(2, {}),
  asked(3, { method: "POST", url: "http://shop.test/orders", status: 500, failed: true }),
];
const ALL: PageFilter = { text: "", kind: "all", step: null };

describe("what the page said", () => {
  it("has what failed first, each part in its order", () => {
    expect(pageLines(console_, requests, ALL).map(({ number }) => number)).toEqual([3, 4, 1, 2]);
  });

  it.each<[Partial<PageFilter>, number[]]>([
    [{ kind: "failed" }, [3, 4]],
    [{ kind: "console" }, [4, 1]],
    [{ kind: "network" }, [3, 2]],
    [{ step: 2 }, [4]],
    [{ text: " ORDERS" }, [3]],
    [{ text: "nowhere" }, []],
  ])("is filtered by %o", (filter, numbers) => {
    expect(pageLines(console_, requests, { ...ALL, ...filter }).map(({ number }) => number)).toEqual(numbers);
  });

  it("is copied as a command that a shell takes as it is, without what is hidden", () => {
    const headers = [
      { name: "accept", value: "it's; $(rm)" },
      { name: "authorization", value: "•••" },
      { name: "content-length", value: "2" },
    ];
    const request = asked(1, { method: "POST", url: "http://shop.test/?q='`", requestHeaders: headers });
    expect(asCurl(request)).toBe(
      "curl 'http://shop.test/?q='\\''`' \\\n  -X 'POST' \\\n  -H 'accept: it'\\''s; $(rm)'",
    );
    expect(asCurl(asked(2, {}))).toBe("curl 'http://shop.test/'");
  });

  it("has dialogs as lines", () => {
    expect(dialogLine({ kind: "confirm", message: 'Delete "it"?', accepted: true, text: null })).toBe(
      'confirm "Delete \\"it\\"?": accepted',
    );
    expect(dialogLine({ kind: "prompt", message: "Name", accepted: true, text: "Ada" })).toBe(
      'prompt "Name": accepted with "Ada"',
    );
    expect(dialogLine({ kind: "beforeunload", message: "", accepted: false, text: null })).toBe(
      "question before leaving: dismissed",
    );
  });
});

describe("the panel of what the page said", () => {
  let root: Root;
  const store = new Store("r");
  const api = { console: vi.fn(), network: vi.fn(), downloads: vi.fn() };
  const downloads = () =>
    [...document.querySelectorAll("[aria-label=Downloads] .jp-page-row")].map((row) => row.textContent);
  const rows = () =>
    [...document.querySelectorAll(".jp-steps:not([aria-label]) .jp-page-row")].map((row) => row.textContent);
  const draw = () =>
    act(async () => {
      const value = { session: { store, api, runId: "r" }, ui: INITIAL_UI } as unknown as PlayerContextValue;
      root.render(createElement(PlayerContext.Provider, { value }, createElement(PagePanel)));
    });

  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    root = createRoot(document.body.appendChild(document.createElement("div")));
    api.console.mockReset().mockResolvedValue({ entries: console_, leftOut: 3, mutedMs: 0 });
    const refused = { number: 2, step: 2, name: "all.zip", size: null, error: "it was cut" };
    api.downloads
      .mockReset()
      .mockResolvedValue([{ number: 1, step: 1, name: "a.pdf", size: 1500, error: null }, refused]);
    api.network.mockReset().mockResolvedValue({ entries: requests, leftOut: 0, mutedMs: 2000 });
  });
  afterEach(() => {
    act(() => root.unmount());
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  it("lists it, says what was left out, and reads on where the page fails at more", async () => {
    await draw();
    expect(api.console).toHaveBeenLastCalledWith("r", 0);
    expect(rows()).toHaveLength(4);
    expect(rows()[0]).toContain("POST http://shop.test/orders");
    expect(rows()[0]).toContain("cURL");
    expect(document.body.textContent).toContain("3 older entries were dropped.");
    api.console.mockResolvedValue({ entries: [said(5, { text: "more" })], leftOut: 3, mutedMs: 0 });
    api.network.mockResolvedValue({ entries: [], leftOut: 0, mutedMs: 0 });
    await act(async () => {
      store.receive({
        ...{ type: "console", runId: "r", seq: 1, at, number: 5, step: 1 },
        ...{ level: "error", kind: "console", text: "more", unsent: 0 },
      } as Parameters<Store["receive"]>[0]);
    });
    expect(api.console).toHaveBeenLastCalledWith("r", 4);
    expect(api.network).toHaveBeenLastCalledWith("r", 3);
    expect(rows()).toHaveLength(5);
  });

  it("lists what the page has downloaded", async () => {
    await draw();
    expect(downloads()).toEqual(["Downloaded a.pdfStep 11.5 kB", "Downloaded all.zipit was cutStep 2"]);
  });

  it("says why it cannot be read", async () => {
    api.console.mockRejectedValue(new Error("gone"));
    await draw();
    expect(document.body.textContent).not.toContain("Reading");
    expect(rows()).toHaveLength(0);
  });
});
