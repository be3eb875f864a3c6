import type { Step } from "../protocol/types";

/** Several steps in a row that are drawn as one mark. */
export interface StepGroup {
  /** The one that stands for them: the worst, else one that people did, else the first. */
  step: Step;
  from: number;
  /** Behind the last one. */
  to: number;
}

/** As many as a bar has room for. */
export const MOST_MARKS = 150;

const WORTH: Record<Step["status"], number> = { failed: 4, running: 3, skipped: 2, passed: 0 };
const worth = ({ status, source }: Step) => WORTH[status] + (source === "plan" ? 0 : 1);

/** Groups steps so that there are at most `most` marks; where each has room for one of its own, each is a group. */
export function thinned(steps: readonly Step[], most: number): StepGroup[] {
  const size = Math.max(1, Math.ceil(steps.length / most));
  const groups: StepGroup[] = [];
  for (let from = 0; from < steps.length; from += size) {
    const part = steps.slice(from, from + size);
    const step = part.reduce((best, each) => (worth(each) > worth(best) ? each : best));
    groups.push({ step, from, to: from + part.length });
  }
  return groups;
}
