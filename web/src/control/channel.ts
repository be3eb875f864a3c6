import type { Command, InputMessage, ServerMessage } from "../protocol/messages";
import type { ControlKind } from "../store/state";

export type Envelope = Command & { id: string };

/** Carries commands to the server and messages back. A channel is used once: one that closed is replaced by a new one. */
export interface ControlChannel {
  readonly kind: ControlKind;
  /** Sends a command; nothing is thrown while the channel is closing: `onClose` follows. */
  send(command: Envelope): void;
  /** Sends a pointer move, which may get lost. */
  sendMove(move: InputMessage): void;
  /** Closes the channel and calls `onClose`, once however often it is called. */
  close(): void;
}

export interface ChannelListener {
  onOpen(channel: ControlChannel): void;
  onMessage(channel: ControlChannel, message: ServerMessage): void;
  onClose(channel: ControlChannel): void;
}
