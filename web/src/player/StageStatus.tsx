import { isFinal } from "../protocol/types";
import { holdsControl, type MediaState } from "../store/state";
import { usePlayer, usePlayerState } from "./context";
import { formatRate, STATUS_NAMES, TRANSPORT_NAMES } from "./format";

/** Small facts in the corners of the picture: live or not, by what, how fast, who steers. */
export function StageBadges() {
  const { ui } = usePlayer();
  const media = usePlayerState((state) => state.media);
  const paused = usePlayerState((state) => state.run?.status === "paused");
  return (
    <div className="jp-badges">
      <LiveBadge media={media} replayStep={ui.replayStep} />
      {paused && ui.replayStep === null && (
        <span className="jp-badge" data-tone="warn">
          Paused
        </span>
      )}
      <HolderBadge />
      <ConnectionBadge media={media} />
    </div>
  );
}

function LiveBadge({ media, replayStep }: { media: MediaState; replayStep: number | null }) {
  if (replayStep !== null)
    return (
      <span className="jp-badge" data-tone="replay">
        Replay · step {replayStep} · not live
      </span>
    );
  if (media.phase === "live")
    return (
      <span className="jp-badge" data-tone="live">
        Live
      </span>
    );
  if (media.phase === "reconnecting")
    return (
      <span className="jp-badge" data-tone="warn" role="status" title={media.reason ?? undefined}>
        Reconnecting…
      </span>
    );
  return null;
}

function HolderBadge() {
  const holder = usePlayerState((state) => state.run?.control.holder ?? null);
  const graceUntil = usePlayerState((state) => state.run?.control.graceUntil ?? null);
  const mine = usePlayerState(holdsControl);
  if (holder === null) return null;
  const text = mine ? "You have control" : `${holder.name} has control`;
  return (
    <span className="jp-badge" data-tone="human" role="status">
      {graceUntil ? `${text} (away)` : text}
    </span>
  );
}

function ConnectionBadge({ media }: { media: MediaState }) {
  const { ui, setUi } = usePlayer();
  const stats = usePlayerState((state) => state.stats);
  if (media.transport === null || stats === null || ui.replayStep !== null) return null;
  const name = TRANSPORT_NAMES[media.transport];
  return (
    <button
      type="button"
      className="jp-badge jp-connection"
      aria-label={`Connection: ${name}. Open the statistics.`}
      onClick={() => setUi({ panel: "stats" })}
      data-transport={media.transport}
    >
      <b>{name}</b>
      <span>{Math.round(stats.fps)} fps</span>
      <span>{formatRate(stats.kbps)}</span>
    </button>
  );
}

/** What stands in place of a picture that is not there (yet). */
export function StageMessage() {
  const { ui, session } = usePlayer();
  const media = usePlayerState((state) => state.media);
  const status = usePlayerState((state) => state.run?.status ?? null);
  const error = usePlayerState((state) => state.run?.error ?? null);
  if (ui.replayStep !== null) return null;
  if (status !== null && isFinal(status)) {
    const title = `${STATUS_NAMES[status]}`;
    return (
      <Message tone={status} title={title} text={error ?? "The run has ended. Step through it on the bar below."} />
    );
  }
  if (session.surface.view !== null) return null;
  if (media.phase === "unavailable") return <Message title="No live picture" text={media.reason ?? ""} />;
  if (status === "queued")
    return <Message busy title="In the queue" text="The run starts when another one has ended." />;
  if (media.phase === "waiting")
    return <Message busy title="The browser is starting" text="The picture comes in a moment." />;
  return <Message busy title="Connecting" text={media.reason ?? "Looking for the best way to get the picture."} />;
}

function Message({ title, text, tone, busy }: { title: string; text: string; tone?: string; busy?: boolean }) {
  return (
    <div className="jp-message" role="status" data-tone={tone}>
      {busy && <span className="jp-spinner" aria-hidden="true" />}
      <strong>{title}</strong>
      <span>{text}</span>
    </div>
  );
}
