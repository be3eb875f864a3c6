import type { ApiClient } from "../api/client";
import { formatAgo } from "../player/format";
import type { Run, SessionRef } from "../protocol/types";
import { Choose } from "./Choose";
import { Link } from "./Link";
import type { Selection } from "./selection";
import { groupsOf, summaryOf } from "./sessions";
import { Thumbnail } from "./Thumbnail";

interface SessionCardProps {
  session: SessionRef;
  runs: Run[];
  api: ApiClient;
  selection: Selection;
}

/** The runs of one attach session as one card: the one that needs somebody most is shown. */
export function SessionCard({ session, runs, api, selection }: SessionCardProps) {
  const first = groupsOf(runs)[0];
  const shown = first?.runs[0];
  if (first === undefined || shown === undefined) return null;
  return (
    <li className="js-run" data-group={first.group}>
      <Choose ids={runs.map((run) => run.id)} name={session.name} selection={selection} />
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
