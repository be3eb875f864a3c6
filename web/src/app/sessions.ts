import { isFinal, type Run, type SessionRef } from "../protocol/types";

export type Group = "help" | "running" | "failed" | "passed" | "cancelled";

/** In the order in which somebody who comes to help wants to see them. */
export const GROUPS: readonly Group[] = ["help", "running", "failed", "passed", "cancelled"];

export const GROUP_NAMES: Record<Group, string> = {
  help: "Needs help",
  running: "Running",
  failed: "Failed",
  passed: "Passed",
  cancelled: "Cancelled",
};

/** Returns what a person wants to know of a run first: whether it waits for somebody, goes on, or how it ended. */
export function groupOf({ status, mode, proposal }: Pick<Run, "status" | "mode" | "proposal">): Group {
  if (isFinal(status)) return status as Group;
  const waits = status === "diagnosing" || (mode === "review" && proposal !== null);
  return waits ? "help" : "running";
}

/** Returns the runs of each group, in the order given, without empty groups. */
export function groupsOf(runs: Run[]): { group: Group; runs: Run[] }[] {
  return GROUPS.map((group) => ({ group, runs: runs.filter((run) => groupOf(run) === group) })).filter(
    (each) => each.runs.length > 0,
  );
}

/** One entry of the list of runs: a run by itself, or those of one attach session. */
export type Entry = { run: Run } | { session: SessionRef; runs: Run[] };

/** Returns the runs with those of one session as one entry, where its newest run is. */
export function entriesOf(runs: readonly Run[]): Entry[] {
  const sessions = new Map<string, Run[]>();
  const entries: Entry[] = [];
  for (const run of runs) {
    const known = run.session && sessions.get(run.session.id);
    if (known) known.push(run);
    else if (run.session) {
      const own = [run];
      sessions.set(run.session.id, own);
      entries.push({ session: run.session, runs: own });
    } else entries.push({ run });
  }
  return entries;
}

export const runsOf = (entry: Entry): Run[] => ("run" in entry ? [entry.run] : entry.runs);

export const keyOf = (entry: Entry): string => ("run" in entry ? entry.run.id : entry.session.id);

/** Returns "1 needs help, 2 running, 30 passed". */
export function summaryOf(runs: Run[]): string {
  return groupsOf(runs)
    .map(({ group, runs: own }) =>
      group === "help" ? `${own.length} ${own.length === 1 ? "needs" : "need"} help` : `${own.length} ${group}`,
    )
    .join(", ");
}
