import { act, createElement, type ReactElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiClient } from "../src/api/client";
import { ApiError, sentence } from "../src/api/errors";
import { SignIn } from "../src/app/SignIn";
import { INITIAL_UI, PlayerContext, type PlayerContextValue } from "../src/player/context";
import { KeepSecret, typedSecret } from "../src/player/KeepSecret";
import { Store } from "../src/store/store";
import { eventFixtures } from "./fixtures";

describe("sentence", () => {
  it("begins with a capital, and leaves names as they are", () => {
    expect(sentence("the server has gone")).toBe("The server has gone");
    expect(sentence("it’s gone")).toBe("It’s gone");
    expect(sentence("url: give an address")).toBe("url: give an address");
    expect(sentence("'Pay' is covered")).toBe("'Pay' is covered");
    expect(sentence("action.selector: click needs one")).toBe("action.selector: click needs one");
  });
});

describe("what people are told", () => {
  let root: Root;
  const show = (element: ReactElement) => act(() => root.render(element));
  const button = (name: string) => [...document.querySelectorAll("button")].find((each) => each.textContent === name);
  const heading = () => document.querySelector("h1")?.textContent;

  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    history.replaceState(null, "", "/runs/r");
    root = createRoot(document.body.appendChild(document.createElement("div")));
  });
  afterEach(() => {
    act(() => root.unmount());
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  const signIn = (code: string, given: boolean) =>
    show(createElement(SignIn, { error: new ApiError("no", { status: 401, code }), given, onSignIn: () => undefined }));

  it("is that a link is over, and a key is asked for only on demand", () => {
    signIn("link_revoked", true);
    expect(heading()).toBe("This link has been revoked");
    expect(document.querySelector("input")).toBeNull();
    act(() => button("Sign in with a key")?.click());
    expect(heading()).toBe("Sign in");
    expect(document.querySelector("input")).not.toBeNull();
    expect(document.body.textContent).not.toContain("does not know this key");
  });

  it("is in words for people what a key is for, with a way out", () => {
    signIn("unauthorized", false);
    expect(document.body.textContent).not.toContain("Bearer");
    expect(document.body.textContent).toContain("have a key, or a link");
    expect(button("Go back") ?? document.querySelector('a[href="/"]')).not.toBeNull();
    signIn("unauthorized", true);
    expect(document.body.textContent).toContain("does not know this key");
  });

  it("is that a password typed by hand can be kept", async () => {
    const value = "{{secret:new_password}}";
    expect(typedSecret({ source: "human", action: "type", value })).toBe("new_password");
    expect(typedSecret({ source: "plan", action: "type", value })).toBeNull();
    expect(typedSecret({ source: "human", action: "type", value: "Ada" })).toBeNull();
    const hello = eventFixtures()
      .flatMap(({ messages }) => messages)
      .find((message) => message.type === "hello");
    if (hello?.type !== "hello") throw new Error("the fixtures have changed");
    const store = new Store("r");
    store.receive({ ...hello, role: "controller", run: { ...hello.run, status: "running" } });
    const keepSecret = vi.fn(async () => undefined);
    const session = { store, runId: "r", api: { keepSecret } };
    const context = { session, ui: INITIAL_UI, readOnly: false } as unknown as PlayerContextValue;
    const offer = createElement(KeepSecret, { name: "new_password" });
    show(createElement(PlayerContext.Provider, { value: context }, offer));
    await act(async () => button("Keep as a secret of this run")?.click());
    expect(keepSecret).toHaveBeenCalledWith("r", "new_password");
    expect(button("Keep as a secret of this run")).toBeUndefined();
    expect(store.state.notices[0]?.text).toContain(value);
  });
});

describe("a server that lets pages of this origin read nothing", () => {
  const api = new ApiClient({ baseUrl: "https://jumpseat.example" });
  const answers = (wanted: Record<string, boolean[]>) =>
    vi.stubGlobal("fetch", async (_: URL, { mode = "cors" }: RequestInit) => {
      if (wanted[mode]?.shift() !== true) throw new TypeError("Failed to fetch");
      return new Response();
    });
  afterEach(() => vi.unstubAllGlobals());

  it("is told from one that is away, or comes just now", async () => {
    answers({ "no-cors": [true, true], cors: [false] });
    expect(await api.refusesOrigin()).toBe(true);
    answers({ "no-cors": [false], cors: [] });
    expect(await api.refusesOrigin()).toBe(false);
    answers({ "no-cors": [true, true], cors: [true] });
    expect(await api.refusesOrigin()).toBe(false);
    answers({ "no-cors": [true, false], cors: [false] });
    expect(await api.refusesOrigin()).toBe(false);
  });

  it("is never our own", async () => {
    answers({ "no-cors": [true, true], cors: [false] });
    expect(await new ApiClient({}).refusesOrigin()).toBe(false);
  });
});
