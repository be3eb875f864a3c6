import { formatDuration } from "../player/format";
import type { Run } from "../protocol/types";

/** Returns how long a run took; nothing while it goes on. */
export function timeTaken({ startedAt, endedAt }: Pick<Run, "startedAt" | "endedAt">): string {
  return startedAt && endedAt ? formatDuration(Date.parse(endedAt) - Date.parse(startedAt)) : "";
}

/** Returns how far a run has come: "3 of 5". */
export function stepsOf({ currentStep, totalSteps }: Pick<Run, "currentStep" | "totalSteps">): string {
  return totalSteps ? `${currentStep} of ${totalSteps}` : `${currentStep}`;
}
