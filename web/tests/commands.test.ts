import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ControlChannel, Envelope } from "../src/control/channel";
import { CommandQueue } from "../src/control/commands";
import type { CommandType } from "../src/protocol/messages";
import { serverMessage } from "./fixtures";

class RecordingChannel implements ControlChannel {
  readonly kind = "websocket";
  readonly sent: Envelope[] = [];
  send(command: Envelope): void {
    this.sent.push(command);
  }
  sendMove(): void {}
  close(): void {}
}

describe("CommandQueue", () => {
  const silent: ControlChannel[] = [];
  let pending: Record<string, CommandType> = {};
  let queue: CommandQueue;

  beforeEach(() => {
    vi.useFakeTimers();
    silent.length = 0;
    queue = new CommandQueue({
      onSilence: (channel) => silent.push(channel),
      onChange: (now) => {
        pending = now;
      },
    });
  });
  afterEach(() => vi.useRealTimers());

  it("gives every command an id of its own and settles it by that", async () => {
    const channel = new RecordingChannel();
    queue.use(channel);
    const first = queue.submit({ type: "pause" });
    const second = queue.submit({ type: "step" });
    const [a, b] = channel.sent;
    expect(a?.id).not.toBe(b?.id);
    queue.receive(channel, { type: "ack", id: b?.id ?? "" });
    queue.receive(channel, { type: "ack", id: a?.id ?? "" });
    await expect(first).resolves.toMatchObject({ id: a?.id });
    await expect(second).resolves.toMatchObject({ id: b?.id });
  });

  it("sends what is unanswered again, under the same id and in order, on the next channel", async () => {
    const [old, next] = [new RecordingChannel(), new RecordingChannel()];
    queue.use(old);
    const answered = queue.submit({ type: "pause" });
    void queue.submit({ type: "skip_step" }).catch(() => null);
    void queue.submit({ type: "resume" }).catch(() => null);
    queue.receive(old, { type: "ack", id: old.sent[0]?.id ?? "" });
    await answered;
    queue.use(null);
    queue.use(next);
    expect(next.sent).toEqual(old.sent.slice(1));
  });

  it("keeps a command that was given while there was no channel", () => {
    const channel = new RecordingChannel();
    void queue.submit({ type: "pause" }).catch(() => null);
    queue.use(channel);
    expect(channel.sent.map(({ type }) => type)).toEqual(["pause"]);
  });

  it("ignores a second answer", async () => {
    const channel = new RecordingChannel();
    queue.use(channel);
    const done = queue.submit({ type: "pause" });
    const id = channel.sent[0]?.id ?? "";
    queue.receive(channel, { type: "ack", id });
    queue.receive(channel, serverMessage({ type: "error", id, code: "conflict", message: "late" }));
    await expect(done).resolves.toMatchObject({ type: "ack" });
  });

  it("rejects with the server's code and words", async () => {
    const channel = new RecordingChannel();
    queue.use(channel);
    const done = queue.submit({ type: "pause" });
    queue.receive(
      channel,
      serverMessage({ type: "error", id: channel.sent[0]?.id ?? "", code: "conflict", message: "cannot pause" }),
    );
    await expect(done).rejects.toMatchObject({ code: "conflict", message: "Cannot pause" });
  });

  it("gives up a channel that stays silent, and in the end rejects the command", async () => {
    const channel = new RecordingChannel();
    queue.use(channel);
    const done = queue.submit({ type: "pause" }).catch((error: unknown) => error);
    vi.advanceTimersByTime(4_000);
    expect(silent).toEqual([channel]);
    vi.advanceTimersByTime(16_000);
    await expect(done).resolves.toMatchObject({ code: "timeout" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps a channel that answers late but says other things", () => {
    const channel = new RecordingChannel();
    queue.use(channel);
    void queue.submit({ type: "pause" }).catch(() => null);
    vi.advanceTimersByTime(3_000);
    queue.receive(channel, serverMessage({ type: "pong", t: 1 }));
    vi.advanceTimersByTime(16_000);
    expect(silent).toEqual([]);
  });

  it("does not take one channel's words for another's", () => {
    const [spoken, mute] = [new RecordingChannel(), new RecordingChannel()];
    queue.use(mute);
    void queue.submit({ type: "pause" }).catch(() => null);
    queue.receive(spoken, serverMessage({ type: "pong", t: 1 }));
    vi.advanceTimersByTime(4_000);
    expect(silent).toEqual([mute]);
    queue.close();
  });

  it("lists what waits for an answer, but no single inputs", () => {
    queue.use(new RecordingChannel());
    void queue.submit({ type: "pause" }).catch(() => null);
    void queue.submit({ type: "input", kind: "text", text: "a", width: 1, height: 1, modifiers: [] }).catch(() => null);
    expect(Object.values(pending)).toEqual(["pause"]);
    queue.close();
    expect(pending).toEqual({});
  });
});
