import { isReply, type ServerMessage } from "../protocol/messages";
import type { ControlKind } from "../store/state";

export type SequenceCheck = "apply" | "drop" | "gap";

/**
 * Decides what to do with a message, so that two channels which overlap during a switch give every event once, in order.
 * `seq` is the number of the newest event applied; null before the first `hello`.
 */
export function checkSequence(message: ServerMessage, from: ControlKind, seq: number | null): SequenceCheck {
  if (message.type === "hello") return isStaleHello(message, from, seq) ? "drop" : "apply";
  if (seq === null) return isReply(message) ? "apply" : "drop";
  if (isReply(message) || message.seq === undefined) return "apply";
  if (message.seq <= seq) return "drop";
  return message.seq === seq + 1 ? "apply" : "gap";
}

/**
 * A socket's `hello` always counts: it comes first on a connection, and instead of missed events only where those are gone.
 * A data channel opens beside a socket that may be ahead of it.
 */
function isStaleHello(message: ServerMessage, from: ControlKind, seq: number | null): boolean {
  return from === "datachannel" && seq !== null && (message.seq ?? 0) < seq;
}
