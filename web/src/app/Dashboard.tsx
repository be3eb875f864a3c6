import { useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import { describe } from "../api/errors";
import { Button } from "../player/Button";
import { STATUS_NAMES } from "../player/format";
import type { NewRun, RunStatus } from "../protocol/types";
import { Header } from "./Header";
import { NewRunForm } from "./NewRunForm";
import { navigate, useParameter } from "./path";
import { RunCard } from "./RunCard";
import { SessionCard } from "./SessionCard";
import { SignIn } from "./SignIn";
import { entriesOf } from "./sessions";
import type { Theme } from "./theme";
import { useRuns } from "./useRuns";

interface DashboardProps {
  api: ApiClient;
  theme: Theme;
  onSignIn(key: string): void;
}

const FILTERS: RunStatus[] = ["running", "paused", "diagnosing", "queued", "passed", "failed", "cancelled"];

/** All runs of this owner, the newest first, and the form for a new one. */
export function Dashboard({ api, theme, onSignIn }: DashboardProps) {
  const [status, setStatus] = useState<RunStatus | undefined>();
  const [search, setSearch] = useState("");
  const [starting, setStarting] = useState(false);
  const editing = useParameter("edit");
  const { runs, error, more, loadMore } = useRuns(api, status, search);
  if (error?.status === 401 || error?.status === 403)
    return <SignIn error={error} given={api.token !== null} onSignIn={onSignIn} />;
  return (
    <>
      <Header theme={theme} />
      <main className="js-dashboard">
        <div className="js-head">
          <h1>Runs</h1>
          <label className="js-filter">
            <span className="jp-sr">Show</span>
            <select
              value={status ?? ""}
              onChange={(event) => setStatus((event.target.value || undefined) as RunStatus | undefined)}
            >
              <option value="">All runs</option>
              {FILTERS.map((each) => (
                <option key={each} value={each}>
                  {STATUS_NAMES[each]}
                </option>
              ))}
            </select>
          </label>
          <label className="js-search">
            <span className="jp-sr">Search</span>
            <input
              type="search"
              placeholder="Name, address, instructions"
              maxLength={200}
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </label>
          <span className="jp-gap" />
          <Button
            icon="plus"
            label="New run"
            tone="primary"
            aria-expanded={starting}
            onClick={() => setStarting(!starting)}
          />
        </div>
        {starting && <NewRunForm api={api} onClose={() => setStarting(false)} />}
        {editing !== null && <EditedRun key={editing} runId={editing} api={api} />}
        {error && (
          <p className="js-alert" role="alert">
            {error.message}
          </p>
        )}
        {runs === null && !error && <Loading />}
        {runs?.length === 0 && (
          <Empty filtered={status !== undefined || search.trim() !== ""} onStart={() => setStarting(true)} />
        )}
        <ul className="js-runs">
          {entriesOf(runs ?? []).map((entry) =>
            "run" in entry ? (
              <RunCard key={entry.run.id} run={entry.run} api={api} />
            ) : (
              <SessionCard key={entry.session.id} session={entry.session} runs={entry.runs} api={api} />
            ),
          )}
        </ul>
        {more && <Button label="Show older runs" onClick={loadMore} />}
      </main>
    </>
  );
}

/** The form, filled with what another run was made from. */
function EditedRun({ runId, api }: { runId: string; api: ApiClient }) {
  const [spec, setSpec] = useState<NewRun | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    api.spec(runId).then(setSpec, (reason: unknown) => setError(describe(reason)));
  }, [api, runId]);
  if (error !== null)
    return (
      <p className="js-alert" role="alert">
        {error}
      </p>
    );
  return spec && <NewRunForm api={api} initial={spec} onClose={() => navigate("/")} />;
}

function Loading() {
  return (
    <ul className="js-runs" aria-busy="true" aria-label="Loading the runs">
      {[1, 2, 3].map((each) => (
        <li key={each} className="js-run js-skeleton" />
      ))}
    </ul>
  );
}

function Empty({ filtered, onStart }: { filtered: boolean; onStart: () => void }) {
  return (
    <div className="js-nothing">
      <h2>{filtered ? "No such run" : "No run yet"}</h2>
      <p className="jp-dim">
        {filtered
          ? "Choose another filter or other words, or start a run."
          : "Give an address and say in plain sentences what to do there."}
      </p>
      <Button icon="plus" label="Start a run" tone="primary" onClick={onStart} />
    </div>
  );
}
