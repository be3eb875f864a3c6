import type { ApiClient } from "../api/client";
import { formatAgo } from "../player/format";
import type { Run, SessionRef } from "../protocol/types";
import { Link } from "./Link";
import { groupsOf, summaryOf } from "./sessions";
import { Thumbnail } from "./Thumbnail";

/** The runs of one attach session as one card: the one that needs somebody most is shown. */
export function SessionCard({ session, runs, api }: { session: SessionRef; runs: Run[]; api: ApiClient }) {
  const first = groupsOf(runs)[0];
  const shown = first?.runs[0];
  if (first === undefined || shown === undefined) return null;
  return (
    <li className="js-run" data-group={first.group}>
      <Link to={`/sessions/${encodeURIComponent(session.id)}`} className="js-run-link">
        <Thumbnail key={shown.id} run={shown} api={api} />
        <span className="js-run-text">
          <span className="js-run-name">{session.name}</span>
          <span className="js-run-facts">
            <span>{runs.length === 1 ? "1 test" : `${runs.length} tests`}</span>
            <span>{summaryOf(runs)}</span>
          </span>
          <span className="js-run-facts">
            <span>{formatAgo(shown.createdAt, Date.now())}</span>
          </span>
        </span>
      </Link>
    </li>
  );
}
