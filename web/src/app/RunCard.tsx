import type { ApiClient } from "../api/client";
import { isAttached, testFacts, testPlace, titleOf } from "../player/attached";
import { formatAgo, outcomeName } from "../player/format";
import { Icon } from "../player/Icon";
import { isFinal, type Run } from "../protocol/types";
import { Choose } from "./Choose";
import { Link } from "./Link";
import { RunButtons } from "./RunButtons";
import { stepsOf, timeTaken } from "./runFacts";
import type { Selection } from "./selection";
import { Thumbnail } from "./Thumbnail";

interface RunCardProps {
  run: Run;
  api: ApiClient;
  selection?: Selection;
  onChanged?: () => void;
}

export function RunCard({ run, api, selection, onChanged }: RunCardProps) {
  const ended = isFinal(run.status);
  const place = testPlace(run);
  return (
    <li className="js-run" data-status={run.status} data-chosen={selection?.chosen.has(run.id) || undefined}>
      {selection && <Choose ids={[run.id]} name={titleOf(run)} selection={selection} />}
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
            <span>Step {stepsOf(run)}</span>
            {!ended && run.viewers > 0 && (
              <span className="jp-viewers" title={`${run.viewers} watching`}>
                <Icon name="eye" />
                {run.viewers}
              </span>
            )}
          </span>
          <span className="js-run-facts">
            <span>{formatAgo(run.createdAt, Date.now())}</span>
            <span>{timeTaken(run)}</span>
          </span>
          {run.attention && <span className="js-run-attention">{run.attention.reason}</span>}
          {run.error && <span className="jp-error-text js-run-error">{run.error}</span>}
        </span>
      </Link>
      <RunButtons run={run} api={api} onChanged={onChanged} />
    </li>
  );
}
