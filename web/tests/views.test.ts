import { act, createElement, type FunctionComponent, type ReactElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ApiClient } from "../src/api/client";
import { SaveRun } from "../src/app/SaveRun";
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

  describe("the menu of files to save a run as", () => {
    const api = { exportRun: vi.fn() };
    const onError = vi.fn();
    const attached = { planner: "attached" } as Partial<Run>;
    const open = async (run: Partial<Run>) => {
      const given = { api: api as unknown as ApiClient, onError, run: { id: "r", ...run } as Run };
      show(createElement(SaveRun, given));
      await act(async () => button("Save as…")?.click());
      return [...document.querySelectorAll<HTMLElement>("[role=menuitem]")];
    };
    const choose = async (run: Partial<Run>, at: number) => {
      const items = await open(run);
      await act(async () => items[at]?.click());
    };
    const names = (items: HTMLElement[]) => items.map((each) => each.querySelector("b")?.textContent);

    beforeEach(() => {
      api.exportRun.mockReset();
      onError.mockReset();
    });

    it("offers a patch of an attached test only", async () => {
      const items = await open({});
      expect(names(items)).toEqual(["Python", "TypeScript", "YAML"]);
      expect(document.activeElement).toBe(items[0]);
      act(() => void items[0]?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })));
      expect(document.querySelector("[role=menu]")).toBeNull();
      expect(names(await open(attached))).toEqual(["Python", "TypeScript", "YAML", "Patch"]);
    });

    it("saves the file under the server’s name, or says why not", async () => {
      const saved = vi.fn();
      const link = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLElement) {
        saved((this as HTMLAnchorElement).download);
      });
      vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:x", revokeObjectURL: () => undefined }));
      api.exportRun.mockResolvedValueOnce(new File(["test"], "r.spec.ts"));
      await choose({}, 1);
      expect(api.exportRun).toHaveBeenCalledWith("r", "typescript");
      expect(saved).toHaveBeenCalledWith("r.spec.ts");
      link.mockRestore();
      api.exportRun.mockRejectedValueOnce(new Error("no step has passed"));
      await choose({}, 2);
      expect(onError).toHaveBeenLastCalledWith("no step has passed");
      api.exportRun.mockResolvedValueOnce(new File([], "r.patch"));
      await choose(attached, 3);
      expect(onError.mock.lastCall?.[0]).toContain("nothing to patch");
    });
  });

  describe("of one who holds control", () => {
    const hello = eventFixtures()
      .flatMap(({ messages }) => messages)
      .find((message) => message.type === "hello");
    if (hello?.type !== "hello") throw new Error("the fixtures have changed");
    const me = { viewerId: hello.viewerId, name: "Me" };
    const send = vi.fn();

    const showBar = (
      controllers: Holder[] | undefined,
      holder: Holder | null = me,
      requests: Holder[] = [],
      watchers: Run["watchers"] = [],
    ) => {
      const store = new Store("r");
      const control = { holder, since: null, requests };
      const run: Run = {
        ...hello.run,
        status: "paused",
        paused: true,
        control,
        watchers,
        ...(controllers ? { controllers } : {}),
      };
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

    it("says who has control on what cannot be used meanwhile", () => {
      const facts = () =>
        ["Resume", "Step"].map((name) => ({ title: button(name)?.title, off: button(name)?.disabled }));
      const until = "the run goes on once it is released";
      showBar([me]);
      expect(facts()).toEqual(Array(2).fill({ title: `You have control: ${until}`, off: true }));
      showBar([me], { viewerId: "v-ada", name: "Ada" });
      expect(facts()).toEqual(Array(2).fill({ title: `Ada has control: ${until}`, off: true }));
      expect(button("Ask for control")).toMatchObject({ title: "Ada has control", disabled: false });
      showBar([me], null);
      expect(facts()).toEqual([
        { title: "Resume (Space)", off: false },
        { title: "Step (.)", off: false },
      ]);
    });

    it("offers to hand it to each of the others", () => {
      showBar([me, { viewerId: "v-ada", name: "Ada" }, { viewerId: "v-bob", name: "Bob" }]);
      expect(offers()).toEqual(["Hand to Ada", "Hand to Bob"]);
      act(() => button("Hand to Bob")?.click());
      expect(send).toHaveBeenCalledWith({ type: "release_control", to: "v-bob" });
    });

    it("asks for it once, and says so", () => {
      const ada = { viewerId: "v-ada", name: "Ada" };
      showBar([me, ada], ada);
      act(() => button("Ask for control")?.click());
      expect(send).toHaveBeenCalledWith({ type: "request_control" });
      showBar([me, ada], ada, [me]);
      expect(button("Asked for control")?.disabled).toBe(true);
    });

    it("says who asks, and offers it to them first", () => {
      const bob = { viewerId: "v-bob", name: "Bob" };
      showBar([me, { viewerId: "v-ada", name: "Ada" }, bob], me, [bob]);
      expect(document.querySelector(".jp-asks")?.textContent).toBe("Bob asks for control");
      expect(offers()).toEqual(["Hand to Bob", "Hand to Ada"]);
      expect(button("Hand to Bob")?.dataset.tone).toBe("primary");
    });

    it("lists who is watching", () => {
      const watchers = [
        { ...me, role: "controller" as const },
        { viewerId: "v-ada", name: "Ada", role: "owner" as const },
        { viewerId: "v-eve", name: "Eve", role: "viewer" as const },
      ];
      showBar([me], me, [], watchers);
      const shown = [...document.querySelectorAll(".jp-watchers li")].map(({ textContent }) => textContent);
      expect(shown).toEqual(["Me (you)", "Ada (owner)", "Eve"]);
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
