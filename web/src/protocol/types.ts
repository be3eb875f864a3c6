/** The shapes of the HTTP API and of the events, by the names that the player has for them. Times are RFC 3339 strings. */

import type * as wire from "./generated";

export type {
  Action,
  ActionType,
  AttachSessionInfo,
  Box,
  Comment,
  ConsoleEntry,
  ConsoleList,
  DialogAnswer,
  Holder,
  HttpBody,
  InstructionProblem,
  InstructionsChecked,
  Locators,
  NewRun,
  Proposal,
  RecordingTimeline,
  RequestEntry,
  RequestList,
  Role,
  RunStatus,
  SessionRef,
  SharedLink,
  Size,
  SourceExcerpt,
  SourceLocation,
  StepSummary,
  Tab,
} from "./generated";

/** Where an override is done: in place of the next step, or before it. */
export type Place = NonNullable<wire.StepOverride["place"]>;

export type Mode = wire.RunView["mode"];
/** A planner that a run can be created with. */
export type PlannerName = NonNullable<wire.NewRun["planner"]>;

/** A step as far as it is known: a listed run has summaries, events have everything. */
export type Step = wire.StepSummary & Partial<wire.Step>;

/** Who holds control; `graceUntil` is set while the holder is away: control ends at this time. */
export type ControlState = wire.Control & Partial<Pick<wire.ControlChanged, "graceUntil">>;

/** A run as the player keeps it up to date: details of steps, and of control, come by events. */
export type Run = Omit<wire.RunView, "steps" | "control"> & { steps: Step[]; control: ControlState };

export type RunList = Omit<wire.RunList, "runs"> & { runs: Run[] };

/** A native dialog, file chooser or `<select>` of the remote page. */
export type RemoteDialog = Omit<wire.Dialog, "type">;

/** The active page of the remote browser. */
export type Page = Omit<wire.PageChanged, "type">;

/** A file that the page has downloaded, or was kept from downloading. */
export type Download = Pick<wire.DownloadEntry, "number" | "step" | "name" | "size" | "error">;

/** What a run waits for. */
export type Waiting = Omit<wire.Waiting, "type">;

/** What people are asked while a run is stuck. */
export type HelpRequest = Omit<wire.HelpNeeded, "type">;

/** The element at a point of the picture. */
export type Picked = Omit<wire.Picked, "type">;

export type StreamInfo = Omit<wire.StreamInfo, "iceServers"> & { iceServers: RTCIceServer[] };

export type ShareToken = wire.ShareToken;

/** Every action that a person may choose, in the order of the form. */
export const ACTION_TYPES = Object.keys({
  click: true,
  double_click: true,
  hover: true,
  type: true,
  press: true,
  select: true,
  check: true,
  uncheck: true,
  scroll: true,
  navigate: true,
  back: true,
  forward: true,
  reload: true,
  wait: true,
  upload: true,
  drag: true,
  new_tab: true,
  switch_tab: true,
  close_tab: true,
  expect_text: true,
  expect_visible: true,
  expect_url: true,
  expect_download: true,
} satisfies Record<Exclude<wire.ActionType, "call">, true>) as wire.ActionType[];

const FINAL: readonly wire.RunStatus[] = ["passed", "failed", "cancelled"];

/** True when the run will not change any more. */
export function isFinal(status: wire.RunStatus): boolean {
  return FINAL.includes(status);
}
