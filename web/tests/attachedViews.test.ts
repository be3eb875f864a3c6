import { act, createElement, type FunctionComponent } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { INITIAL_UI, PlayerContext, type PlayerContextValue, type Ui } from "../src/player/context";
import { PlayerLayout } from "../src/player/PlayerLayout";
import type { Run, Step } from "../src/protocol/types";
import { Store } from "../src/store/store";
import { eventFixtures, serverMessage } from "./fixtures";

const hello = eventFixtures().find(({ name }) => name.startsWith("an attached run"))?.messages[0];
if (hello?.type !== "hello") throw new Error("the fixtures have changed");

const location = { file: "/home/ada/shop/e2e/shop.spec.ts", line: 6 };
const proposed = { type: "type", selector: "#old", value: "Ada", target: null, button: null, modifiers: null } as const;
const failed = {
  ...{ stepNumber: 1, action: "type", target: "#old", value: "Ada", description: "Type 'Ada' into 'Name'" },
  ...{ status: "failed", source: "plan", error: "no such field", location, fullAction: proposed },
} as unknown as Step;
const repaired = {
  ...{ ...failed, stepNumber: 2, status: "passed", source: "override", error: null, target: "#new" },
  ...{ proposed, fullAction: { ...proposed, selector: "#new" } },
} as Step;
const PATCH =
  "--- a/e2e/shop.spec.ts\n+++ b/e2e/shop.spec.ts\n@@ -6 +6 @@\n-  page.locator('#old')\n+  page.locator('#new')\n";

describe("an attached run", () => {
  let root: Root;
  let store: Store;
  const ui: { now: Ui } = { now: INITIAL_UI };
  const actions = { resume: vi.fn(), override: vi.fn(), send: vi.fn() };
  const api = { source: vi.fn(), exportPatch: vi.fn() };
  const writeText = vi.fn(() => Promise.resolve());

  const button = (name: string) =>
    [...document.querySelectorAll("button")].find((each) => (each.textContent ?? "").trim() === name);
  const click = (name: string) => act(async () => button(name)?.click());
  const draw = () =>
    act(async () => {
      const surface = { view: null, element: document.createElement("div") };
      const session = { store, api, surface, runId: "r", shareLinks: {}, imageUrl: (path: string) => path };
      const setUi = (part: Partial<Ui>) => {
        ui.now = { ...ui.now, ...part };
      };
      const value = { session, actions, ui: ui.now, setUi, readOnly: false, root: { current: null } };
      const shown = { isPaused: undefined, currentStep: undefined, totalSteps: undefined };
      const layout = createElement(PlayerLayout as FunctionComponent<{ shown: typeof shown; shortcuts: "page" }>, {
        shown,
        shortcuts: "page",
      });
      root.render(createElement(PlayerContext.Provider, { value: value as unknown as PlayerContextValue }, layout));
    });
  const show = async (run: Partial<Run>, { role = "controller" as "controller" | "viewer", asks = false } = {}) => {
    const test = { file: location.file, line: 3, title: "shop › pays", worker: "gw0", retry: 2 };
    const ofTest = { test, session: { id: "s", name: "pytest", folder: "/home/ada/shop" } };
    const help = { reason: "Which field is it?", deadline: null, suggestions: [] };
    const media = { phase: "live", transport: "whep", reason: null } as const;
    store.receive({
      ...hello,
      role,
      run: { ...hello.run, ...ofTest, ...run },
      help: asks ? help : null,
    } as typeof hello);
    store.set({ size: { width: 1280, height: 720 }, media });
    await draw();
  };

  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
    for (const mock of [...Object.values(actions), ...Object.values(api), writeText]) mock.mockClear();
    ui.now = INITIAL_UI;
    store = new Store("r");
    root = createRoot(document.body.appendChild(document.createElement("div")));
  });
  afterEach(() => {
    act(() => root.unmount());
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  it("says whose test it is, and has no instructions to edit", async () => {
    await show({});
    expect(document.querySelector(".jp-test")?.textContent).toBe(
      "shop › payse2e/shop.spec.ts:3Playwright python 1.65.1worker gw0retry 2",
    );
    const tabs = [...document.querySelectorAll("[role=tab]")].map(({ textContent }) => textContent);
    expect(tabs).toEqual(["Steps", "Override", "Page", "Comments", "Stats"]);
  });

  it("tries a failed call again", async () => {
    await show({ status: "diagnosing", steps: [failed] }, { asks: true });
    await click("Try again");
    expect(actions.resume).toHaveBeenCalledOnce();
    await act(async () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "r" })));
    expect(actions.resume).toHaveBeenCalledTimes(2);
  });

  it("does the same call on the element that was picked", async () => {
    await show({ status: "diagnosing", steps: [failed] }, { asks: true });
    await click("Pick the element in the picture");
    expect(ui.now).toMatchObject({ picking: true, pickFor: "call" });
    await draw();
    const picked = { type: "picked", selector: "#new", role: "textbox", name: "Full name", box: null, viewport: null };
    await act(async () => store.receive(serverMessage(picked as { type: "picked" })));
    expect(document.querySelector(".jp-choice")?.textContent).toContain("textbox “Full name”");
    await click("Use this element");
    expect(actions.override).toHaveBeenCalledWith({ ...proposed, selector: "#new" });
    expect(store.state.picked).toBeNull();
  });

  it("shows why a choice was refused", async () => {
    actions.override.mockRejectedValueOnce(new Error("somebody else has control"));
    await show({ status: "diagnosing", steps: [failed] }, { asks: true });
    await click("Pick the element in the picture");
    await draw();
    await act(async () => store.receive(serverMessage({ type: "picked", selector: "#new" })));
    await click("Use this element");
    expect(document.querySelector(".jp-choice [role=alert]")?.textContent).toContain("somebody else has control");
  });

  it("leaves what cannot be edited to Try again and Skip", async () => {
    await show({ status: "diagnosing", steps: [{ ...failed, action: "call", target: null }] }, { asks: true });
    expect(button("Pick the element in the picture")).toBeUndefined();
    expect(button("Try again")).toBeDefined();
    expect(button("Skip")).toBeDefined();
  });

  it("does not offer to edit a call that waits", async () => {
    const action = { type: "call", selector: null, value: "Tap button", target: null, button: null, modifiers: null };
    const reasoning = "Log in";
    const next = {
      proposalId: "p",
      stepNumber: 1,
      action,
      description: "Tap button",
      source: "plan",
      reasoning,
      location,
    };
    await show({ mode: "review", proposal: next as Run["proposal"] });
    const card = document.querySelector(".jp-card")?.textContent;
    expect(card).toContain("Tap button");
    expect(card).toContain("Log in");
    expect(card).toContain("shop.spec.ts:6");
    expect(button("Approve")).toBeDefined();
    expect(button("Edit")).toBeUndefined();
  });

  const unfold = async () => {
    await click("Lines around shop.spec.ts:6");
    await draw();
  };

  it("unfolds the lines around a step, or says why not", async () => {
    api.source.mockResolvedValueOnce({ file: "e2e/shop.spec.ts", line: 6, first: 5, lines: ["a", "b", "c"] });
    await show({ steps: [failed] });
    await unfold();
    expect(api.source).toHaveBeenCalledWith("r", 1);
    expect(document.querySelector(".jp-source [data-here]")?.textContent).toBe("6b");
    await unfold();
    expect(document.querySelector(".jp-source")).toBeNull();
    api.source.mockRejectedValueOnce(new Error("shop.spec.ts cannot be read"));
    await unfold();
    expect(document.querySelector(".jp-step-source [role=status]")?.textContent).toBe("shop.spec.ts cannot be read");
  });

  it("keeps the lines unfolded when the list of steps is drawn anew", async () => {
    api.source.mockResolvedValue({ file: "e2e/shop.spec.ts", line: 6, first: 5, lines: ["a", "b", "c"] });
    await show({ steps: [failed] });
    await unfold();
    for (const panel of ["stats", "steps"] as const) {
      ui.now = { ...ui.now, panel };
      await draw();
    }
    expect(document.querySelector(".jp-source [data-here]")?.textContent).toBe("6b");
  });

  it("shows a repair as a diff and copies it", async () => {
    api.exportPatch.mockResolvedValue(PATCH);
    await show({ steps: [failed, repaired] });
    const lines = [...document.querySelectorAll(".jp-repair [data-kind]")].map(({ textContent }) => textContent);
    expect(lines).toEqual(["−removed:   page.locator('#old')", "+added:   page.locator('#new')"]);
    await click("Copy patch");
    expect(writeText).toHaveBeenCalledWith(PATCH);
  });

  it("asks for neither source nor patch where somebody only watches", async () => {
    await show({ status: "diagnosing", steps: [failed, repaired] }, { role: "viewer", asks: true });
    expect(document.querySelector(".jp-step-source")?.textContent).toBe("shop.spec.ts:6");
    expect(button("Try again")).toBeUndefined();
    expect(api.exportPatch).not.toHaveBeenCalled();
  });
});
