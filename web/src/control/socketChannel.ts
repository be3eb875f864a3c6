import { type InputMessage, parseMessage } from "../protocol/messages";
import type { ChannelListener, ControlChannel, Envelope } from "./channel";

/** Server side buffers are bounded: pointer moves are dropped while this many bytes wait to be sent. */
const MOVE_BACKLOG_BYTES = 16_384;

/** What the server chooses, beside which the credential is offered. */
const PROTOCOL = "jumpseat.control";
const BEARER = "jumpseat.bearer.";

/** Carries control messages over the WebSocket `/ws/test-control`. */
export class SocketChannel implements ControlChannel {
  readonly kind = "websocket";
  readonly #socket: WebSocket;
  readonly #listener: ChannelListener;
  #closed = false;

  /** The credential goes as a subprotocol, the only header that a page can set on a WebSocket: no address has it. */
  constructor(url: string, token: string | null, listener: ChannelListener) {
    this.#listener = listener;
    this.#socket = token === null ? new WebSocket(url) : new WebSocket(url, [PROTOCOL, BEARER + base64Url(token)]);
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
  since: number;
}

/** Returns the URL of the control socket; `since` asks for the events after that number. */
export function socketUrl(address: string, { runId, since }: Subscription): string {
  const url = new URL(address);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("runId", runId);
  if (since > 0) url.searchParams.set("since", String(since));
  return url.href;
}

function base64Url(text: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
