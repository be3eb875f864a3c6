import { act, createElement, type FunctionComponent, type ReactElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ApiClient } from "../src/api/client";
import { NewRunForm } from "../src/app/NewRunForm";
import { readForm } from "../src/app/newRun";
import { INITIAL_UI, PlayerContext, type Ui } from "../src/player/context";
import { PlayerLayout } from "../src/player/PlayerLayout";
import type { NewRun, Run, Step } from "../src/protocol/types";
import { Store } from "../src/store/store";
import { eventFixtures } from "./fixtures";

const hello = eventFixtures()
  .flatMap(({ messages }) => messages)
  .find((message) => message.type === "hello" && message.run.planner === "plain");
if (hello?.type !== "hello") throw new Error("the fixtures have changed");

const failed = {
  ...{ stepNumber: 1, action: "click", target: "#pay", value: null, description: "Click 'Pay'", source: "plan" },
  ...{ status: "failed", error: "no such button", note: null },
} as unknown as Step;
const me = { viewerId: hello.viewerId, name: "Me" };

let root: Root;
const show = (element: ReactElement) => act(async () => root.render(element));
const button = (name: string) =>
  [...document.querySelectorAll("button")].find((each) => (each.textContent ?? "").trim() === name);
const click = (name: string) => act(async () => button(name)?.click());

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  root = createRoot(document.body.appendChild(document.createElement("div")));
});
afterEach(() => {
  act(() => root.unmount());
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a run that needs help", () => {
  const actions = { resume: vi.fn(), override: vi.fn(() => Promise.resolve()), send: vi.fn() };
  const draw = async (run: Partial<Run>, ui: Partial<Ui> = {}) => {
    for (const mock of Object.values(actions)) mock.mockClear();
    const store = new Store("r");
    store.receive({
      ...hello,
      role: "controller",
      run: { ...hello.run, status: "diagnosing", paused: false, steps: [failed], ...run } as typeof hello.run,
      help: {
        ...{ type: "help_needed", reason: "no such button" },
        ...{ suggestions: [], deadline: "2100-01-01T00:00:00.000Z" },
      },
    });
    const surface = { view: null, element: document.createElement("div") };
    const session = { store, surface, runId: "r", shareLinks: {}, api: {}, imageUrl: (path: string) => path };
    const player = { session, actions, ui: { ...INITIAL_UI, ...ui }, setUi: vi.fn(), readOnly: false };
    const value = { ...player, root: { current: document.body } };
    const shown = { isPaused: undefined, currentStep: undefined, totalSteps: undefined };
    const layout = createElement(PlayerLayout as FunctionComponent<{ shown: typeof shown; shortcuts: "page" }>, {
      shown,
      shortcuts: "page",
    });
    await show(createElement(PlayerContext.Provider, { value: value as never }, layout));
  };
  const held = (holder = me) => ({ status: "paused", paused: true, control: { holder, since: null } }) as Partial<Run>;
  const countdown = () => document.querySelector(".jp-countdown")?.textContent;

  it("offers first to try again, whoever made it", async () => {
    await draw({});
    const primary = [...document.querySelectorAll(".jp-card[data-tone=help] [data-tone=primary]")];
    expect(primary.map(({ textContent }) => textContent)).toEqual(["Try again"]);
    await click("Try again");
    await act(async () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "r" })));
    expect(actions.resume).toHaveBeenCalledTimes(2);
    expect(countdown()).toMatch(/left$/);
  });

  it("says why the time stands still", async () => {
    await draw(held());
    expect(countdown()).toBe("The time stands still while you have control.");
    await draw(held({ viewerId: "v-ada", name: "Ada" }));
    expect(countdown()).toBe("The time stands still while Ada has control.");
    expect(button("Try again")).toBeUndefined();
    await draw({ status: "paused", paused: true });
    expect(countdown()).toBe("The time stands still while the run is paused.");
  });

  it("asks whoever gives control back what becomes of the step", async () => {
    await draw(held());
    expect(button("Release control")).toBeUndefined();
    await click("Try the step again");
    expect(actions.send).toHaveBeenLastCalledWith({ type: "release_control", failedStep: "retry" });
    await click("I did it");
    expect(actions.send).toHaveBeenLastCalledWith({ type: "release_control", failedStep: "done" });
    actions.send.mockClear();
    await act(async () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "t" })));
    expect(actions.send).not.toHaveBeenCalled();
    expect(document.activeElement?.textContent).toBe("Try the step again");
  });

  it("asks nothing where no step has failed", async () => {
    await draw({ ...held(), steps: [] });
    await click("Release control");
    expect(actions.send).toHaveBeenLastCalledWith({ type: "release_control" });
  });

  it("has an override done before the step, or instead of it", async () => {
    await draw({}, { panel: "override" });
    const place = document.querySelector<HTMLSelectElement>("select");
    expect([...(place?.options ?? [])].map(({ text }) => text)).toEqual([
      "Instead of the step that failed",
      "Before the step, which is tried again",
    ]);
    await act(async () => {
      if (place) place.value = "before";
      place?.dispatchEvent(new Event("change", { bubbles: true }));
    });
    const type = document.querySelectorAll("select")[1];
    await act(async () => {
      if (type) type.value = "reload";
      type?.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await click("Do this next");
    expect(actions.override).toHaveBeenCalledWith(expect.objectContaining({ type: "reload" }), "before");
  });
});

describe("the form for a new run", () => {
  const spec = {
    ...{ url: "https://shop.example/", instructions: "Go back", planner: "plain", name: "Mine" },
    ...{ mode: "review", stepTimeoutMs: 5000, secrets: { PIN: "" } },
  } as NewRun;

  it("says while one types what is not understood", async () => {
    vi.useFakeTimers();
    const problem = { line: 2, sentence: "Clik it", message: "I do not understand it (line 2).", examples: [] };
    const checkInstructions = vi.fn(() => Promise.resolve([problem]));
    const api = { checkInstructions } as unknown as ApiClient;
    await show(createElement(NewRunForm, { api, initial: spec, onClose: () => undefined }));
    expect(checkInstructions).not.toHaveBeenCalled();
    await act(async () => vi.advanceTimersByTime(1000));
    expect(checkInstructions).toHaveBeenCalledExactlyOnceWith("Go back", "plain");
    expect(document.querySelector(".jp-problems")?.textContent).toBe("I do not understand it (line 2).");
  });

  it("is filled with what another run was made from, and keeps the rest of it", async () => {
    const api = { checkInstructions: () => Promise.resolve([]) } as unknown as ApiClient;
    await show(createElement(NewRunForm, { api, initial: spec, onClose: () => undefined }));
    const form = document.querySelector("form");
    if (form === null) throw new Error("there is no form");
    const secret = form.querySelector<HTMLInputElement>("input[type=password]");
    if (secret !== null) secret.value = "1234";
    expect(readForm(new FormData(form), spec)).toEqual({ ...spec, secrets: { PIN: "1234" } });
  });

  it("shows steps as JSON, and says where they are none", async () => {
    const { instructions: _, secrets: __, ...rest } = spec;
    const scripted = { ...rest, planner: "script", steps: [{ type: "reload" }] } as NewRun;
    const api = {} as ApiClient;
    await show(createElement(NewRunForm, { api, initial: scripted, onClose: () => undefined }));
    const form = document.querySelector("form");
    const steps = document.querySelector<HTMLTextAreaElement>("textarea[name=steps]");
    if (form === null || steps === null) throw new Error("there is no form");
    expect(readForm(new FormData(form), scripted)).toEqual(scripted);
    steps.value = "[";
    expect(() => readForm(new FormData(form), scripted)).toThrow("The steps are not JSON");
  });
});
