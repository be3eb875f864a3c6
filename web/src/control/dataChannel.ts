import { type InputMessage, parseMessage } from "../protocol/messages";
import type { ChannelListener, ControlChannel, Envelope } from "./channel";

const MOVE_BACKLOG_BYTES = 4_096;

/** Uses the two data channels of a WHEP session: `test-control` for all messages, `test-input` for pointer moves. */
export class DataControlChannel implements ControlChannel {
  readonly kind = "datachannel";
  readonly #control: RTCDataChannel;
  readonly #input: RTCDataChannel;
  readonly #listener: ChannelListener;
  #closed = false;

  /** Creates both channels; to be called before the offer is made. */
  constructor(peer: RTCPeerConnection, listener: ChannelListener) {
    this.#listener = listener;
    this.#control = peer.createDataChannel("test-control", { ordered: true });
    this.#input = peer.createDataChannel("test-input", { ordered: false, maxRetransmits: 0 });
    this.#control.onopen = () => listener.onOpen(this);
    this.#control.onmessage = ({ data }) => {
      const message = parseMessage(data);
      if (message !== null && !this.#closed) listener.onMessage(this, message);
    };
    this.#control.onclose = () => this.close();
  }

  send(command: Envelope): void {
    if (this.#control.readyState === "open") this.#control.send(JSON.stringify(command));
  }

  sendMove(move: InputMessage): void {
    const isOpen = this.#input.readyState === "open";
    if (isOpen && this.#input.bufferedAmount < MOVE_BACKLOG_BYTES) this.#input.send(JSON.stringify(move));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#control.close();
    this.#input.close();
    this.#listener.onClose(this);
  }
}
