import type { Action, Run, SourceLocation, Step } from "../protocol/types";

/** True for a run whose steps are the calls of somebody's own test. */
export const isAttached = (run: Pick<Run, "planner"> | null): boolean => run?.planner === "attached";

/** Returns what a run is called: its test's title, its name, or where it began. */
export const titleOf = (run: Pick<Run, "test" | "name" | "url">): string => run.test?.title || run.name || run.url;

/** Returns the name of a file relative to the folder that it is in. */
export function shortFile(file: string, folder: string | null | undefined): string {
  const within = folder ? `${folder.replace(/\/$/, "")}/` : null;
  return within !== null && file.startsWith(within) ? file.slice(within.length) : file;
}

/** Returns a place in the code in few characters: "shop.spec.ts:6". */
export const placeName = ({ file, line }: SourceLocation): string => `${file.split(/[/\\]/).at(-1)}:${line}`;

/** Returns where a test is, as far as it is known: "tests/shop.spec.ts:6". */
export function testPlace({ test, session }: Pick<Run, "test" | "session">): string | null {
  if (!test?.file) return null;
  const file = shortFile(test.file, session?.folder);
  return test.line === null ? file : `${file}:${test.line}`;
}

/** Returns the facts about a test's client that a person may want: "Playwright python 1.65.1", "worker gw0", "retry 1". */
export function testFacts({ client, test }: Pick<Run, "client" | "test">): string[] {
  const kinds = { playwright: "Playwright", cdp: "CDP", webdriver: "WebDriver" };
  const name = client === null ? "" : [kinds[client.kind], client.name, client.version].filter(Boolean).join(" ");
  return [name, test?.worker ? `worker ${test.worker}` : "", test?.retry ? `retry ${test.retry}` : ""].filter(Boolean);
}

const NOT_BY_SELECTOR = [
  "call",
  "navigate",
  "back",
  "forward",
  "reload",
  "expect_url",
  "expect_download",
  "new_tab",
  "switch_tab",
  "close_tab",
];

/** Returns the failed call that a person may do with another locator; null where it has none. */
export function failedCall(run: Run | null): Step | null {
  if (run === null || run.status !== "diagnosing") return null;
  const failed = run.steps.findLast((step) => step.status === "failed");
  const hasLocator = failed?.target && !NOT_BY_SELECTOR.includes(failed.action);
  return failed && hasLocator ? failed : null;
}

/** Returns the same call on another element. */
export function withLocator(step: Step, selector: string): Action {
  if (step.fullAction) return { ...step.fullAction, selector };
  const { action: type, value } = step;
  return value === null ? { type, selector } : { type, selector, value };
}

/** True for a call that passed with another locator than its test has; summaries show it by the failed step before. */
export function isRepaired(step: Step, before?: Step | undefined): boolean {
  const { location, proposed, fullAction, status } = step;
  if (!location || status !== "passed") return false;
  if (fullAction)
    return (
      proposed?.type === fullAction.type &&
      (proposed.selector !== fullAction.selector || proposed.target !== fullAction.target)
    );
  const failed = before?.status === "failed" && before.action === step.action && before.target !== step.target;
  return failed && before.location?.file === location.file && before.location.line === location.line;
}

/** Returns what a patch says of one line of a file: the hunk with it, or the comment about it; null for nothing. */
export function patchOf(patch: string, { file, line }: SourceLocation): string | null {
  const comment = patch.split("\n").find((text) => {
    const [, name, number] = /^# (.*?):(\d+): use /.exec(text) ?? [];
    return name !== undefined && isSameFile(file, name) && Number(number) === line;
  });
  if (comment !== undefined) return comment;
  for (const part of patch.split(/^(?=--- )/m)) {
    const name = /^\+\+\+ b\/(.*?)\t?$/m.exec(part)?.[1];
    if (name === undefined || !isSameFile(file, name)) continue;
    const [head, ...hunks] = part.split(/^(?=@@ )/m);
    const hunk = hunks.find((each) => hasLine(each, line));
    if (hunk !== undefined) return `${head}${hunk}`;
  }
  return null;
}

/** True where a patch's name, which is relative to some folder, means this file. */
const isSameFile = (file: string, name: string): boolean => file === name || file.endsWith(`/${name}`);

function hasLine(hunk: string, line: number): boolean {
  const [, first, count] = /^@@ -(\d+)(?:,(\d+))?/.exec(hunk) ?? [];
  return first !== undefined && line >= Number(first) && line < Number(first) + Number(count ?? 1);
}

const CONTEXT = 1;

/** Returns the lines of a diff that have changed, with one around each. */
export function changesOf(diff: string): { kind: DiffKind; text: string }[] {
  const lines = diffKinds(diff).filter(({ kind }) => kind !== "head");
  const isChange = lines.map(({ kind }) => kind !== "same");
  return lines.filter((_, at) => isChange.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).includes(true));
}

export type DiffKind = "added" | "removed" | "same" | "head";

/** Returns the lines of a unified diff with what each is. */
export function diffKinds(diff: string): { kind: DiffKind; text: string }[] {
  return diff
    .replace(/\n$/, "")
    .split("\n")
    .map((text) => {
      if (/^(---|\+\+\+|@@|#|\\)/.test(text)) return { kind: "head", text };
      const kind = text.startsWith("+") ? "added" : text.startsWith("-") ? "removed" : "same";
      return { kind, text: text.slice(1) };
    });
}
