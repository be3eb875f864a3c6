import { type InputMessage, parseMessage } from "../protocol/messages";
import type { ChannelListener, ControlChannel, Envelope } from "./channel";

/** Server side buffers are bounded: pointer moves are dropped while this many bytes wait to be sent. */
const MOVE_BACKLOG_BYTES = 16_384;

/** Carries control messages over the WebSocket `/ws/test-control`. */
export class SocketChannel implements ControlChannel {
  readonly kind = "websocket";
  readonly #socket: WebSocket;
  readonly #listener: ChannelListener;
  #closed = false;

  constructor(url: string, listener: ChannelListener) {
    this.#listener = listener;
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => listener.onOpen(this);
    this.#socket.onmessage = ({ data }) => {
      const message = parseMessage(data);
      if (message !== null && !this.#closed) listener.onMessage(this, message);
    };
    this.#socket.onclose = () => this.close();
  }

  send(command: Envelope): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  sendMove(move: InputMessage): void {
    const isOpen = this.#socket.readyState === WebSocket.OPEN;
    if (isOpen && this.#socket.bufferedAmount < MOVE_BACKLOG_BYTES) this.#socket.send(JSON.stringify(move));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.#listener.onClose(this);
  }
}

interface Subscription {
  runId: string;
  token: string | null;
  since: number;
}

/** Returns the URL of the control socket; `since` asks for the events after that number. */
export function socketUrl(address: string, { runId, token, since }: Subscription): string {
  const url = new URL(address);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("runId", runId);
  if (token !== null) url.searchParams.set("token", token);
  if (since > 0) url.searchParams.set("since", String(since));
  return url.href;
}
