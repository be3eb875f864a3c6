import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiClient } from "../src/api/client";
import type { ControlChannel, Envelope } from "../src/control/channel";
import { ControlLink } from "../src/control/link";
import type { ServerMessage } from "../src/protocol/messages";
import type { RemoteDialog } from "../src/protocol/types";
import { Store } from "../src/store/store";
import { eventFixtures, serverMessage } from "./fixtures";

/** The browser's side of a socket whose other end is the test. */
class PuppetSocket {
  static readonly OPEN = 1;
  static readonly made: PuppetSocket[] = [];
  readonly url: string;
  readonly protocols: string[];
  readonly sent: Envelope[] = [];
  readyState = 0;
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(url: string, protocols: string[] = []) {
    this.url = url;
    this.protocols = protocols;
    PuppetSocket.made.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Envelope);
  }
  close(): void {
    this.readyState = 3;
  }
  open(...messages: ServerMessage[]): void {
    this.readyState = PuppetSocket.OPEN;
    this.onopen?.();
    for (const message of messages) this.say(message);
  }
  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  break(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  get commands(): Envelope[] {
    return this.sent.filter(({ type }) => type !== "ping");
  }
}

class PuppetDataChannel implements ControlChannel {
  readonly kind = "datachannel";
  readonly sent: Envelope[] = [];
  closed = false;
  send(command: Envelope): void {
    this.sent.push(command);
  }
  sendMove(): void {}
  close(): void {
    this.closed = true;
  }
}

const fixture = eventFixtures().find(({ name }) => name === "a run that passes");
const [hello, starting] = fixture?.messages ?? [];
if (hello?.type !== "hello" || starting === undefined) throw new Error("the fixture has changed");

describe("ControlLink", () => {
  let store: Store;
  let link: ControlLink;
  const newest = (): PuppetSocket => {
    const socket = PuppetSocket.made.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  };
  const since = (socket: PuppetSocket) => new URL(socket.url).searchParams.get("since");

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", PuppetSocket);
    vi.stubGlobal("fetch", async () => Response.json(hello.run));
    PuppetSocket.made.length = 0;
    store = new Store("r");
    const api = new ApiClient({ baseUrl: "https://jumpseat.example", token: "t", client: "c" });
    link = new ControlLink({ api, store, runId: "r", token: "t" });
    link.start();
  });
  afterEach(() => {
    link.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("asks for this run with the credential and the viewer's mark", () => {
    const url = new URL(newest().url);
    expect(url.origin).toBe("wss://jumpseat.example");
    expect(Object.fromEntries(url.searchParams)).toEqual({ runId: "r", client: "c" });
    expect(newest().protocols).toEqual(["jumpseat.control", "jumpseat.bearer.dA"]);
  });

  it("comes back with the number of the last event, and sends what was unanswered again", async () => {
    newest().open(hello, starting);
    void link.send({ type: "pause" });
    const first = newest();
    const [pause] = first.commands;
    first.break();
    await vi.advanceTimersByTimeAsync(0);
    expect(newest()).not.toBe(first);
    expect(since(newest())).toBe(String(starting.seq));
    // Nothing was missed: the server has nothing to say.
    newest().open();
    expect(newest().commands).toEqual([pause]);
  });

  it("comes back for the end where the channel was cut between the status and the end itself", async () => {
    newest().open(hello);
    const first = newest();
    const seq = (hello.seq ?? 0) + 1;
    first.say(serverMessage({ type: "run_state", status: "passed", paused: false, seq }));
    first.break();
    await vi.advanceTimersByTimeAsync(0);
    expect(newest()).not.toBe(first);
    const at = "2026-01-31T09:30:00.000Z";
    newest().open(
      serverMessage({ type: "run_finished", status: "passed", error: null, failedSteps: 1, seq: seq + 1, at }),
    );
    expect(store.state.run?.failedSteps).toBe(1);
    const last = newest();
    last.break();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(newest()).toBe(last);
  });

  it("asks again where a number is missing", async () => {
    newest().open(hello);
    const first = newest();
    first.say({ ...starting, seq: 3 } as ServerMessage);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.state.run?.status).toBe(hello.run.status);
    expect(newest()).not.toBe(first);
    newest().open(starting);
    expect(store.state.run?.status).toBe("starting");
  });

  it("moves to the data channel when that has greeted, and back when it closes", async () => {
    newest().open(hello);
    const channel = new PuppetDataChannel();
    link.onOpen(channel);
    expect(store.state.control).toBe("websocket");
    void link.send({ type: "pause" });
    link.onMessage(channel, hello);
    expect(store.state.control).toBe("datachannel");
    expect(newest().readyState).toBe(3);
    expect(channel.sent.filter(({ type }) => type === "pause")).toEqual(newest().commands);
    const sockets = PuppetSocket.made.length;
    link.onClose(channel);
    await vi.advanceTimersByTimeAsync(0);
    expect(PuppetSocket.made).toHaveLength(sockets + 1);
    newest().open();
    expect(store.state.control).toBe("websocket");
  });

  it("puts a silent data channel aside, and returns to it when a message comes on it again", async () => {
    newest().open(hello);
    const channel = new PuppetDataChannel();
    link.onMessage(channel, hello);
    void link.send({ type: "pause" });
    await vi.advanceTimersByTimeAsync(4_001);
    newest().open();
    expect(store.state.control).toBe("websocket");
    expect(newest().commands.map(({ type }) => type)).toEqual(["pause"]);
    expect(channel.closed).toBe(false);
    link.onMessage(channel, starting);
    expect(store.state.control).toBe("datachannel");
    expect(newest().readyState).toBe(3);
  });

  it("stays on a channel that answers pings while a command waits", async () => {
    newest().open(hello);
    const channel = new PuppetDataChannel();
    link.onMessage(channel, hello);
    const sockets = PuppetSocket.made.length;
    void link.send({ type: "input", kind: "text", text: "a", width: 1, height: 1, modifiers: [] });
    for (let ms = 0; ms < 16_000; ms += 1_000) {
      for (const { type, id } of channel.sent) if (type === "ping") link.onMessage(channel, { type: "pong", id, t: 1 });
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(store.state.control).toBe("datachannel");
    expect(PuppetSocket.made).toHaveLength(sockets);
  });

  it("opens one socket for many messages after a gap", () => {
    newest().open(hello);
    const channel = new PuppetDataChannel();
    link.onMessage(channel, hello);
    const sockets = PuppetSocket.made.length;
    for (const seq of [4, 5, 6]) link.onMessage(channel, { ...starting, seq } as ServerMessage);
    expect(PuppetSocket.made).toHaveLength(sockets + 1);
    expect(newest().readyState).toBe(0);
  });

  it("goes by HTTP while no socket opens, and returns to the socket when one does", async () => {
    for (let failures = 0; failures < 4; failures += 1) {
      newest().break();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(store.state.control).toBe("rest");
    expect(store.state.run?.id).toBe(hello.run.id);
    newest().open(hello);
    expect(store.state.control).toBe("websocket");
  });

  it("keeps the dialogs, the page and the call for help that only events bring, while it goes by HTTP", async () => {
    vi.stubGlobal("fetch", async () => Response.json({ ...hello.run, status: "diagnosing", viewers: 7 }));
    const dialog: Partial<RemoteDialog> = { dialogId: "d", kind: "alert", message: "Saved" };
    const help = { reason: "stuck", deadline: null };
    const page = { url: "https://shop.example/", title: "Shop", tabs: [] };
    newest().open(
      serverMessage({ ...hello, run: { ...hello.run, status: "diagnosing" }, dialogs: [dialog], help, page }),
    );
    for (let failures = 0; failures < 4; failures += 1) {
      newest().break();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(store.state.control).toBe("rest");
    expect(store.state.run?.viewers).toBe(7);
    expect(store.state).toMatchObject({ dialogs: [dialog], help, page, viewerId: hello.viewerId });
  });

  it("stops asking when it is refused", async () => {
    vi.stubGlobal("fetch", async () => Response.json({ detail: "this link has been revoked" }, { status: 401 }));
    for (let failures = 0; failures < 4; failures += 1) {
      newest().break();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    const { length } = PuppetSocket.made;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.state.fatal).toEqual({ status: 401, code: null, text: "This link has been revoked" });
    expect(PuppetSocket.made).toHaveLength(length);
  });

  it("shows what the server refused", async () => {
    newest().open(hello);
    const done = link.send({ type: "pause" });
    const id = newest().commands[0]?.id ?? "";
    newest().say(serverMessage({ type: "error", id, code: "forbidden", message: "a viewer may not pause the run" }));
    await expect(done).resolves.toBeNull();
    expect(store.state.notices.map(({ text }) => text)).toEqual(["A viewer may not pause the run"]);
  });
});
