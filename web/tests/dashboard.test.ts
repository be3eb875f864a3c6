import { act, createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ApiClient, RunQuery } from "../src/api/client";
import { Dashboard } from "../src/app/Dashboard";
import { switched } from "../src/app/selection";
import type { Theme } from "../src/app/theme";
import type { Run, RunStatus } from "../src/protocol/types";

describe("what is selected", () => {
  const list = [["a"], ["b", "c"], ["d"], ["e"]];
  const chosen = (...ids: string[]) => new Set(ids);

  it("is switched one by one, and all runs of a session at once", () => {
    expect(switched(chosen("a"), list, { at: 1, from: null, on: true })).toEqual(chosen("a", "b", "c"));
    expect(switched(chosen("a", "d"), list, { at: 0, from: null, on: false })).toEqual(chosen("d"));
  });

  it("is all between two, in either direction", () => {
    expect(switched(chosen("a"), list, { at: 2, from: 0, on: true })).toEqual(chosen("a", "b", "c", "d"));
    expect(switched(chosen("a", "b", "c", "d", "e"), list, { at: 1, from: 3, on: false })).toEqual(chosen("a"));
  });
});

const run = (id: string, status: RunStatus = "passed", fields: Partial<Run> = {}) =>
  ({
    ...{ id, name: `Run ${id}`, status, url: "https://shop.example/", planner: "plain", mode: "auto", steps: [] },
    ...{ currentStep: 3, totalSteps: 5, failedSteps: 0, viewers: 0, session: null, test: null, attention: null },
    ...{ createdAt: "2026-01-01T10:00:00.000Z", startedAt: "2026-01-01T10:00:00.000Z", error: null, proposal: null },
    ...{ endedAt: status === "passed" ? "2026-01-01T10:00:04.200Z" : null, lastScreenshotUrl: null },
    ...fields,
  }) as unknown as Run;

describe("the dashboard", () => {
  let root: Root;
  let runs: Run[];
  const api = {
    token: "t",
    listRuns: vi.fn(async ({ attention }: RunQuery) => ({
      runs: attention ? runs.filter((each) => each.attention !== null) : runs,
      nextCursor: null,
    })),
    removeRun: vi.fn(),
    cancelRun: vi.fn(),
    stream: () => Promise.reject(new Error("no picture")),
  };
  const theme = { value: "auto", turn: () => undefined } as unknown as Theme;
  const draw = () =>
    act(async () =>
      root.render(createElement(Dashboard, { api: api as unknown as ApiClient, theme, onSignIn: () => undefined })),
    );
  const named = (name: string) => document.querySelector<HTMLElement>(`[aria-label="${name}"]`);
  const button = (name: string) =>
    named(name) ??
    [...document.querySelectorAll(".js-bar button, button:not([aria-label])")].find(
      (each) => each.textContent === name,
    );
  const click = (name: string, given: MouseEventInit = {}) =>
    act(async () => void button(name)?.dispatchEvent(new MouseEvent("click", { bubbles: true, ...given })));
  const text = (selector: string) => [...document.querySelectorAll(selector)].map((each) => each.textContent);

  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    localStorage.clear();
    history.replaceState(null, "", "/");
    runs = [run("a"), run("b", "failed", { error: "It broke" }), run("c", "running"), run("d")];
    for (const each of [api.listRuns, api.removeRun, api.cancelRun]) each.mockClear();
    api.removeRun.mockResolvedValue(undefined);
    root = createRoot(document.body.appendChild(document.createElement("div")));
  });
  afterEach(() => {
    act(() => root.unmount());
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  it("shows first those that need somebody, each once", async () => {
    const attention = { reason: "It is stuck", since: "2026-01-01T10:00:00.000Z", deadline: null };
    runs.push(run("z", "diagnosing", { attention }));
    await draw();
    expect(text(".js-run-name")).toEqual(["Run z", "Run a", "Run b", "Run c", "Run d"]);
    expect(text("[data-group=help] .js-run-name")).toEqual(["Run z"]);
    expect(document.title).toBe("(1) Runs · jumpseat");
  });

  it("is a list for whoever has chosen one, the next time, too", async () => {
    await draw();
    await click("List");
    const [first] = text("tbody tr");
    expect(first).toContain("Run a");
    expect(first).toContain("Passed");
    expect(first).toContain("Plain sentences");
    expect(first).toContain("4.2 s");
    expect(first).toContain("3 of 5");
    act(() => root.unmount());
    root = createRoot(document.body.appendChild(document.createElement("div")));
    await draw();
    expect(text("tbody tr").length).toBe(4);
  });

  it("asks for what the address says, and for nothing that it cannot mean", async () => {
    history.replaceState(null, "", "/?status=failed&planner=me&q=mug");
    await draw();
    expect(api.listRuns.mock.calls).toEqual([[{ status: "failed", q: "mug", limit: 50 }]]);
  });

  it("deletes several after one question, and says of each why it could not be", async () => {
    api.removeRun.mockImplementation(async (id: string) => {
      if (id === "c") throw new Error("The run is active: cancel it first");
      runs = runs.filter((each) => each.id !== id);
    });
    await draw();
    await click("Select Run a");
    await click("Select Run c", { shiftKey: true });
    expect(text(".js-bar b")).toEqual(["3 runs selected"]);
    await click("Delete");
    expect(api.removeRun).not.toHaveBeenCalled();
    await click("Delete 3?");
    expect(api.removeRun.mock.calls).toEqual([["a"], ["b"], ["c"]]);
    expect(text("[role=alert] li")).toEqual(["Run c The run is active: cancel it first"]);
    expect(text(".js-run-name")).toEqual(["Run c", "Run d"]);
    expect(text(".js-bar b")).toEqual(["1 run selected"]);
    await click("Cancel");
    await click("Cancel 1?");
    expect(api.cancelRun.mock.calls).toEqual([["c"]]);
    await act(
      async () => void document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })),
    );
    expect(text(".js-bar b")).toEqual([]);
  });

  it("deletes one, and says there why it could not", async () => {
    api.removeRun.mockRejectedValueOnce(new Error("Busy"));
    await draw();
    await click("Delete: Run a");
    await click("Delete it?: Run a");
    expect(text(".js-run [role=alert]")).toEqual(["Busy"]);
    await click("Delete: Run a");
    await click("Delete it?: Run a");
    expect(text(".js-run [role=alert]")).toEqual([]);
    expect(document.activeElement?.getAttribute("href")).toBe("/runs/b");
  });

  it("says what to do where there is nothing", async () => {
    runs = [];
    history.replaceState(null, "", "/?status=failed");
    await draw();
    expect(text(".js-nothing h2")).toEqual(["No such run"]);
    await click("Show all runs");
    expect(location.search).toBe("");
    expect(text(".js-nothing h2")).toEqual(["No run yet"]);
  });
});
