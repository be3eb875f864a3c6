import { useCallback, useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import { ApiError } from "../api/errors";
import { isAttached, titleOf } from "../player/attached";
import { Button } from "../player/Button";
import { LiveStreamPlayer } from "../player/LiveStreamPlayer";
import { isFinal, type Run, type SessionRef } from "../protocol/types";
import { EditAgain } from "./EditAgain";
import { Header } from "./Header";
import { Link } from "./Link";
import { NotFound } from "./NotFound";
import { type RunAgain, useRunAgain } from "./RunAgain";
import { SaveRun } from "./SaveRun";
import { SignIn } from "./SignIn";
import type { Theme } from "./theme";

interface WatchPageProps {
  runId: string;
  api: ApiClient;
  theme: Theme;
  onSignIn(key: string): void;
}

export function WatchPage({ runId, api, theme, onSignIn }: WatchPageProps) {
  const [run, setRun] = useState<Run | null>(null);
  const [error, setError] = useState<unknown>(null);
  const rerun = useRunAgain(api, { id: runId });
  const load = useCallback(() => api.run(runId).then(setRun, setError), [api, runId]);
  useEffect(() => void load(), [load]);
  useEffect(() => {
    document.title = run === null ? "jumpseat" : `${titleOf(run)} · jumpseat`;
  }, [run]);
  if (error instanceof ApiError && error.status === 401)
    return <SignIn error={error} given={api.token !== null} onSignIn={onSignIn} />;
  if (error instanceof ApiError && error.status === 404)
    return (
      <>
        <Header theme={theme} />
        <NotFound title="There is no such run" text="It was removed, never was, or is somebody else’s." />
      </>
    );
  return (
    <div className="js-watch">
      <Header theme={theme}>
        <h1 className="js-title">{run === null ? "Run" : titleOf(run)}</h1>
        {run?.session && <SessionLink session={run.session} api={api} />}
        {run !== null && isFinal(run.status) && <EndedButtons run={run} api={api} rerun={rerun} />}
        {rerun.error && (
          <span className="jp-error-text" role="alert">
            {rerun.error}
          </span>
        )}
        {rerun.dialog}
      </Header>
      <main className="js-player">
        <LiveStreamPlayer
          key={runId}
          runId={runId}
          token={api.token}
          theme={theme.value}
          shortcuts="page"
          onRunAgainFrom={rerun.again}
          onStatus={() => void load()}
        />
      </main>
    </div>
  );
}

/** Leads to all tests of the same command; those who came by a link to one run may not list them. */
function SessionLink({ session, api }: { session: SessionRef; api: ApiClient }) {
  const [mayList, setMayList] = useState(false);
  useEffect(() => {
    let left = false;
    api.listRuns({ session: session.id, limit: 1 }).then(
      () => left || setMayList(true),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [api, session.id]);
  if (!mayList) return null;
  return (
    <Link to={`/sessions/${encodeURIComponent(session.id)}`} className="jp-button" data-tone="plain">
      All tests
    </Link>
  );
}

/** What one wants when a run has ended: the same again, or to keep it as a test. */
function EndedButtons({ run, api, rerun: { busy, again } }: { run: Run; api: ApiClient; rerun: RunAgain }) {
  const [error, setError] = useState<string | null>(null);
  return (
    <div className="jp-buttons js-ended">
      {error && (
        <span className="jp-error-text" role="alert">
          {error}
        </span>
      )}
      {!isAttached(run) && (
        <>
          <Button icon="again" label="Run again" tone="primary" disabled={busy} onClick={() => void again()} />
          <EditAgain run={run} />
        </>
      )}
      <SaveRun run={run} api={api} onError={setError} />
    </div>
  );
}
