import { describe, expect, it, vi } from "vitest";
import { reduce } from "../src/store/reducer";
import { canSteer, holdsControl, initialState } from "../src/store/state";
import { Store } from "../src/store/store";
import { eventFixtures } from "./fixtures";

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

describe("Store", () => {
  it("tells its listeners after a change and not after they left", () => {
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
