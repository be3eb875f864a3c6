import { act, createElement, type FunctionComponent, type ReactElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SecretsDialog } from "../src/app/SecretsDialog";
import { ControlBar } from "../src/player/ControlBar";
import { INITIAL_UI, PlayerContext, type PlayerContextValue } from "../src/player/context";
import type { Holder, Run } from "../src/protocol/types";
import { Store } from "../src/store/store";
import { eventFixtures } from "./fixtures";

describe("views", () => {
  let root: Root;
  const show = (element: ReactElement) => act(() => root.render(element));
  const button = (name: string) => [...document.querySelectorAll("button")].find((each) => each.textContent === name);

  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    root = createRoot(document.body.appendChild(document.createElement("div")));
  });
  afterEach(() => {
    act(() => root.unmount());
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  it("asks for every secret before the run starts again", () => {
    const onGiven = vi.fn();
    show(createElement(SecretsDialog, { names: ["PASSWORD", "PIN"], onGiven, onClose: () => undefined }));
    const fields = [...document.querySelectorAll("input")];
    expect(fields.map(({ name, type, required }) => [name, type, required])).toEqual([
      ["PASSWORD", "password", true],
      ["PIN", "password", true],
    ]);
    for (const field of fields) field.value = `${field.name} of mine`;
    act(() => button("Start the run")?.click());
    expect(onGiven).toHaveBeenCalledWith({ PASSWORD: "PASSWORD of mine", PIN: "PIN of mine" });
  });

  describe("of one who holds control", () => {
    const hello = eventFixtures()
      .flatMap(({ messages }) => messages)
      .find((message) => message.type === "hello");
    if (hello?.type !== "hello") throw new Error("the fixtures have changed");
    const me = { viewerId: hello.viewerId, name: "Me" };
    const send = vi.fn();

    const showBar = (controllers: Holder[] | undefined) => {
      const store = new Store("r");
      const control = { holder: me, since: null };
      const run: Run = { ...hello.run, status: "paused", control, ...(controllers ? { controllers } : {}) };
      store.receive({ ...hello, role: "controller", run });
      const value = {
        session: { store },
        actions: { send },
        ui: INITIAL_UI,
        readOnly: false,
      } as unknown as PlayerContextValue;
      const shown = { isPaused: undefined, currentStep: undefined, totalSteps: undefined };
      const bar = createElement(ControlBar as FunctionComponent<{ shown: typeof shown }>, { shown });
      show(createElement(PlayerContext.Provider, { value }, bar));
    };
    const offers = () =>
      [...document.querySelectorAll("button")].flatMap(({ textContent }) =>
        textContent?.startsWith("Hand to") ? [textContent] : [],
      );

    it("offers to hand it to each of the others", () => {
      showBar([me, { viewerId: "v-ada", name: "Ada" }, { viewerId: "v-bob", name: "Bob" }]);
      expect(offers()).toEqual(["Hand to Ada", "Hand to Bob"]);
      act(() => button("Hand to Bob")?.click());
      expect(send).toHaveBeenCalledWith({ type: "release_control", to: "v-bob" });
    });

    it("offers nothing where nobody else is here, or the server does not say", () => {
      showBar([me]);
      expect(offers()).toEqual([]);
      showBar(undefined);
      expect(offers()).toEqual([]);
      expect(button("Release control")).toBeDefined();
    });
  });
});
