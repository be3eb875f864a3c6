import type { ApiClient } from "../api/client";
import { type ApiError, CommandError, describe } from "../api/errors";
import { Backoff } from "../backoff";
import type { Command, InputMessage, ServerMessage } from "../protocol/messages";
import { isFinal, type Role, type Run } from "../protocol/types";
import type { ControlKind } from "../store/state";
import type { Store } from "../store/store";
import type { ChannelListener, ControlChannel } from "./channel";
import { CommandQueue, SILENCE_MS } from "./commands";
import { RestChannel } from "./restChannel";
import { checkSequence } from "./sequence";
import { SocketChannel, socketUrl } from "./socketChannel";

/** So often that a working channel brings a message within any time of silence, whatever else waits. */
const PING_MS = SILENCE_MS / 2;
/** Sockets that failed in a row before commands go by REST. */
const FAILURES_BEFORE_REST = 2;
const RANK: readonly ControlKind[] = ["datachannel", "livekit", "websocket", "rest"];

interface LinkOptions {
  api: ApiClient;
  store: Store;
  runId: string;
  token: string | null;
}

/**
 * Connects to the run's events and commands over the best channel there is: data channel, LiveKit data, WebSocket,
 * REST. A channel that closes or falls silent is replaced; no message is lost or applied twice.
 */
export class ControlLink implements ChannelListener {
  readonly #options: LinkOptions;
  readonly #open = new Set<ControlChannel>();
  readonly #backoff = new Backoff({ first: 400, most: 10_000 });
  readonly #queue: CommandQueue;
  #active: ControlChannel | null = null;
  #socket: SocketChannel | null = null;
  #rest: RestChannel | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#queue = new CommandQueue({
      onSilence: (channel) => this.#onSilence(channel),
      onChange: (pending) => options.store.set({ pending }),
    });
  }

  start(): void {
    this.#connectSocket();
    this.#ping = setInterval(() => void this.#measureRoundTrip(), PING_MS);
  }

  /** Sends a command; a refusal is thrown as `CommandError`. */
  async request(command: Command): Promise<ServerMessage> {
    return this.#queue.submit(command);
  }

  /** Sends a command; a refusal is shown to the person. */
  async send(command: Command): Promise<ServerMessage | null> {
    try {
      return await this.request(command);
    } catch (error) {
      if (!(error instanceof CommandError && error.code === "closed"))
        this.#options.store.notify("error", describe(error));
      return null;
    }
  }

  sendMove(move: InputMessage): void {
    this.#active?.sendMove(move);
  }

  /** Tries again at once: the network or the machine is back. */
  wake(): void {
    this.#backoff.reset();
    if (this.#socket === null && this.#active?.kind !== "datachannel") this.#connectSocket();
    else void this.#measureRoundTrip();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#ping);
    for (const channel of [this.#socket, this.#rest, ...this.#open]) channel?.close();
    this.#queue.close();
  }

  /** Shows that the server does not let this viewer in (any more), and stops asking. */
  refuse({ status, code, message }: ApiError): void {
    this.#options.store.set({ fatal: { status, code, text: message } });
    this.close();
  }

  /** A data channel counts from its `hello` on, which shows that it works both ways; a socket that missed nothing gets none. */
  onOpen(channel: ControlChannel): void {
    if (channel.kind !== "datachannel") this.#markWorking(channel);
  }

  onMessage(channel: ControlChannel, message: ServerMessage): void {
    const { store } = this.#options;
    const check = checkSequence(message, channel.kind, store.state.run === null ? null : store.state.seq);
    if (check === "apply") store.receive(message);
    if (check === "gap") this.#resync(channel);
    if (check === "apply" && message.type === "step_override_dropped") store.notify("info", message.reason);
    if (check === "apply" && message.type === "plan_changed")
      for (const { words } of message.lost ?? [])
        store.notify("info", `The breakpoint is gone with its step: ${words}`);
    this.#queue.receive(channel, message);
    if (channel !== this.#active) this.#markWorking(channel);
  }

  onClose(channel: ControlChannel): void {
    this.#open.delete(channel);
    if (channel === this.#socket) this.#socket = null;
    if (channel === this.#rest) this.#rest = null;
    if (this.#closed) return;
    this.#selectChannel();
    if (channel.kind === "websocket" || channel.kind === "datachannel") this.#reconnectLater();
  }

  /** A channel that belongs to a picture cannot be opened anew: it is put aside until a message comes on it again. */
  #onSilence(channel: ControlChannel): void {
    if (channel.kind === "websocket" || channel.kind === "rest") return channel.close();
    this.#open.delete(channel);
    this.#selectChannel();
    this.#reconnectLater();
  }

  #markWorking(channel: ControlChannel): void {
    if (channel.kind === "websocket") this.#backoff.reset();
    this.#open.add(channel);
    this.#selectChannel();
  }

  #selectChannel(): void {
    const best = [...this.#open].sort((a, b) => RANK.indexOf(a.kind) - RANK.indexOf(b.kind))[0] ?? null;
    if (best === this.#active) return;
    this.#active = best;
    this.#options.store.set({ control: best?.kind ?? null, controlMs: null });
    this.#queue.use(best);
    if (best?.kind === "websocket" || best?.kind === "datachannel") this.#rest?.close();
    if (best?.kind === "datachannel") this.#socket?.close();
    if (best !== null) void this.#measureRoundTrip();
  }

  #connectSocket(): void {
    clearTimeout(this.#retry);
    if (this.#socket !== null || this.#closed) return;
    const { api, store, runId, token } = this.#options;
    const since = store.state.run === null ? 0 : store.state.seq;
    this.#socket = new SocketChannel(socketUrl(api.url("/ws/test-control"), { runId, since }), token, this);
  }

  /** Connects again after a wait, unless a better channel carries everything. */
  #reconnectLater(): void {
    clearTimeout(this.#retry);
    if (this.#active?.kind === "datachannel" || isOver(this.#options.store.state.run)) return;
    const wait = this.#backoff.attempts === 0 ? 0 : this.#backoff.next();
    if (this.#backoff.attempts === 0) this.#backoff.next();
    if (this.#backoff.attempts > FAILURES_BEFORE_REST) this.#startRest();
    this.#retry = setTimeout(() => this.#connectSocket(), wait);
  }

  #startRest(): void {
    if (this.#rest !== null || this.#active !== null) return;
    const { api, runId } = this.#options;
    this.#rest = new RestChannel({
      api,
      runId,
      listener: this,
      onRun: (run) => this.#applyRun(run),
      onRefused: (error) => this.refuse(error),
    });
  }

  #applyRun(run: Run): void {
    const { store, token } = this.#options;
    store.applyRun(run, store.state.role ?? roleOf(token));
  }

  /** The socket brings what is missing when it connects: one that is beside the channel with the gap is waited for. */
  #resync(channel: ControlChannel): void {
    if (this.#socket !== null && channel !== this.#socket) return;
    this.#socket?.close();
    this.#connectSocket();
  }

  async #measureRoundTrip(): Promise<void> {
    const { store } = this.#options;
    const channel = this.#active;
    if (channel === null || channel.kind === "rest" || isOver(store.state.run)) return;
    const sent = performance.now();
    try {
      const { at } = await this.request({ type: "ping", t: Math.round(sent) });
      const controlMs = performance.now() - sent;
      const clockAheadMs = at === undefined ? 0 : Date.parse(at) + controlMs / 2 - Date.now();
      if (channel === this.#active) store.set({ controlMs, clockAheadMs });
    } catch {
      // The silence of the channel is dealt with where it is noticed.
    }
  }
}

/** True once the end itself has come, `run_finished`: a channel that goes with the picture may be cut before it. */
const isOver = (run: Run | null): boolean => run !== null && isFinal(run.status) && run.endedAt !== null;

/** A share token says its role in the open; an API key has no such form and is the owner's. The server decides anyway. */
function roleOf(token: string | null): Role {
  try {
    const payload = (token ?? "").split(".")[1] ?? "";
    const { role } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as { role?: Role };
    return role ?? "owner";
  } catch {
    return "owner";
  }
}
