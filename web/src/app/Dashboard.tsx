import { useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import { describe } from "../api/errors";
import { Button } from "../player/Button";
import { Icon } from "../player/Icon";
import type { NewRun, Run } from "../protocol/types";
import { FilterBar } from "./FilterBar";
import { Header } from "./Header";
import { NewRunForm } from "./NewRunForm";
import { setParameter, useParameter } from "./path";
import { RunList } from "./RunList";
import { SelectionBar } from "./SelectionBar";
import { SignIn } from "./SignIn";
import { useSelection } from "./selection";
import { type Entry, entriesOf, runsOf } from "./sessions";
import type { Theme } from "./theme";
import { type Filters, useFilters } from "./useFilters";
import { useRuns } from "./useRuns";
import { useView, type View } from "./view";

interface DashboardProps {
  api: ApiClient;
  theme: Theme;
  onSignIn(key: string): void;
}

/** All runs of this owner, those that need somebody first, then the newest, and the form for a new one. */
export function Dashboard({ api, theme, onSignIn }: DashboardProps) {
  const [starting, setStarting] = useState(false);
  const editing = useParameter("edit");
  const filters = useFilters();
  const [view, setView] = useView();
  const { runs, waiting, error, ...list } = useRuns(api, filters.wanted);
  useEffect(() => {
    document.title = `${waiting.length > 0 ? `(${waiting.length}) ` : ""}Runs · jumpseat`;
  }, [waiting.length]);
  if (error?.status === 401 || error?.status === 403)
    return <SignIn error={error} given={api.token !== null} onSignIn={onSignIn} />;
  return (
    <>
      <Header theme={theme} />
      <main className="js-dashboard">
        <div className="js-head">
          <h1>Runs</h1>
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
        <FilterBar filters={filters} view={view} onView={setView} />
        {error && (
          <p className="js-alert" role="alert">
            {error.message}
          </p>
        )}
        {runs === null && !error && <Loading />}
        {runs?.length === 0 && <Empty filters={filters} onStart={() => setStarting(true)} />}
        {runs !== null && <Runs runs={runs} waiting={waiting} view={view} api={api} {...list} />}
      </main>
    </>
  );
}

interface RunsProps extends Omit<ReturnType<typeof useRuns>, "runs" | "error"> {
  runs: readonly Run[];
  view: View;
  api: ApiClient;
}

function Runs({ runs, waiting, view, api, hasOlder, hasNewer, showOlder, showNewest, reload }: RunsProps) {
  const first: Entry[] = waiting.map((run) => ({ run }));
  const isFirst = new Set(waiting.map((run) => run.id));
  // Those of a session stay with the others of it, as its card says how many there are.
  const rest = entriesOf(runs.filter((run) => run.session !== null || !isFirst.has(run.id)));
  const entries = [...first, ...rest];
  const selection = useSelection(entries.map((entry) => runsOf(entry).map((run) => run.id)));
  const all = new Map(entries.flatMap(runsOf).map((run) => [run.id, run]));
  const given = { view, api, selection, onChanged: reload };
  return (
    <>
      {entries.length > 0 && (
        <Button
          label={selection.chosen.size === all.size ? "Select none" : "Select all that are shown"}
          tone="quiet"
          className="js-all"
          onClick={selection.chosen.size === all.size ? selection.clear : selection.all}
        />
      )}
      {first.length > 0 && (
        <section className="js-group" data-group="help" aria-labelledby="js-needs-help">
          <h2 id="js-needs-help">
            <Icon name="warn" />
            Needs help <span className="js-count">{first.length}</span>
          </h2>
          <RunList entries={first} label="Runs that need help" {...given} />
        </section>
      )}
      {hasNewer && <Button label="Show the newest runs" onClick={showNewest} />}
      {rest.length > 0 && <RunList entries={rest} label="Runs, the newest first" {...given} />}
      {hasOlder && <Button label="Show older runs" onClick={showOlder} />}
      <SelectionBar
        api={api}
        runs={[...selection.chosen].flatMap((id) => all.get(id) ?? [])}
        onChanged={reload}
        onClear={selection.clear}
      />
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
  return spec && <NewRunForm api={api} initial={spec} onClose={() => setParameter("edit", null)} />;
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

function Empty({ filters, onStart }: { filters: Filters; onStart: () => void }) {
  const filtered = Object.keys(filters.wanted).length > 0;
  return (
    <div className="js-nothing">
      <h2>{filtered ? "No such run" : "No run yet"}</h2>
      <p className="jp-dim">
        {filtered
          ? "Choose another filter or other words, or start a run."
          : "Give an address and say in plain sentences what to do there."}
      </p>
      <div className="jp-buttons">
        {filtered && <Button label="Show all runs" onClick={filters.clear} />}
        <Button icon="plus" label="Start a run" tone="primary" onClick={onStart} />
      </div>
    </div>
  );
}
