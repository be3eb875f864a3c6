import type { RecordingState } from "../media/recording";
import type { Command, CommandType } from "../protocol/messages";
import type {
  Action,
  Download,
  Page,
  Picked,
  Proposal,
  RemoteDialog,
  Role,
  Run,
  Size,
  Step,
  Waiting,
} from "../protocol/types";

export type TransportKind = "livekit" | "whep" | "mjpeg" | "polling";
export type ControlKind = "datachannel" | "livekit" | "websocket" | "rest";

export type MediaPhase =
  /** Nothing asked for yet. */
  | "idle"
  /** The run has no picture yet. */
  | "waiting"
  | "connecting"
  | "live"
  /** The last picture stays on screen while another transport is tried. */
  | "reconnecting"
  | "ended"
  /** The server does not stream at all. */
  | "unavailable";

export interface MediaState {
  phase: MediaPhase;
  transport: TransportKind | null;
  /** Why the picture is not live, in words for a person. */
  reason: string | null;
}

export interface MediaStats {
  codec: string | null;
  width: number;
  height: number;
  /** Frames per second over the last second or so. */
  fps: number;
  /** Received, in kbit/s. */
  kbps: number;
  /** Network round trip in milliseconds. */
  roundTripMs: number | null;
  /** From the server's frame to the screen, as far as this transport shows it, in milliseconds. */
  ageMs: number | null;
  /** Frames dropped since the transport started. */
  dropped: number;
  /** Packets lost since the transport started. */
  lost: number;
}

export interface Help {
  reason: string;
  /** Stands still while somebody holds control, or the run is paused. */
  deadline: string | null;
  suggestions: Proposal[];
}

export interface Notice {
  key: number;
  tone: "error" | "info";
  text: string;
}

export interface PlayerState {
  runId: string;
  /** Number of the newest event that is part of this state. */
  seq: number;
  role: Role | null;
  viewerId: string | null;
  run: Run | null;
  page: Page | null;
  dialogs: RemoteDialog[];
  help: Help | null;
  /** What the run waits for: a model, or an element. */
  waiting: Waiting | null;
  /** Overrides accepted by the server and not done yet. */
  queued: Action[];
  /** What has gone wrong in the page since this viewer came: the newest entry's number, and how many errors. */
  pageNews: { newest: number; errors: number };
  /** What the page has downloaded since this viewer came. */
  downloads: Download[];
  /** The step that the server last replayed for this viewer. */
  replay: Step | null;
  picked: Picked | null;
  /** The channel that commands take now; null while there is none. */
  control: ControlKind | null;
  /** Round trip of the control channel in milliseconds. */
  controlMs: number | null;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  clockAheadMs: number;
  media: MediaState;
  /** Size of the decoded picture; null before the first one. */
  size: Size | null;
  stats: MediaStats | null;
  /** The run's recording, and what of it this viewer looks at; null while there is none. */
  recording: RecordingState | null;
  /** Commands sent and not answered yet, by id. */
  pending: Record<string, CommandType>;
  notices: Notice[];
  /** Set when nothing can be shown: run unknown, credential refused, server away at the start. */
  fatal: { status: number; code: string | null; text: string } | null;
}

export function initialState(runId: string): PlayerState {
  return {
    runId,
    seq: 0,
    role: null,
    viewerId: null,
    run: null,
    page: null,
    dialogs: [],
    help: null,
    waiting: null,
    queued: [],
    pageNews: { newest: 0, errors: 0 },
    downloads: [],
    replay: null,
    picked: null,
    control: null,
    controlMs: null,
    clockAheadMs: 0,
    media: { phase: "idle", transport: null, reason: null },
    size: null,
    stats: null,
    recording: null,
    pending: {},
    notices: [],
    fatal: null,
  };
}

export const canSteer = (state: PlayerState): boolean => state.role === "controller" || state.role === "owner";

/** Returns the command by which a person lets the proposed step happen; null while it waits for nobody, or cannot be. */
export function approvalOf({ run }: PlayerState): Command | null {
  if (run === null || run.proposal === null || run.control.holder !== null) return null;
  const { proposalId } = run.proposal;
  if (run.mode === "review" || run.status === "diagnosing") return { type: "approve_step", proposalId };
  return run.paused ? { type: "step" } : null;
}

/** Returns the step that has failed and that people were asked about; null where none has. */
export function failedStep({ run, help }: PlayerState): Step | null {
  const last = run?.steps.findLast(({ source }) => source !== "human");
  return help !== null && last?.status === "failed" ? last : null;
}

/** True while this viewer holds the controls of the remote page. */
export function holdsControl(state: PlayerState): boolean {
  const holder = state.run?.control.holder;
  return holder != null && holder.viewerId === state.viewerId;
}

/** Says who has control, for what cannot be done meanwhile; null while nobody has it. */
export function whoHasControl(state: PlayerState): string | null {
  const holder = state.run?.control.holder;
  if (holder == null) return null;
  return holdsControl(state) ? "You have control" : `${holder.name} has control`;
}
