import { useCallback, useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import { ApiError, describe } from "../api/errors";
import { isAttached, titleOf } from "../player/attached";
import { Button } from "../player/Button";
import { LiveStreamPlayer } from "../player/LiveStreamPlayer";
import { isFinal, type NewRun, type Run, type SessionRef } from "../protocol/types";
import { EditAgain } from "./EditAgain";
import { Header } from "./Header";
import { Link } from "./Link";
import { navigate } from "./path";
import { SecretsDialog } from "./SecretsDialog";
import { SignIn } from "./SignIn";
import { saveAs } from "./save";
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
  const load = useCallback(() => api.run(runId).then(setRun, setError), [api, runId]);
  useEffect(() => void load(), [load]);
  useEffect(() => {
    document.title = run === null ? "jumpseat" : `${titleOf(run)} · jumpseat`;
  }, [run]);
  if (error instanceof ApiError && error.status === 401) return <SignIn reason={error.message} onSignIn={onSignIn} />;
  return (
    <div className="js-watch">
      <Header theme={theme}>
        <h1 className="js-title">{run === null ? "Run" : titleOf(run)}</h1>
        {run?.session && <SessionLink session={run.session} api={api} />}
        {run !== null && isFinal(run.status) && !isAttached(run) && <EndedButtons run={run} api={api} />}
      </Header>
      <main className="js-player">
        <LiveStreamPlayer
          key={runId}
          runId={runId}
          token={api.token}
          theme={theme.value}
          shortcuts="page"
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
function EndedButtons({ run, api }: { run: Run; api: ApiClient }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  /** Waits for the values of its secrets. */
  const [asking, setAsking] = useState<NewRun | null>(null);
  const guarded = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    await work().catch((reason: unknown) => setError(describe(reason)));
    setBusy(false);
  };
  const start = async (spec: NewRun) => navigate(`/runs/${(await api.createRun(spec)).id}`);
  const again = () =>
    guarded(async () => {
      const spec = await api.spec(run.id);
      if (Object.keys(spec.secrets ?? {}).length > 0) setAsking(spec);
      else await start(spec);
    });
  const given = (spec: NewRun, secrets: Record<string, string>) => {
    setAsking(null);
    void guarded(() => start({ ...spec, secrets }));
  };
  const keep = () => guarded(async () => saveAs(await api.exportPytest(run.id), "test_run.py"));
  return (
    <div className="jp-buttons js-ended">
      {error && (
        <span className="jp-error-text" role="alert">
          {error}
        </span>
      )}
      <Button icon="again" label="Run again" tone="primary" disabled={busy} onClick={() => void again()} />
      <EditAgain run={run} />
      <Button icon="download" label="Save as test" disabled={busy} onClick={() => void keep()} />
      {asking && (
        <SecretsDialog
          names={Object.keys(asking.secrets ?? {})}
          onGiven={(secrets) => given(asking, secrets)}
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}
