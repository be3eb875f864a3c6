import type { Run } from "../protocol/types";

/** Returns what a run is called: its name, or where it began. */
export const titleOf = (run: Run): string => run.name || run.url;
