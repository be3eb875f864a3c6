import type { ApiClient } from "../api/client";
import { isAttached, testFacts, testPlace, titleOf } from "../player/attached";
import { Button } from "../player/Button";
import { formatAgo, formatDuration, outcomeName } from "../player/format";
import { Icon } from "../player/Icon";
import { isFinal, type Run } from "../protocol/types";
import { EditAgain } from "./EditAgain";
import { Link } from "./Link";
import { useRunAgain } from "./RunAgain";
import { Thumbnail } from "./Thumbnail";

export function RunCard({ run, api }: { run: Run; api: ApiClient }) {
  const ended = isFinal(run.status);
  const place = testPlace(run);
  return (
    <li className="js-run" data-status={run.status}>
      <Link to={`/runs/${encodeURIComponent(run.id)}`} className="js-run-link">
        <Thumbnail run={run} api={api} />
        <span className="js-run-text">
          <span className="js-run-name">{titleOf(run)}</span>
          {isAttached(run) && (
            <span className="js-run-facts">
              {place !== null && <code>{place}</code>}
              {testFacts({ client: null, test: run.test }).map((fact) => (
                <span key={fact}>{fact}</span>
              ))}
            </span>
          )}
          <span className="js-run-facts">
            <span className="jp-status" data-status={run.status} data-mended={run.failedSteps > 0}>
              {outcomeName(run.status, run.failedSteps)}
            </span>
            <span>
              Step {run.currentStep}
              {run.totalSteps ? ` of ${run.totalSteps}` : ""}
            </span>
            {!ended && run.viewers > 0 && (
              <span className="jp-viewers" title={`${run.viewers} watching`}>
                <Icon name="eye" />
                {run.viewers}
              </span>
            )}
          </span>
          <span className="js-run-facts">
            <span>{formatAgo(run.createdAt, Date.now())}</span>
            <span>{took(run)}</span>
          </span>
          {run.attention && <span className="js-run-attention">{run.attention.reason}</span>}
          {run.error && <span className="jp-error-text js-run-error">{run.error}</span>}
        </span>
      </Link>
      {ended && !isAttached(run) && <Again run={run} api={api} />}
    </li>
  );
}

function took({ startedAt, endedAt }: Run): string {
  return startedAt && endedAt ? formatDuration(Date.parse(endedAt) - Date.parse(startedAt)) : "";
}

function Again({ run, api }: { run: Run; api: ApiClient }) {
  const { busy, error, dialog, again } = useRunAgain(api, run);
  return (
    <div className="js-run-again">
      {error && (
        <span className="jp-error-text" role="alert">
          {error}
        </span>
      )}
      <Button
        icon="again"
        label="Run again"
        aria-label={`Run again: ${titleOf(run)}`}
        disabled={busy}
        onClick={() => void again()}
      />
      <EditAgain run={run} />
      {dialog}
    </div>
  );
}
