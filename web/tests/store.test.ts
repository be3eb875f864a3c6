import { describe, expect, it, vi } from "vitest";
import type { ServerMessage } from "../src/protocol/messages";
import type { Run, StepSummary } from "../src/protocol/types";
import { applyRun, reduce } from "../src/store/reducer";
import { canSteer, holdsControl, initialState } from "../src/store/state";
import { Store } from "../src/store/store";
import { eventFixtures, serverMessage } from "./fixtures";

const fixtures = eventFixtures();

describe("reduce", () => {
  it("has sequences to follow", () => expect(fixtures.length).toBeGreaterThan(5));

  it.each(fixtures)("follows: $name", ({ messages, expected }) => {
    const state = messages.reduce(reduce, initialState("r"));
    expect(state).toMatchObject(expected);
  });

  it.each(fixtures)("has the same steps after they came twice: $name", ({ messages }) => {
    const steps = messages.filter((message) => message.type === "test_step");
    const once = messages.reduce(reduce, initialState("r"));
    expect(steps.reduce(reduce, once).run?.steps).toEqual(once.run?.steps);
  });

  it("leaves the state as it is for a message that it does not know", () => {
    const state = initialState("r");
    expect(reduce(state, { type: "from_the_future" } as never)).toEqual(state);
  });

  it("knows who holds control", () => {
    const takeover = fixtures.find(({ name }) => name.startsWith("a stuck run"));
    const state = (takeover?.messages ?? []).reduce(reduce, initialState("r"));
    expect(holdsControl(state)).toBe(true);
    expect(holdsControl({ ...state, viewerId: "another" })).toBe(false);
    expect(canSteer(state)).toBe(true);
  });
});

describe("what is queued and proposed", () => {
  const proposed = fixtures.find(({ messages }) => messages.some((each) => each.type === "step_proposed"));
  const greeting = proposed?.messages.find((message) => message.type === "hello");
  const proposal = proposed?.messages
    .flatMap((each) => (each.type === "step_proposed" ? each.proposal : null))
    .find(Boolean);
  if (!greeting || !proposal) throw new Error("the fixtures have changed");
  const run: Run = { ...greeting.run, steps: [], proposal: { ...proposal, stepNumber: 3 } };
  const step: StepSummary = {
    stepNumber: 2,
    action: "scroll",
    target: null,
    value: null,
    description: "Scroll",
    source: "plan",
    status: "running",
    error: null,
    timestamp: "2026-03-02T09:30:01.000Z",
    durationMs: null,
    screenshotUrl: null,
    instructionsVersion: 1,
    location: null,
    note: null,
    pageSaid: [],
    planIndex: 1,
  };
  const say = (...messages: ServerMessage[]) =>
    messages.reduce(reduce, reduce(initialState("r"), { ...greeting, run, seq: 1 } as ServerMessage));
  const queue = (seq: number) => serverMessage({ type: "step_override_queued", action: { type: "scroll" }, seq });
  const greet = (seq: number, change: Partial<Run> = {}) =>
    ({ ...greeting, run: { ...run, ...change }, seq }) as ServerMessage;

  it("forgets the proposal of a repair when it runs as the step that failed", () => {
    expect(say().run?.proposal).not.toBeNull();
    expect(say(serverMessage({ type: "test_step", step, seq: 2 })).run?.proposal).toBeNull();
    expect(
      say(serverMessage({ type: "test_step", step: { ...step, status: "failed" }, seq: 2 })).run?.proposal,
    ).not.toBeNull();
  });

  it("keeps what is queued over a new greeting of the same run", () => {
    expect(say(queue(2), greet(2)).queued).toHaveLength(1);
    expect(say(queue(2), greet(1)).queued).toEqual([]);
    expect(say(queue(2), greet(5, { id: "another" })).queued).toEqual([]);
  });

  it("knows by the steps which overrides were done meanwhile", () => {
    const steps = [{ ...step, source: "override" as const }];
    expect(say(queue(2), queue(3), greet(9, { steps })).queued).toHaveLength(1);
    expect(applyRun(say(queue(2)), { ...run, steps }, "owner").queued).toEqual([]);
  });

  it("keeps the steps that a channel has no room for in its greeting", () => {
    const known = greet(2, { steps: [step], currentStep: 2 });
    const short = greet(3, { steps: [], currentStep: 2, status: "paused" });
    expect(say(known, short).run).toMatchObject({ status: "paused", steps: [{ stepNumber: 2 }] });
    expect(say(known, greet(3, { steps: [], currentStep: 2, id: "another" })).run?.steps).toEqual([]);
  });

  it("asks nobody about a run that is over", () => {
    const asked = say(serverMessage({ type: "help_needed", reason: "stuck", deadline: null, seq: 2 }), queue(3));
    expect(applyRun(asked, { ...run, status: "diagnosing" }, "owner").help).not.toBeNull();
    const over = applyRun(asked, { ...run, status: "failed" }, "owner");
    expect(over).toMatchObject({ help: null, queued: [], dialogs: [], seq: 3 });
  });

  it("knows who may take control, as far as the server says it", () => {
    const controllers = [{ viewerId: "v", name: "Ada" }];
    const watchers = [{ viewerId: "v", name: "Ada", role: "controller" as const }];
    const state = say({ type: "viewers", count: 2, controllers, watchers, seq: 2 });
    expect(state.run).toMatchObject({ viewers: 2, controllers, watchers });
    expect(reduce(state, serverMessage({ type: "viewers", count: 3, seq: 3 })).run).toMatchObject({
      viewers: 3,
      controllers,
    });
  });
});

describe("Store", () => {
  it("calls its listeners after a change and not after they left", () => {
    const store = new Store("r");
    const listener = vi.fn();
    const leave = store.subscribe(listener);
    store.set({ control: "websocket" });
    leave();
    store.set({ control: null });
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("shows a text once and puts it away", () => {
    const store = new Store("r");
    store.notify("error", "Lost");
    store.notify("error", "Lost");
    const [notice] = store.state.notices;
    expect(store.state.notices).toHaveLength(1);
    store.dismiss(notice?.key ?? -1);
    expect(store.state.notices).toEqual([]);
  });
});
