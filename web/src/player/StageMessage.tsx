import { isFinal } from "../protocol/types";
import { usePlayer, usePlayerState } from "./context";
import { outcomeName } from "./format";

/** How the run ended, and what can be done about it. */
export function Outcome() {
  const status = usePlayerState((state) => state.run?.status ?? null);
  const error = usePlayerState((state) => state.run?.error ?? null);
  const failedSteps = usePlayerState((state) => state.run?.failedSteps ?? 0);
  if (status === null || !isFinal(status)) return null;
  return (
    <p className="jp-outcome" role="status" data-status={status} data-mended={failedSteps > 0}>
      <strong>{outcomeName(status, failedSteps)}</strong> {error ?? "Step through the run on the bar below."}
    </p>
  );
}

/** What stands in place of a picture that is not there (yet). */
export function StageMessage() {
  const { ui, session } = usePlayer();
  const media = usePlayerState((state) => state.media);
  const status = usePlayerState((state) => state.run?.status ?? null);
  if (ui.replayStep !== null || session.surface.view !== null) return null;
  if (status !== null && isFinal(status)) return null;
  if (media.phase === "unavailable") return <Message title="No live picture" text={media.reason ?? ""} />;
  if (status === "queued") {
    return <Message busy title="About to start" text="The run starts in a moment." />;
  }
  if (media.phase === "waiting") {
    return <Message busy title="The browser is starting" text="The picture comes in a moment." />;
  }
  return <Message busy title="Connecting" text={media.reason ?? "Looking for the best way to get the picture."} />;
}

function Message({ title, text, busy }: { title: string; text: string; busy?: boolean }) {
  return (
    <div className="jp-message" role="status">
      {busy && <span className="jp-spinner" aria-hidden="true" />}
      <strong>{title}</strong>
      <span>{text}</span>
    </div>
  );
}
