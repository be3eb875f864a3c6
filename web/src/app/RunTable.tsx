import type { ApiClient } from "../api/client";
import { titleOf } from "../player/attached";
import { formatAgo, PLANNER_NAMES, STATUS_NAMES } from "../player/format";
import type { Run, SessionRef } from "../protocol/types";
import { Choose } from "./Choose";
import { Link } from "./Link";
import { RunButtons } from "./RunButtons";
import { stepsOf, timeTaken } from "./runFacts";
import type { Selection } from "./selection";
import { type Entry, keyOf, summaryOf } from "./sessions";

interface RunTableProps {
  entries: readonly Entry[];
  label: string;
  api: ApiClient;
  selection: Selection;
  onChanged(): void;
}

/** The runs, one in a line. */
export function RunTable({ entries, label, ...given }: RunTableProps) {
  return (
    <div className="js-table-box">
      <table className="js-table" aria-label={label}>
        <thead>
          <tr>
            <th>
              <span className="jp-sr">Select</span>
            </th>
            <th>Name</th>
            <th>Status</th>
            <th>Planner</th>
            <th>Started</th>
            <th>Took</th>
            <th>Steps</th>
            <th>Failed steps</th>
            <th>
              <span className="jp-sr">Do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) =>
            "run" in entry ? (
              <RunRow key={keyOf(entry)} run={entry.run} {...given} />
            ) : (
              <SessionRow key={keyOf(entry)} session={entry.session} runs={entry.runs} selection={given.selection} />
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

interface RunRowProps {
  run: Run;
  api: ApiClient;
  selection: Selection;
  onChanged(): void;
}

function RunRow({ run, api, selection, onChanged }: RunRowProps) {
  const title = titleOf(run);
  const started = run.startedAt ?? run.createdAt;
  return (
    <tr data-status={run.status} data-chosen={selection.chosen.has(run.id) || undefined}>
      <td>
        <Choose ids={[run.id]} name={title} selection={selection} />
      </td>
      <td className="js-cell-name">
        <Link to={`/runs/${encodeURIComponent(run.id)}`}>{title}</Link>
        {run.attention && <span className="js-run-attention">{run.attention.reason}</span>}
        {run.error && <span className="jp-error-text js-run-error">{run.error}</span>}
      </td>
      <td>
        <span className="jp-status" data-status={run.status} data-mended={run.failedSteps > 0}>
          {STATUS_NAMES[run.status]}
        </span>
      </td>
      <td data-label="Planner">{PLANNER_NAMES[run.planner]}</td>
      <td data-label="Started">
        <time dateTime={started} title={new Date(started).toLocaleString()}>
          {formatAgo(started, Date.now())}
        </time>
      </td>
      <td data-label="Took">{timeTaken(run)}</td>
      <td data-label="Steps">{stepsOf(run)}</td>
      <td data-label="Failed steps">{run.failedSteps || ""}</td>
      <td className="js-cell-buttons">
        <RunButtons run={run} api={api} compact onChanged={onChanged} />
      </td>
    </tr>
  );
}

interface SessionRowProps {
  session: SessionRef;
  runs: Run[];
  selection: Selection;
}

/** The runs of one attach session. */
function SessionRow({ session, runs, selection }: SessionRowProps) {
  const [newest] = runs;
  if (newest === undefined) return null;
  const started = newest.startedAt ?? newest.createdAt;
  const steps = runs.reduce((sum, run) => sum + run.currentStep, 0);
  const failed = runs.reduce((sum, run) => sum + run.failedSteps, 0);
  return (
    <tr>
      <td>
        <Choose ids={runs.map((run) => run.id)} name={session.name} selection={selection} />
      </td>
      <td className="js-cell-name">
        <Link to={`/sessions/${encodeURIComponent(session.id)}`}>{session.name}</Link>
      </td>
      <td>{summaryOf(runs)}</td>
      <td data-label="Planner">{PLANNER_NAMES.attached}</td>
      <td data-label="Started">
        <time dateTime={started} title={new Date(started).toLocaleString()}>
          {formatAgo(started, Date.now())}
        </time>
      </td>
      <td data-label="Took" />
      <td data-label="Steps">{steps}</td>
      <td data-label="Failed steps">{failed || ""}</td>
      <td />
    </tr>
  );
}
