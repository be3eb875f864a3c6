import type { Command, InputMessage, ServerMessage } from "../protocol/messages";
import type { ControlKind } from "../store/state";

export type Envelope = Command & { id: string };

/** One way to say commands and to hear events. It lives once: a channel that closed is replaced by a new one. */
export interface ControlChannel {
  readonly kind: ControlKind;
  /** Sends a command; nothing is thrown when the channel is closing, its `onClose` tells. */
  send(command: Envelope): void;
  /** Sends a pointer move, which may get lost. */
  sendMove(move: InputMessage): void;
  /** Idempotent; calls `onClose` once. */
  close(): void;
}

export interface ChannelListener {
  onOpen(channel: ControlChannel): void;
  onMessage(channel: ControlChannel, message: ServerMessage): void;
  onClose(channel: ControlChannel): void;
}
