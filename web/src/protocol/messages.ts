import type {
  Action,
  ControlState,
  Holder,
  Page,
  Picked,
  Proposal,
  RemoteDialog,
  Role,
  Run,
  RunStatus,
  Step,
} from "./types";

export type Modifier = "Alt" | "Control" | "Meta" | "Shift";

export interface InputBase {
  type: "input";
  /** Size of the decoded picture that `x` and `y` are pixels of. */
  width: number;
  height: number;
  modifiers: Modifier[];
}

export interface PointerInput extends InputBase {
  kind: "move" | "down" | "up" | "wheel" | "touch_start" | "touch_move" | "touch_end";
  x: number;
  y: number;
  button?: "left" | "middle" | "right";
  buttons?: number;
  clickCount?: number;
  deltaX?: number;
  deltaY?: number;
}

export interface KeyInput extends InputBase {
  kind: "key_down" | "key_up";
  key: string;
  code: string;
  repeat?: boolean;
}

export interface TextInput extends InputBase {
  kind: "text" | "paste";
  text: string;
}

export type InputMessage = PointerInput | KeyInput | TextInput;

export interface UploadedFile {
  name: string;
  mimeType: string;
  /** Base64. */
  data: string;
}

export interface DialogAnswer {
  type: "answer_dialog";
  dialogId: string;
  accept: boolean;
  text?: string;
  values?: string[];
  files?: UploadedFile[];
}

/** What a client may say, without its `id`. */
export type Command =
  | { type: "pause" | "resume" | "step" | "cancel" | "skip_step" }
  | { type: "approve_step"; proposalId?: string }
  | { type: "step_override"; action: Action }
  | { type: "update_instructions"; instructions: string }
  | { type: "replay_step"; stepNumber: number }
  | { type: "take_control"; force?: boolean }
  | { type: "release_control"; to?: string }
  | { type: "pick"; x: number; y: number; width: number; height: number }
  | { type: "ping"; t: number }
  | DialogAnswer
  | InputMessage;

export type CommandType = Command["type"];

export interface Stamp {
  runId: string;
  seq: number;
  at: string;
}

/** What people are asked while a run is stuck. */
export interface HelpRequest {
  reason: string;
  deadline: string | null;
  suggestions?: Proposal[];
}

/** What the server says. Every event carries a `Stamp`; replies carry the newest `seq` and do not advance it. */
export type ServerMessage = Partial<Stamp> &
  (
    | {
        type: "hello";
        role: Role;
        protocol: number;
        viewerId: string;
        run: Run;
        dialogs?: RemoteDialog[];
        page?: Page | null;
        help?: HelpRequest | null;
      }
    | {
        type: "stream_available";
        streamUrl: string | null;
        whepUrl: string | null;
        livekitUrl?: string | null;
        token?: string | null;
      }
    | { type: "run_state"; status: RunStatus; paused: boolean }
    | { type: "step_proposed"; proposal: Proposal | null }
    | { type: "test_step"; step: Step; totalSteps?: number | null }
    | { type: "step_override_queued"; action: Action }
    | { type: "step_override_dropped"; action: Action; reason: string }
    | { type: "instructions_updated"; instructions: string; version: number }
    | ({ type: "help_needed" } & HelpRequest)
    | ({ type: "control_changed" } & ControlState)
    | { type: "viewers"; count: number; controllers?: Holder[] }
    | ({ type: "page_changed" } & Page)
    | ({ type: "dialog" } & RemoteDialog)
    | { type: "run_finished"; status: RunStatus; error: string | null }
    | { type: "step_replay"; id?: string; step: Step }
    | ({ type: "picked" } & Picked)
    | { type: "ack"; id: string }
    | { type: "error"; id?: string; code: string; message: string }
    | { type: "pong"; id?: string; t: number }
  );

export type ServerMessageOf<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

const REPLIES: readonly string[] = ["ack", "error", "pong", "hello", "step_replay", "picked"];

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
