import type { ConsoleEntry, RequestEntry } from "../protocol/types";

/** One line of the panel: a line of the console, or a request. */
export interface PageLine {
  number: number;
  step: number;
  kind: "console" | "network";
  failed: boolean;
  /** What is read first. */
  title: string;
  /** Where it comes from, or why it failed. */
  detail: string;
  facts: string[];
  /** The request, for copying. */
  request: RequestEntry | null;
}

export interface PageFilter {
  text: string;
  kind: "all" | "failed" | PageLine["kind"];
  /** Null: every step. */
  step: number | null;
}

/** Returns the lines that fit, those that failed first, each part in the order in which it happened. */
export function pageLines(
  console: readonly ConsoleEntry[],
  requests: readonly RequestEntry[],
  { text, kind, step }: PageFilter,
): PageLine[] {
  const wanted = text.trim().toLowerCase();
  return [...console.map(ofConsole), ...requests.map(ofRequest)]
    .filter((line) => kind === "all" || (kind === "failed" ? line.failed : line.kind === kind))
    .filter((line) => step === null || line.step === step)
    .filter((line) => `${line.title}\n${line.detail}`.toLowerCase().includes(wanted))
    .sort((a, b) => Number(b.failed) - Number(a.failed) || a.number - b.number);
}

const KINDS: Record<ConsoleEntry["kind"], string> = {
  console: "",
  exception: "uncaught",
  policy: "content security policy",
};

function ofConsole({ number, step, level, kind, text, url, line }: ConsoleEntry): PageLine {
  return {
    number,
    step,
    kind: "console",
    failed: level === "error",
    title: text,
    detail: url === null ? "" : `${url}${line === null ? "" : `:${line}`}`,
    facts: [KINDS[kind] || level],
    request: null,
  };
}

function ofRequest(request: RequestEntry): PageLine {
  const { number, step, method, url, status, error, failed, durationMs, resourceType } = request;
  return {
    number,
    step,
    kind: "network",
    failed,
    title: `${method} ${url}`,
    detail: error ?? "",
    facts: [String(status ?? "no answer"), resourceType, ...(durationMs === null ? [] : [`${durationMs} ms`])],
    request,
  };
}

/** Returns a command for a POSIX shell that asks the same: without what was hidden, and without a body. */
export function asCurl({ method, url, requestHeaders }: RequestEntry): string {
  const headers = requestHeaders.filter(
    ({ name, value }) => value !== "•••" && !name.startsWith(":") && name.toLowerCase() !== "content-length",
  );
  const parts = [`curl ${quoted(url)}`, ...headers.map(({ name, value }) => `-H ${quoted(`${name}: ${value}`)}`)];
  if (method !== "GET") parts.splice(1, 0, `-X ${quoted(method)}`);
  return parts.join(" \\\n  ");
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
