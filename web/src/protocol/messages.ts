/** The control messages of both directions, as the player sends and reads them. */

import type * as wire from "./generated";

export type { AnswerDialog, FileContent } from "./generated";

export type Modifier = NonNullable<wire.Input["modifiers"]>[number];

type InputOf<Kind extends wire.Input["kind"], Needed extends keyof wire.Input> = Pick<wire.Input, "type"> &
  Required<Pick<wire.Input, "width" | "height" | "modifiers" | Needed>> & { kind: Kind };

export type PointerInput = InputOf<
  "move" | "down" | "up" | "wheel" | "touch_start" | "touch_move" | "touch_end",
  "x" | "y"
> &
  Pick<wire.Input, "button" | "clickCount" | "deltaX" | "deltaY">;

export type KeyInput = InputOf<"key_down" | "key_up", "key" | "code"> & Pick<wire.Input, "repeat">;

export type TextInput = InputOf<"text" | "paste", "text">;

/** One `input` message, with the fields that its kind needs. */
export type InputMessage = PointerInput | KeyInput | TextInput;

/** What a client may send; the `id` is given on the way out. */
export type Command = WithoutId<Exclude<wire.ClientMessage, wire.Input>> | InputMessage;

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

export type CommandType = Command["type"];

/** Every event carries its number, run and time; replies carry the newest number and do not advance it. */
export type Stamp = wire.Envelope;

/** What the server sends. A reply that the player makes up itself, where a request got none, has no stamp. */
export type ServerMessage = Partial<Stamp> & (wire.Event | wire.Reply);

export type ServerMessageOf<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** The types of the messages to one client alone. */
const REPLIES = Object.keys({
  ack: true,
  error: true,
  pong: true,
  hello: true,
  step_replay: true,
  picked: true,
  copied: true,
} satisfies Record<wire.Reply["type"], true>);

/** True for a message to this client alone, which carries the newest `seq` without advancing it. */
export function isReply(message: ServerMessage): boolean {
  return REPLIES.includes(message.type);
}

/** Reads one JSON text frame. Returns null for anything that is not an object with a string `type`. */
export function parseMessage(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const value: unknown = JSON.parse(data);
    const isMessage =
      typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
    return isMessage ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}
