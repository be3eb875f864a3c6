import { type MediaState, whoHasControl } from "../store/state";
import { usePlayer, usePlayerState } from "./context";
import { formatRate, TRANSPORT_NAMES } from "./format";

/** The strip above the picture: live or not, which page, who steers, by what transport and how fast. */
export function TopStrip() {
  const { ui } = usePlayer();
  const media = usePlayerState((state) => state.media);
  return (
    <div className="jp-top">
      <LiveBadge media={media} replayStep={ui.replayStep} />
      {/* There before they say anything: only a change inside of them is announced. */}
      <span className="jp-paused" role="status">
        {ui.replayStep === null && <PausedBadge />}
      </span>
      <span className="jp-holder" role="status">
        <HolderBadge />
        <CurtainBadge />
      </span>
      <Address />
      <ConnectionBadge media={media} />
    </div>
  );
}

function LiveBadge({ media, replayStep }: { media: MediaState; replayStep: number | null }) {
  const isRewound = usePlayerState((state) => state.recording !== null && state.recording.atMs !== null);
  if (replayStep !== null || isRewound)
    return (
      <span className="jp-badge" data-tone="replay">
        {isRewound ? "Recorded" : `Replay · step ${replayStep}`} · not live
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

function PausedBadge() {
  const paused = usePlayerState((state) => state.run?.status === "paused");
  const plan = usePlayerState((state) => state.run?.plan ?? null);
  if (!paused) return null;
  const reached = plan?.entries.find(({ index }) => index === plan.pausedAt);
  return (
    <span className="jp-badge" data-tone="warn" title={reached && `Before: ${reached.words}`}>
      {reached ? "Paused at a breakpoint" : "Paused"}
      {reached && <span className="jp-sr">, before {reached.words}</span>}
    </span>
  );
}

function HolderBadge() {
  const text = usePlayerState(whoHasControl);
  const graceUntil = usePlayerState((state) => state.run?.control.graceUntil ?? null);
  if (text === null) return null;
  return (
    <span className="jp-badge" data-tone="human">
      {graceUntil ? `${text} (away)` : text}
    </span>
  );
}

/** Who keeps the page from whose eyes, and that covered fields are shown. */
function CurtainBadge() {
  const me = usePlayerState((state) => state.viewerId);
  const curtain = usePlayerState((state) => state.run?.curtain ?? null);
  const closedBy = curtain?.closedBy ?? null;
  const liftedBy = curtain?.liftedBy ?? null;
  return (
    <>
      {closedBy !== null && (
        <span className="jp-badge" data-tone="warn">
          {closedBy.viewerId === me ? "Hidden from viewers" : `${closedBy.name} has hidden the page`}
        </span>
      )}
      {liftedBy !== null && (
        <span className="jp-badge" data-tone="warn" title={`${liftedBy.name} has lifted their covers`}>
          Covered fields are shown
        </span>
      )}
    </>
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
      title="Open the statistics"
      onClick={() => setUi({ panel: "stats" })}
      data-transport={media.transport}
    >
      <span className="jp-sr">Connection: </span>
      <b>{name}</b>
      <span>{Math.round(stats.fps)} fps</span>
      <span>{formatRate(stats.kbps)}</span>
    </button>
  );
}

/** Where the remote browser is. */
function Address() {
  const page = usePlayerState((state) => state.page);
  const start = usePlayerState((state) => state.run?.url ?? "");
  const tabs = page?.tabs.length ?? 0;
  return (
    <div className="jp-address" title={page?.url ?? start}>
      <span>{page?.url ?? start}</span>
      {page?.title && <span>{page.title}</span>}
      {tabs > 1 && <span className="jp-tabs-count">{tabs} tabs</span>}
    </div>
  );
}
