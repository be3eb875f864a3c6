import { useEffect } from "react";
import type { ApiClient } from "../api/client";
import { testFacts, testPlace, titleOf } from "../player/attached";
import { Icon } from "../player/Icon";
import type { Run } from "../protocol/types";
import { Header } from "./Header";
import { Link } from "./Link";
import { RunCard } from "./RunCard";
import { timeTaken } from "./runFacts";
import { SignIn } from "./SignIn";
import { GROUP_NAMES, type Group, groupsOf, summaryOf } from "./sessions";
import type { Theme } from "./theme";
import { useSession } from "./useSession";

interface SessionPageProps {
  sessionId: string;
  api: ApiClient;
  theme: Theme;
  onSignIn(key: string): void;
}

/** The tests of one attach session: those that need somebody first. */
export function SessionPage({ sessionId, api, theme, onSignIn }: SessionPageProps) {
  const { runs, session, error } = useSession(api, sessionId);
  const name = session?.session.name ?? runs?.[0]?.session?.name ?? "Attached tests";
  const groups = groupsOf(runs ?? []);
  const waiting = groups.find(({ group }) => group === "help")?.runs.length ?? 0;
  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${name} · jumpseat`;
  }, [name, waiting]);
  if (error?.status === 401) return <SignIn error={error} given={api.token !== null} onSignIn={onSignIn} />;
  return (
    <>
      <Header theme={theme} />
      <main className="js-dashboard">
        <div className="js-head">
          <h1 className="js-session-name">{name}</h1>
          {session?.review && <span className="jp-tag">Every call waits for approval</span>}
          {runs !== null && session === null && <span className="jp-tag">Ended</span>}
          <span className="jp-dim" role="status">
            {summaryOf(runs ?? [])}
          </span>
        </div>
        {error && (
          <p className="js-alert" role="alert">
            {error.message}
          </p>
        )}
        {session !== null && session.notes.length > 0 && (
          <ul className="js-notes" aria-label="Notes">
            {session.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        {runs?.length === 0 && <Waiting ended={session === null} />}
        {groups.map(({ group, runs: own }) => (
          <GroupSection key={group} group={group} runs={own} api={api} />
        ))}
      </main>
    </>
  );
}

function GroupSection({ group, runs, api }: { group: Group; runs: Run[]; api: ApiClient }) {
  const live = group === "help" || group === "running";
  return (
    <section className="js-group" data-group={group} aria-labelledby={`js-group-${group}`}>
      <h2 id={`js-group-${group}`}>
        {group === "help" && <Icon name="warn" />}
        {GROUP_NAMES[group]} <span className="js-count">{runs.length}</span>
      </h2>
      <ul className={live ? "js-runs" : "js-tests"}>
        {runs.map((run) => (live ? <RunCard key={run.id} run={run} api={api} /> : <TestRow key={run.id} run={run} />))}
      </ul>
    </section>
  );
}

/** One test that is over, in a line. */
function TestRow({ run }: { run: Run }) {
  const { error } = run;
  const place = testPlace(run);
  const facts = testFacts({ client: null, test: run.test });
  return (
    <li data-status={run.status}>
      <Link to={`/runs/${encodeURIComponent(run.id)}`}>
        <span className="js-test-name">
          <span className="jp-status" data-status={run.status}>
            <span className="jp-sr">{run.status}</span>
          </span>
          <span>{titleOf(run)}</span>
        </span>
        {place !== null && <code>{place}</code>}
        {facts.map((fact) => (
          <span key={fact} className="jp-tag">
            {fact}
          </span>
        ))}
        <span className="jp-gap" />
        <span className="jp-dim">{timeTaken(run)}</span>
        {error && <span className="jp-error-text js-run-error">{error}</span>}
      </Link>
    </li>
  );
}

function Waiting({ ended }: { ended: boolean }) {
  return (
    <div className="js-nothing">
      <h2>{ended ? "There are no tests here" : "No test has begun yet"}</h2>
      <p className="jp-dim">
        {ended
          ? "The session is over or does not exist, and none of its tests is kept."
          : "They appear here as soon as the command opens a page."}
      </p>
    </div>
  );
}
