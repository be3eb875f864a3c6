import type { Action, DialogAnswer, Picked, RunStatus, Step } from "../protocol/types";
import type { ControlKind, TransportKind } from "../store/state";

export const TRANSPORT_NAMES: Record<TransportKind, string> = {
  livekit: "LiveKit",
  whep: "WebRTC",
  mjpeg: "MJPEG",
  polling: "Polling",
};

export const CONTROL_NAMES: Record<ControlKind, string> = {
  datachannel: "data channel",
  livekit: "LiveKit data",
  websocket: "WebSocket",
  rest: "HTTP",
};

export const STATUS_NAMES: Record<RunStatus, string> = {
  queued: "Queued",
  starting: "Starting",
  running: "Running",
  paused: "Paused",
  diagnosing: "Needs help",
  passed: "Passed",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** Returns a run's status for a person: "Passed with 1 step that failed". */
export function outcomeName(status: RunStatus, failedSteps: number): string {
  if (status !== "passed" || failedSteps === 0) return STATUS_NAMES[status];
  return `Passed with ${failedSteps} ${failedSteps === 1 ? "step" : "steps"} that failed`;
}

/** Formats a duration: "820 ms", "4.2 s", "3 min 20 s". */
export function formatDuration(ms: number | null): string {
  if (ms === null) return "";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** Formats how long ago a time was: "just now", "5 min ago", "yesterday". */
export function formatAgo(time: string, now: number): string {
  const seconds = (Date.parse(time) - now) / 1000;
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (seconds > -45) return "just now";
  if (seconds > -3600) return format.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return format.format(Math.round(seconds / 3600), "hour");
  return format.format(Math.round(seconds / 86_400), "day");
}

/** Formats a bit rate: "850 kbit/s", "2.4 Mbit/s". */
export function formatRate(kbps: number): string {
  return kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
}

/** Returns one line of a native dialog and what it was answered: `confirm "Delete it?": accepted`. */
export function dialogLine({ kind, message, accepted, text }: DialogAnswer): string {
  const typed = text === null ? "" : ` with ${JSON.stringify(text)}`;
  const name = kind === "beforeunload" ? "question before leaving" : `${kind} ${JSON.stringify(message)}`;
  return `${name}: ${accepted ? `accepted${typed}` : "dismissed"}`;
}

/** Returns an element that was picked for a person: "button “Pay now”". */
export const elementWords = ({ role, name, text }: Picked): string =>
  [role, name && `“${name}”`].filter(Boolean).join(" ") || text || "This element";

/** Returns what a person has typed into the address bar as an address: "shop.test" is meant to have https before it. */
export function addressOf(typed: string): string {
  const text = typed.trim();
  if (text === "" || text.startsWith("/") || /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  const isHere = /^(localhost|127\.|\[::1\])/.test(text);
  return `${isHere ? "http" : "https"}://${text}`;
}

/** Formats the time of a day: "14:03". */
export const formatTime = (time: string): string =>
  new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(new Date(time));

/** Returns the name of an action for a person: "double click". */
export const actionName = (type: string): string => type.replaceAll("_", " ");

/** Returns a Playwright selector for a person: of one that leaves several ways open, the first; as short as it goes. */
export function selectorText(selector: string): string {
  const [first = selector, ...others] = selector.split(" >> internal:or=");
  const short = first
    .replaceAll(" >> internal:control=enter-frame >> ", " › ")
    .replace(/\binternal:([\w-]+)=/g, "$1=")
    .replace(/("(?:[^"\\]|\\.)*")[is](?=\]|$| >>)/g, "$1");
  return others.length > 0 ? `${short} …` : short;
}

/** Returns one line of what an action does, as code: `type #name "Ada"`. */
export function actionLine({ type, selector, value, target }: Action): string {
  const quoted = value === null || value === undefined || value === "" ? "" : JSON.stringify(value);
  const parts = [type, selectorText(selector ?? ""), target ? `→ ${selectorText(target)}` : "", quoted];
  return parts.filter((part) => part !== "").join(" ");
}

export function stepTitle(step: Step): string {
  return step.description || [actionName(step.action), selectorText(step.target ?? "")].filter(Boolean).join(" ");
}
