import type { ApiClient } from "../api/client";
import { describe } from "../api/errors";
import { isFinal, type Run } from "../protocol/types";
import { saveAs } from "../save";
import { Button } from "./Button";
import { usePlayer } from "./context";

/** Opens the run's trace in a new tab: DOM, console and network of every step. */
export function OpenTrace() {
  const { session } = usePlayer();
  const open = () =>
    openTrace(session.api, session.runId).catch((reason: unknown) => session.store.notify("error", describe(reason)));
  return (
    <Button
      icon="external"
      label="Open the trace"
      tone="quiet"
      title="DOM, console and network of every step, in a new tab"
      onClick={() => void open()}
    />
  );
}

/** True where the run is over and its trace was to be kept. */
export function keepsTrace({ status, trace }: Run): boolean {
  return isFinal(status) && (trace === "on" || (trace === "on-failure" && status !== "passed"));
}

/** Shows the trace in Playwright's viewer; saves it where the viewer cannot be, or is not let open a tab. */
export async function openTrace(api: ApiClient, runId: string): Promise<void> {
  // Opened before anything is awaited: later it would be a window that nobody has asked for.
  const tab = api.isSecure ? window.open("about:blank") : null;
  if (tab === null) return saveAs(await api.trace(runId));
  try {
    const address = await api.traceViewer(runId);
    tab.opener = null;
    tab.location.replace(address);
  } catch (reason) {
    tab.close();
    throw reason;
  }
}
