import type { ApiClient, ExportFormat } from "../api/client";
import { describe } from "../api/errors";
import type { Run } from "../protocol/types";
import { zip } from "./zip";

/** What could not be done to a run, and why. */
export interface Failure {
  run: Run;
  reason: string;
}

/** Does it to one run after the other, whatever becomes of each; `onDone` hears how many have been tried. */
export async function forEachRun(
  runs: readonly Run[],
  work: (run: Run) => Promise<void>,
  onDone: (count: number) => void,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const [at, run] of runs.entries()) {
    try {
      await work(run);
    } catch (reason) {
      failures.push({ run, reason: describe(reason) });
    }
    onDone(at + 1);
  }
  return failures;
}

/** Returns what several runs are saved as, and those that could not be: one file, or an archive; null for nothing. */
export async function exportRuns(
  api: ApiClient,
  runs: readonly Run[],
  format: ExportFormat,
  onDone: (count: number) => void,
): Promise<{ file: File | null; failures: Failure[] }> {
  const files: File[] = [];
  const work = async (run: Run) => void files.push(await api.exportRun(run.id, format));
  const failures = await forEachRun(runs, work, onDone);
  const [first] = files;
  return { file: files.length > 1 ? await zip(files, `runs-${format}.zip`) : (first ?? null), failures };
}
