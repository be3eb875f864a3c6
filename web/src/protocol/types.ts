/** The shapes of the HTTP API and of the events, as the server sends them. Times are RFC 3339 strings. */

export type RunStatus = "queued" | "starting" | "running" | "paused" | "diagnosing" | "passed" | "failed" | "cancelled";

export type StepStatus = "running" | "passed" | "failed" | "skipped";
export type StepSource = "plan" | "override" | "human";
export type Role = "viewer" | "controller" | "owner";
export type Mode = "auto" | "review";
export type PlannerName = "plain" | "script" | "model";

export const ACTION_TYPES = [
  "click",
  "double_click",
  "hover",
  "type",
  "press",
  "select",
  "check",
  "uncheck",
  "scroll",
  "navigate",
  "back",
  "forward",
  "reload",
  "wait",
  "upload",
  "drag",
  "switch_tab",
  "close_tab",
  "expect_text",
  "expect_visible",
  "expect_url",
] as const;

export type ActionType = (typeof ACTION_TYPES)[number];

export interface Action {
  type: ActionType;
  /** A Playwright selector. */
  selector?: string | null;
  value?: string | number | null;
  /** `drag` only: the selector to drop on. */
  target?: string | null;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Proposal {
  proposalId: string;
  stepNumber: number;
  action: Action;
  description: string;
  reasoning: string | null;
  source: "plan" | "override" | "repair";
  /** CSS pixels of `viewport`. */
  box: Box | null;
  viewport: Size | null;
  instructionsVersion: number;
}

export interface StepSummary {
  stepNumber: number;
  action: ActionType;
  target: string | null;
  value: string | null;
  description: string;
  source: StepSource;
  status: StepStatus;
  error: string | null;
  timestamp: string;
  durationMs: number | null;
  screenshotUrl: string | null;
}

export interface Step extends StepSummary {
  reasoning?: string | null;
  url?: string | null;
  instructionsVersion?: number;
  /** What the planner proposed, when something else was done. */
  proposed?: Action | null;
  attempts?: number;
  beforeScreenshotUrl?: string | null;
  fullAction?: Action | null;
  box?: Box | null;
  viewport?: Size | null;
  /** The index of the tab that it was done in. */
  tab?: number | null;
  dialogs?: DialogAnswer[];
}

/** A native dialog, and what it was answered. */
export interface DialogAnswer {
  kind: string;
  message: string;
  accepted: boolean;
  text: string | null;
}

/** A viewer who holds control, or may. */
export interface Holder {
  viewerId: string;
  name: string;
}

export interface ControlState {
  holder: Holder | null;
  since: string | null;
  /** Set while the holder is away: control ends at this time. */
  graceUntil?: string | null;
}

export interface Run {
  id: string;
  name: string | null;
  status: RunStatus;
  paused: boolean;
  url: string;
  instructions: string | null;
  instructionsVersion: number;
  planner: PlannerName;
  mode: Mode;
  currentStep: number;
  totalSteps: number | null;
  steps: Step[];
  proposal: Proposal | null;
  control: ControlState;
  viewers: number;
  /** Those who are here and may take control. */
  controllers?: Holder[];
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  error: string | null;
}

export interface Tab {
  index: number;
  url: string;
  title: string;
  active: boolean;
}

export interface Page {
  url: string;
  title: string;
  tabs: Tab[];
  viewport?: Size | null;
}

export interface DialogOption {
  value: string;
  label: string;
  selected?: boolean;
  disabled?: boolean;
}

export interface RemoteDialog {
  dialogId: string;
  kind: "alert" | "confirm" | "prompt" | "beforeunload" | "file_chooser" | "select";
  message: string;
  defaultValue?: string | null;
  options?: DialogOption[] | null;
  multiple?: boolean | null;
  accept?: string | null;
  deadline?: string | null;
  closed?: boolean;
}

export interface StreamInfo {
  streamUrl: string | null;
  mjpegUrl: string | null;
  whepUrl: string | null;
  controlUrl: string | null;
  iceServers: RTCIceServer[];
  livekitUrl: string | null;
  /** A LiveKit token. */
  token: string | null;
  /** May watch this run and nothing else: used where a credential has to stand in an address. */
  viewerToken: string | null;
  expiresAt: string | null;
}

export interface ShareToken {
  id?: string;
  token: string;
  watchUrl: string;
  expiresAt: string;
}

export interface NewRun {
  url: string;
  name?: string;
  instructions?: string;
  steps?: Action[];
  planner?: PlannerName;
  mode?: Mode;
  viewport?: Size;
  secrets?: Record<string, string>;
}

export interface RunList {
  runs: Run[];
  nextCursor: string | null;
}

export interface Picked {
  id?: string;
  selector: string;
  role: string | null;
  name: string | null;
  text: string | null;
  box: Box | null;
  viewport: Size | null;
}

const FINAL: readonly RunStatus[] = ["passed", "failed", "cancelled"];

/** True when the run will not change any more. */
export function isFinal(status: RunStatus): boolean {
  return FINAL.includes(status);
}
