import { useEffect, useMemo, useRef, useState } from "react";
import { PlayerSession, type TransportChoice } from "../session";
import { createActions, type Handlers } from "./actions";
import { INITIAL_UI, PlayerContext, type PlayerContextValue, type Ui } from "./context";
import { PlayerLayout } from "./PlayerLayout";

export interface LiveStreamPlayerProps extends Handlers {
  runId: string;
  /** Origin of the jumpseat server; the page's own where it is left out. */
  apiUrl?: string;
  /** API key or share token. */
  token?: string | null;
  /** `auto` takes the best that works. */
  transport?: TransportChoice;
  /** `auto` follows the system. */
  theme?: "auto" | "light" | "dark";
  /** Hides everything that steers. */
  readOnly?: boolean;
  /** JPEG stream; asked of the server where it is left out, as the two below. */
  streamUrl?: string | null;
  livekitUrl?: string | null;
  livekitToken?: string | null;
  /** What the embedding page knows; shown instead of what the server says. */
  isPaused?: boolean;
  currentStep?: number;
  totalSteps?: number;
  /** `page`: the single-key commands work wherever the focus is, not only inside of the player. */
  shortcuts?: "player" | "page";
  /** Starts the same run once more, to pause before this entry of its plan (`pauseBefore`); shown to owners as a button. */
  onRunAgainFrom?: (planIndex: number) => void;
  /** Called after every change of the run's status. */
  onStatus?: (status: { status: string; paused: boolean }) => void;
}

/** Watch a browser test live and steer it. With `runId` and `token` it works by itself. */
export function LiveStreamPlayer(props: LiveStreamPlayerProps) {
  const session = useSession(props);
  const theme = props.theme ?? "auto";
  if (session === null) return <div className="jp-root" data-theme={theme} />;
  return <ConnectedPlayer key={session.runId} session={session} {...props} theme={theme} />;
}

interface ConnectedProps extends LiveStreamPlayerProps {
  session: PlayerSession;
  theme: "auto" | "light" | "dark";
}

function ConnectedPlayer({ session, ...props }: ConnectedProps) {
  const root = useRef<HTMLElement>(null);
  const [ui, change] = useState<Ui>(INITIAL_UI);
  const handlers = useRef<Handlers>(props);
  handlers.current = props;
  useStatus(session, props.onStatus);
  const actions = useMemo(() => createActions(session, () => handlers.current), [session]);
  const readOnly = props.readOnly ?? false;
  const runAgainFrom = props.onRunAgainFrom ?? null;
  const value: PlayerContextValue = useMemo(
    () => ({
      session,
      actions,
      ui,
      readOnly,
      runAgainFrom,
      root,
      setUi: (part) => change((old) => ({ ...old, ...part })),
    }),
    [session, actions, ui, readOnly, runAgainFrom],
  );
  const shown = { isPaused: props.isPaused, currentStep: props.currentStep, totalSteps: props.totalSteps };
  return (
    <PlayerContext.Provider value={value}>
      <section className="jp-root" data-theme={props.theme} aria-label="Live test player" ref={root}>
        <PlayerLayout shown={shown} shortcuts={props.shortcuts ?? "player"} />
      </section>
    </PlayerContext.Provider>
  );
}

/** One session for as long as what it was made from stays the same. */
function useSession(props: LiveStreamPlayerProps): PlayerSession | null {
  const { runId, apiUrl, token, transport, streamUrl, livekitUrl, livekitToken } = props;
  const [session, setSession] = useState<PlayerSession | null>(null);
  useEffect(() => {
    const stream = {
      ...(streamUrl ? { streamUrl } : {}),
      ...(livekitUrl ? { livekitUrl } : {}),
      ...(livekitToken ? { token: livekitToken } : {}),
    };
    const created = new PlayerSession({ runId, apiUrl, token, transport, stream });
    created.start();
    setSession(created);
    return () => created.close();
  }, [runId, apiUrl, token, transport, streamUrl, livekitUrl, livekitToken]);
  return session;
}

function useStatus(session: PlayerSession, onStatus: LiveStreamPlayerProps["onStatus"]): void {
  const latest = useRef(onStatus);
  latest.current = onStatus;
  useEffect(() => {
    let reported = "";
    return session.store.subscribe(() => {
      const run = session.store.state.run;
      const now = run === null ? "" : `${run.status} ${run.paused}`;
      if (run === null || now === reported) return;
      reported = now;
      latest.current?.({ status: run.status, paused: run.paused });
    });
  }, [session]);
}
