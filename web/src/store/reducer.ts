import { isReply, type ServerMessage, type ServerMessageOf } from "../protocol/messages";
import {
  type Action,
  type Download,
  type HelpRequest,
  isFinal,
  type RemoteDialog,
  type Role,
  type Run,
  type Step,
  type Waiting,
} from "../protocol/types";
import type { PlayerState } from "./state";

/** Returns the state after one server message. Messages must come in order and without gaps: see `checkSequence`. */
export function reduce(state: PlayerState, message: ServerMessage): PlayerState {
  const next = apply(state, message);
  if (message.type === "hello") return { ...next, seq: message.seq ?? 0 };
  return isReply(message) || message.seq === undefined ? next : { ...next, seq: message.seq };
}

/** Returns the state after the run was read by HTTP, which has neither the dialogs nor the page nor the call for help. */
export function applyRun(state: PlayerState, run: Run, role: Role): PlayerState {
  return cleared({ ...withWholeRun(state, run), role });
}

function apply(state: PlayerState, message: ServerMessage): PlayerState {
  switch (message.type) {
    case "hello":
      return hello(state, message);
    case "run_state":
      return runState(state, message);
    case "step_proposed":
      return withRun(state, { proposal: message.proposal });
    case "test_step":
      return testStep(state, message);
    case "step_override_queued":
      return { ...state, queued: [...state.queued, message.action] };
    case "step_override_dropped":
      return { ...state, queued: without(state.queued, message.action) };
    case "instructions_updated":
      return instructionsUpdated(state, message);
    case "help_needed":
      return { ...state, help: helpOf(message) };
    case "waiting":
      return { ...state, waiting: message.subject === null ? null : waitingOf(message) };
    case "control_changed":
      return controlChanged(state, message);
    case "curtain_changed":
      return withRun(state, { curtain: { closedBy: message.closedBy, liftedBy: message.liftedBy } });
    case "viewers":
      return withRun(state, viewersOf(message));
    case "page_changed":
      return { ...state, page: pickPage(message) };
    case "dialog":
      return { ...state, dialogs: dialogs(state.dialogs, message) };
    case "test_identified":
      return withRun(state, { test: message.test });
    case "console":
      return pageNews(state, message.number, message.level === "error");
    case "request_failed":
      return pageNews(state, message.number, true);
    case "downloaded":
      return { ...state, downloads: [...state.downloads, downloadOf(message)] };
    case "comment":
      return commentChanged(state, message);
    case "run_finished":
      return runFinished(state, message);
    case "picked":
      return { ...state, picked: message };
    default:
      return state;
  }
}

function commentChanged(state: PlayerState, { comment, removed }: ServerMessageOf<"comment">): PlayerState {
  const others = (state.run?.comments ?? []).filter(({ number }) => number !== comment.number);
  return withRun(state, { comments: removed ? others : [...others, comment] });
}

function pageNews(state: PlayerState, newest: number, isError: boolean): PlayerState {
  return { ...state, pageNews: { newest, errors: state.pageNews.errors + Number(isError) } };
}

const downloadOf = ({ number, step, name, size, error }: Download): Download => ({ number, step, name, size, error });

function waitingOf({ subject, since, reason, tokens, cost }: Waiting): Waiting {
  return { subject, since, reason, tokens, cost };
}

function withRun(state: PlayerState, change: Partial<Run>): PlayerState {
  return state.run === null ? state : { ...state, run: { ...state.run, ...change } };
}

function hello(state: PlayerState, message: ServerMessageOf<"hello">): PlayerState {
  const { run, role, viewerId } = message;
  return {
    ...withWholeRun(wentBack(state, message) ? { ...state, queued: [] } : state, run),
    role,
    viewerId,
    dialogs: message.dialogs ?? [],
    page: message.page ?? state.page,
    help: message.help ? helpOf(message.help) : null,
    waiting: message.waiting ? waitingOf(message.waiting) : null,
  };
}

/** True where the server is behind this state: it has lost what was queued. */
function wentBack({ run, seq }: PlayerState, message: ServerMessageOf<"hello">): boolean {
  return run?.id !== message.run.id || (message.seq ?? 0) < seq;
}

/** Puts a whole run into the state; overrides that were done meanwhile wait no more. */
function withWholeRun(state: PlayerState, run: Run): PlayerState {
  const known = state.run?.steps ?? [];
  const numbers = new Set(known.map(({ stepNumber }) => stepNumber));
  const done = run.steps.filter(({ source, stepNumber }) => source === "override" && !numbers.has(stepNumber));
  return { ...state, run: { ...run, steps: mergeSteps(known, run.steps) }, queued: state.queued.slice(done.length) };
}

/** Drops what the status of the run rules out. */
function cleared(state: PlayerState): PlayerState {
  const status = state.run?.status;
  if (status !== undefined && isFinal(status)) return { ...state, help: null, waiting: null, queued: [], dialogs: [] };
  return status === "diagnosing" || status === "paused" ? state : { ...state, help: null };
}

/** Keeps the details of known steps, which the summaries in a Run lack. */
function mergeSteps(known: Step[], fresh: Step[]): Step[] {
  const byNumber = new Map(known.map((step) => [step.stepNumber, step]));
  return fresh.map((step) => ({ ...byNumber.get(step.stepNumber), ...step }));
}

function runState(state: PlayerState, message: ServerMessageOf<"run_state">): PlayerState {
  const { status, paused } = message;
  const startedAt = state.run?.startedAt ?? (status === "running" ? (message.at ?? null) : null);
  return cleared(withRun(state, { status, paused, startedAt }));
}

function testStep(state: PlayerState, { step, totalSteps }: ServerMessageOf<"test_step">): PlayerState {
  const run = state.run;
  if (run === null) return state;
  const steps = upsert(run.steps, step);
  // A repair is proposed as a step of its own but runs as the step that failed.
  const done = step.status === "running" || (run.proposal !== null && run.proposal.stepNumber <= step.stepNumber);
  const next = withRun(state, {
    steps,
    currentStep: Math.max(run.currentStep, step.stepNumber),
    totalSteps: totalSteps === undefined ? run.totalSteps : totalSteps,
    proposal: done ? null : run.proposal,
  });
  const isNew = steps.length > run.steps.length;
  return step.source === "override" && isNew ? { ...next, queued: state.queued.slice(1) } : next;
}

/** Returns the queue without the first action that is the same. */
function without(queued: Action[], action: Action): Action[] {
  const text = JSON.stringify(action);
  const index = queued.findIndex((each) => JSON.stringify(each) === text);
  return index < 0 ? queued : queued.toSpliced(index, 1);
}

function upsert(steps: Step[], step: Step): Step[] {
  const index = steps.findIndex((each) => each.stepNumber === step.stepNumber);
  if (index >= 0) return steps.with(index, { ...steps[index], ...step });
  return [...steps, step].sort((a, b) => a.stepNumber - b.stepNumber);
}

function instructionsUpdated(state: PlayerState, message: ServerMessageOf<"instructions_updated">): PlayerState {
  const proposal = state.run?.proposal ?? null;
  const stale = proposal !== null && proposal.instructionsVersion < message.version;
  return withRun(state, {
    instructions: message.instructions,
    instructionsVersion: message.version,
    proposal: stale ? null : proposal,
  });
}

const helpOf = ({ reason, deadline, suggestions }: HelpRequest): PlayerState["help"] => ({
  reason,
  deadline,
  suggestions: suggestions ?? [],
});

const pickPage = ({ url, title, tabs, viewport }: ServerMessageOf<"page_changed">): PlayerState["page"] => ({
  url,
  title,
  tabs,
  viewport: viewport ?? null,
});

const viewersOf = ({ count, controllers, watchers }: ServerMessageOf<"viewers">): Partial<Run> => ({
  viewers: count,
  ...(controllers && { controllers }),
  ...(watchers && { watchers }),
});

/** A run that nobody holds any more looks at the page afresh, and asks anew where it must. */
function controlChanged(state: PlayerState, message: ServerMessageOf<"control_changed">): PlayerState {
  const next = withRun(state, { control: pickControl(message) });
  return message.holder === null ? { ...next, help: null } : next;
}

function pickControl({ holder, since, graceUntil, requests }: ServerMessageOf<"control_changed">): Run["control"] {
  return { holder, since: since ?? null, graceUntil: graceUntil ?? null, requests: requests ?? [] };
}

function dialogs(open: RemoteDialog[], dialog: RemoteDialog): RemoteDialog[] {
  const others = open.filter((each) => each.dialogId !== dialog.dialogId);
  return dialog.closed ? others : [...others, dialog];
}

function runFinished(state: PlayerState, message: ServerMessageOf<"run_finished">): PlayerState {
  const endedAt = message.at ?? state.run?.endedAt ?? null;
  const change = {
    status: message.status,
    error: message.error,
    failedSteps: message.failedSteps,
    paused: false,
    proposal: null,
    endedAt,
  };
  const control = { holder: null, since: null, requests: [] };
  return cleared(withRun(state, { ...change, control }));
}
