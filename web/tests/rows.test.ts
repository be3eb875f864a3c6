import { act, createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { INITIAL_UI, PlayerContext, type PlayerContextValue, type Ui } from "../src/player/context";
import { expectationOf } from "../src/player/expectation";
import { PickPreview, PREVIEW_MS } from "../src/player/preview";
import { BLOCK_ROWS } from "../src/player/RowBlocks";
import { StepList } from "../src/player/StepList";
import { thinned } from "../src/player/thinned";
import type { Picked, Run, Step } from "../src/protocol/types";
import { Store } from "../src/store/store";
import { eventFixtures, serverMessage } from "./fixtures";

const hello = eventFixtures()
  .flatMap(({ messages }) => messages)
  .find((message) => message.type === "hello");
if (hello?.type !== "hello") throw new Error("the fixtures have changed");

const stepNumber = (number: number, change: Partial<Step> = {}): Step => ({
  stepNumber: number,
  action: "click",
  target: "#a",
  value: null,
  description: `Click ${number}`,
  source: "plan",
  status: "passed",
  error: null,
  timestamp: "2026-03-02T09:30:01.000Z",
  durationMs: 12,
  screenshotUrl: null,
  instructionsVersion: 1,
  location: null,
  note: null,
  pageSaid: [],
  planIndex: number - 1,
  ...change,
});

/** Sees nothing until it is told. */
class Observer {
  static all: Observer[] = [];
  readonly seen = new Set<Element>();
  constructor(readonly notify: (entries: { target: Element; isIntersecting: boolean }[]) => void) {
    Observer.all.push(this);
  }
  observe(element: Element): void {
    this.seen.add(element);
  }
  disconnect(): void {
    this.seen.clear();
  }
}

describe("the list of steps", () => {
  let root: Root;
  const send = vi.fn();
  const runAgainFrom = vi.fn();
  let store: Store;

  const show = (run: Partial<Run>, ui: Partial<Ui> = {}, role = "owner") => {
    store = new Store("r");
    store.receive({ ...hello, role: role as "owner", run: { ...hello.run, ...run } as Run });
    const value = {
      session: { store, api: {}, recording: { live: () => undefined }, replay: async () => undefined },
      actions: { send },
      ui: { ...INITIAL_UI, ...ui },
      setUi: () => undefined,
      readOnly: false,
      runAgainFrom,
    } as unknown as PlayerContextValue;
    act(() => root.render(createElement(PlayerContext.Provider, { value }, createElement(StepList))));
  };
  const rows = () => [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const press = (key: string) =>
    act(() => void document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })));
  const focusedRow = () => document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset.row;
  const plan = {
    next: 1,
    end: 3,
    breakpoints: [2],
    runTo: null,
    pausedAt: 1,
    entries: [
      { index: 1, words: "Click 'Checkout'", line: 2 },
      { index: 2, words: "Click 'Pay'", line: 3 },
    ],
  };

  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    vi.stubGlobal("IntersectionObserver", Observer);
    Observer.all = [];
    send.mockReset();
    root = createRoot(document.body.appendChild(document.createElement("div")));
  });
  afterEach(() => {
    act(() => root.unmount());
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  it("draws of 2000 steps those that can be seen, and as much room as all need", () => {
    show({ steps: Array.from({ length: 2000 }, (_, at) => stepNumber(at + 1)), plan: null });
    const blocks = document.querySelectorAll<HTMLElement>("ol[data-block]");
    expect(blocks).toHaveLength(2000 / BLOCK_ROWS);
    expect(rows().map(({ dataset }) => Number(dataset.row))).toEqual(
      Array.from({ length: BLOCK_ROWS }, (_, at) => 2000 - BLOCK_ROWS + at),
    );
    expect(document.querySelectorAll("*").length).toBeLessThan(1000);
    const observer = Observer.all.find(({ seen }) => seen.has(blocks[0] as Element));
    act(() => observer?.notify([{ target: blocks[40] as Element, isIntersecting: true }]));
    expect(rows()).toHaveLength(4 * BLOCK_ROWS);
    expect(blocks[0]?.style.height).not.toBe("");
    expect(blocks[40]?.style.height).toBe("");
    act(() => observer?.notify([{ target: blocks[40] as Element, isIntersecting: false }]));
    expect(rows()).toHaveLength(BLOCK_ROWS);
  });

  it("is walked through by keys, into what is not drawn yet", () => {
    show({ steps: Array.from({ length: 200 }, (_, at) => stepNumber(at + 1)), plan: null });
    act(() => rows().at(-1)?.querySelector<HTMLElement>("[data-stop]")?.focus());
    expect(focusedRow()).toBe("199");
    press("Home");
    expect(focusedRow()).toBe("0");
    press("ArrowDown");
    expect(focusedRow()).toBe("1");
    press("ArrowUp");
    press("ArrowUp");
    expect(focusedRow()).toBe("0");
    press("PageDown");
    expect(focusedRow()).toBe("10");
    press("End");
    expect(focusedRow()).toBe("199");
    expect(document.querySelectorAll('[data-stop][tabindex="0"]')).toHaveLength(1);
  });

  it("shows what is to come, by number, with its breakpoints and where the run is paused", () => {
    show({ steps: [stepNumber(1)], plan });
    const planned = [...document.querySelectorAll(".jp-planned")].map(({ textContent }) => textContent);
    expect(planned).toEqual(["Click 'Checkout'#2line 2Paused here", "Click 'Pay'#3line 3"]);
    const marks = [...document.querySelectorAll(".jp-gutter")].map((each) => each.getAttribute("aria-pressed"));
    expect(marks).toEqual(["false", "true"]);
  });

  it("sets and removes breakpoints, and runs to an entry, by click and by key", () => {
    show({ steps: [stepNumber(1)], plan });
    const gutters = [...document.querySelectorAll<HTMLElement>(".jp-gutter")];
    act(() => gutters[0]?.click());
    expect(send).toHaveBeenLastCalledWith({ type: "set_breakpoint", index: 1, on: true });
    act(() => document.querySelectorAll<HTMLElement>(".jp-planned .jp-button")[1]?.click());
    expect(send).toHaveBeenLastCalledWith({ type: "run_to", index: 2 });
    act(() => gutters[1]?.focus());
    press("b");
    expect(send).toHaveBeenLastCalledWith({ type: "set_breakpoint", index: 2, on: false });
    press("ArrowUp");
    press("g");
    expect(send).toHaveBeenLastCalledWith({ type: "run_to", index: 1 });
    press("ArrowUp");
    press("b");
    expect(send).toHaveBeenCalledTimes(4);
  });

  it("lets a viewer look and nothing else", () => {
    show({ steps: [stepNumber(1)], plan }, {}, "viewer");
    expect(document.querySelectorAll(".jp-planned")).toHaveLength(2);
    expect(document.querySelectorAll(".jp-planned button")).toHaveLength(0);
  });

  it("takes the place of an entry once it has begun", () => {
    show({ steps: [stepNumber(1)], plan, status: "running" });
    const fields = { next: 2, end: 3, breakpoints: [2], runTo: null, pausedAt: null, entries: null };
    act(() => store.receive(serverMessage({ type: "plan_changed", seq: store.state.seq + 1, ...fields })));
    expect(document.querySelectorAll(".jp-planned")).toHaveLength(1);
  });

  it("offers its owner to run again from a step of the first instructions", () => {
    const again = () =>
      [...document.querySelectorAll("button")].find(({ textContent }) => textContent === "Run again from here");
    show({ steps: [stepNumber(1), stepNumber(2)], plan: null }, { replayStep: 2 });
    act(() => again()?.click());
    expect(runAgainFrom).toHaveBeenCalledWith(1);
    show({ steps: [stepNumber(1, { instructionsVersion: 2 })], plan: null }, { replayStep: 1 });
    expect(again()).toBeUndefined();
    show({ steps: [stepNumber(1)], plan: null }, { replayStep: 1 }, "controller");
    expect(again()).toBeUndefined();
  });
});

describe("marks of many steps", () => {
  it("stand for several at once, the worst of them first", () => {
    const steps = Array.from({ length: 10 }, (_, at) => stepNumber(at + 1));
    expect(thinned(steps, 20).map(({ from, to }) => to - from)).toEqual(Array(10).fill(1));
    steps[4] = stepNumber(5, { status: "failed" });
    const groups = thinned(steps, 3);
    expect(groups.map(({ step, from, to }) => [step.stepNumber, from, to])).toEqual([
      [1, 0, 4],
      [5, 4, 8],
      [9, 8, 10],
    ]);
  });
});

describe("what is made of a picked element", () => {
  const picked = { selector: "#a", holds: "text", content: "12 €" } as Picked;

  it("is an expectation of what it shows", () => {
    expect(expectationOf(picked, "visible")).toEqual({ type: "expect_visible", selector: "#a" });
    expect(expectationOf(picked, "text")).toEqual({ type: "expect_text", selector: "#a", value: "12 €" });
    const field: Picked = { ...picked, holds: "value", content: "Ada" };
    expect(expectationOf(field, "value")).toEqual({ type: "expect_text", selector: "#a", value: "Ada" });
  });

  it("or what a person should know", () => {
    expect(() => expectationOf(picked, "value")).toThrow("no field");
    expect(() => expectationOf({ ...picked, content: null }, "text")).toThrow("shows no text");
    expect(() => expectationOf({ ...picked, holds: "value", content: null }, "value")).toThrow("empty");
  });
});

describe("the preview of a pick", () => {
  const at = (x: number) => ({ x, y: 0, width: 10, height: 10 });

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks one question at a time, and of all places between only for the newest", async () => {
    const ask = vi.fn(async ({ x }: { x: number }) => ({ selector: `#${x}` }) as Picked);
    const onPicked = vi.fn();
    const preview = new PickPreview({ ask, onPicked });
    for (const x of [1, 2, 3]) preview.point(at(x));
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(PREVIEW_MS);
    expect(ask.mock.calls.map(([{ x }]) => x)).toEqual([1, 3]);
    await vi.advanceTimersByTimeAsync(10 * PREVIEW_MS);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(onPicked).toHaveBeenLastCalledWith({ selector: "#3" });
  });

  it("shows nothing where nobody could say, or after the pointer has left", async () => {
    const ask = vi.fn().mockRejectedValueOnce(new Error("busy"));
    const onPicked = vi.fn();
    const preview = new PickPreview({ ask, onPicked });
    preview.point(at(1));
    await vi.advanceTimersByTimeAsync(PREVIEW_MS);
    expect(onPicked).toHaveBeenLastCalledWith(null);
    preview.leave();
    expect(onPicked).toHaveBeenLastCalledWith(null);
    preview.close();
  });
});
