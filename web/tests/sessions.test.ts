import { describe, expect, it } from "vitest";
import { entriesOf, groupOf, groupsOf, summaryOf } from "../src/app/sessions";
import type { Proposal, Run, RunStatus } from "../src/protocol/types";

let made = 0;
const run = (status: RunStatus, fields: Partial<Run> = {}): Run => {
  made += 1;
  return { id: `r${made}`, status, mode: "auto", proposal: null, session: null, ...fields } as Run;
};
const session = (id: string) => ({ session: { id, name: id, folder: null } });

describe("the runs of a session", () => {
  it("are grouped by what they need", () => {
    expect(groupOf(run("diagnosing"))).toBe("help");
    expect(groupOf(run("running"))).toBe("running");
    expect(groupOf(run("paused"))).toBe("running");
    expect(groupOf(run("queued"))).toBe("running");
    expect(groupOf(run("passed"))).toBe("passed");
    const proposal = { proposalId: "p" } as Proposal;
    expect(groupOf(run("running", { mode: "review", proposal }))).toBe("help");
    expect(groupOf(run("running", { proposal }))).toBe("running");
    expect(groupOf(run("failed", { mode: "review", proposal }))).toBe("failed");
  });

  it("show first what needs help, and nothing empty", () => {
    const runs = [run("passed"), run("failed"), run("running"), run("diagnosing"), run("passed")];
    expect(groupsOf(runs).map((each) => [each.group, each.runs.length])).toEqual([
      ["help", 1],
      ["running", 1],
      ["failed", 1],
      ["passed", 2],
    ]);
    expect(summaryOf(runs)).toBe("1 needs help, 1 running, 1 failed, 2 passed");
    expect(summaryOf([run("diagnosing"), run("diagnosing"), run("cancelled")])).toBe("2 need help, 1 cancelled");
    expect(summaryOf([])).toBe("");
  });
});

describe("the list of runs", () => {
  it("has the runs of a session as one entry, where the newest of them is", () => {
    const runs = [run("passed"), run("failed", session("a")), run("passed", session("b")), run("passed", session("a"))];
    const entries = entriesOf(runs).map((entry) =>
      "run" in entry ? entry.run.id : `${entry.session.id}: ${entry.runs.map(({ id }) => id).join(" ")}`,
    );
    expect(entries).toEqual([runs[0]?.id, `a: ${runs[1]?.id} ${runs[3]?.id}`, `b: ${runs[2]?.id}`]);
  });
});
