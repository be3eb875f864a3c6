import { act, createElement, Fragment, type FunctionComponent } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ControlBar } from "../src/player/ControlBar";
import { INITIAL_UI, PlayerContext, type PlayerContextValue } from "../src/player/context";
import { TopStrip } from "../src/player/TopStrip";
import type { Holder, Role } from "../src/protocol/types";
import { Store } from "../src/store/store";
import { eventFixtures, serverMessage } from "./fixtures";

describe("the curtain", () => {
  const send = vi.fn();
  const ada: Holder = { viewerId: "v-ada", name: "Ada" };
  let root: Root;
  let store: Store;

  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    send.mockReset();
    root = createRoot(document.body.appendChild(document.createElement("div")));
  });
  afterEach(() => {
    act(() => root.unmount());
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  /** The player of somebody with this role and id, while Ada has control. */
  const show = (role: Role, viewerId: string) => {
    store = new Store("r");
    const hello = eventFixtures()
      .flatMap(({ messages }) => messages)
      .find((message) => message.type === "hello");
    if (hello?.type !== "hello") throw new Error("no fixture has a hello");
    const control = { holder: ada, since: null, requests: [] };
    store.receive({ ...hello, role, viewerId, seq: 1, run: { ...hello.run, status: "paused", paused: true, control } });
    const value = { session: { store }, actions: { send }, ui: INITIAL_UI, readOnly: false };
    const shown = { isPaused: undefined, currentStep: undefined, totalSteps: undefined };
    const bar = createElement(ControlBar as FunctionComponent<{ shown: typeof shown }>, { shown });
    const player = createElement(Fragment, null, createElement(TopStrip), bar);
    const context = { value: value as unknown as PlayerContextValue };
    act(() => root.render(createElement(PlayerContext.Provider, context, player)));
  };
  const button = (name: string) =>
    [...document.querySelectorAll("button")].find(
      (each) => (each.getAttribute("aria-label") ?? each.textContent) === name,
    );
  const change = (closedBy: Holder | null, liftedBy: Holder | null) =>
    act(() => store.receive(serverMessage({ type: "curtain_changed", seq: 2, closedBy, liftedBy })));
  const badges = () => [...document.querySelectorAll(".jp-holder .jp-badge")].map(({ textContent }) => textContent);

  it("is closed and opened by whoever has control", () => {
    show("controller", ada.viewerId);
    act(() => button("Hide from viewers")?.click());
    expect(send).toHaveBeenLastCalledWith({ type: "set_curtain", closed: true });
    change(ada, null);
    expect(badges()).toEqual(["You have control", "Hidden from viewers"]);
    act(() => button("Show to viewers")?.click());
    expect(send).toHaveBeenLastCalledWith({ type: "set_curtain", closed: false });
  });

  it("tells all others who has closed it, and offers them nothing", () => {
    show("controller", "v-bob");
    change(ada, null);
    expect(badges()).toEqual(["Ada has control", "Ada has hidden the page"]);
    expect(button("Hide from viewers")).toBeUndefined();
    expect(button("Show to viewers")).toBeUndefined();
    expect(button("Show covered fields")).toBeUndefined();
  });

  it("has the owner asked before covered fields are shown to everybody", () => {
    show("owner", "v-olga");
    act(() => button("Show covered fields")?.click());
    expect(send).not.toHaveBeenCalled();
    act(() => button("Show them to everybody?")?.click());
    expect(send).toHaveBeenLastCalledWith({ type: "lift_covers", lifted: true });
    change(null, { viewerId: "v-olga", name: "Olga" });
    expect(badges()).toEqual(["Ada has control", "Covered fields are shown"]);
    act(() => button("Cover again")?.click());
    expect(send).toHaveBeenLastCalledWith({ type: "lift_covers", lifted: false });
  });
});
