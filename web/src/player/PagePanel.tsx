import { useEffect, useMemo, useState } from "react";
import { describe } from "../api/errors";
import { type ConsoleList, type HttpBody, isFinal, type RequestList } from "../protocol/types";
import { CopyButton } from "./CopyButton";
import { usePlayer, usePlayerState } from "./context";
import { Downloads } from "./Downloads";
import { asCurl, type PageFilter, type PageLine, pageLines } from "./pageLog";

const REFRESH_MS = 2000;
/** Rows that are drawn: filters find the others. */
const MOST_ROWS = 300;
const KINDS: { value: PageFilter["kind"]; label: string }[] = [
  { value: "all", label: "All" },
  { value: "failed", label: "Failing" },
  { value: "console", label: "Console" },
  { value: "network", label: "Network" },
];

/** What the driven page logs and throws, and what it asks for; read while somebody looks at it. */
export function PagePanel() {
  const { log, error } = usePageLog();
  const [filter, setFilter] = useState<PageFilter>({ text: "", kind: "all", step: null });
  const lines = useMemo(() => (log === null ? [] : pageLines(log.console, log.requests, filter)), [log, filter]);
  if (error !== null) return <p className="jp-empty">{error}</p>;
  if (log === null) return <p className="jp-empty">Reading what the page said…</p>;
  const all = [...log.console, ...log.requests];
  const steps = [...new Set(all.map(({ step }) => step))].sort((a, b) => a - b);
  return (
    <>
      <div className="jp-page-filter">
        <input
          type="search"
          placeholder="Filter"
          aria-label="Filter by text"
          value={filter.text}
          onChange={(event) => setFilter({ ...filter, text: event.target.value })}
        />
        <select
          aria-label="Kind"
          value={filter.kind}
          onChange={(event) => setFilter({ ...filter, kind: event.target.value as PageFilter["kind"] })}
        >
          {KINDS.map(({ value, label }) => (
            <option key={value} value={value}>
              {`${label} (${pageLines(log.console, log.requests, { ...filter, kind: value }).length})`}
            </option>
          ))}
        </select>
        <select
          aria-label="Step"
          value={filter.step ?? ""}
          onChange={(event) => setFilter({ ...filter, step: event.target.value === "" ? null : +event.target.value })}
        >
          <option value="">All steps</option>
          {steps.map((step) => (
            <option key={step} value={step}>
              {stepName(step)}
            </option>
          ))}
        </select>
      </div>
      <Downloads />
      <LeftOutNote leftOut={log.leftOut} mutedMs={log.mutedMs} />
      {lines.length === 0 && (
        <p className="jp-empty">{all.length === 0 ? "The page has said nothing." : "Nothing fits."}</p>
      )}
      <ol className="jp-steps">
        {lines.slice(0, MOST_ROWS).map((line) => (
          <PageRow key={`${line.kind}-${line.number}`} line={line} />
        ))}
      </ol>
      {lines.length > MOST_ROWS && <p className="jp-empty">{`${lines.length - MOST_ROWS} more: filter for them.`}</p>}
    </>
  );
}

const stepName = (step: number): string => (step === 0 ? "Before the steps" : `Step ${step}`);

function LeftOutNote({ leftOut, mutedMs }: { leftOut: number; mutedMs: number }) {
  const said = [
    ...(leftOut > 0 ? [`${leftOut} older entries were dropped.`] : []),
    ...(mutedMs > 0 ? [`A flood was not listened to for ${(mutedMs / 1000).toFixed(0)} s.`] : []),
  ];
  return said.length === 0 ? null : <p className="jp-page-note jp-dim">{said.join(" ")}</p>;
}

function PageRow({ line }: { line: PageLine }) {
  return (
    <li className="jp-step jp-page-row" data-status={line.failed ? "failed" : "skipped"}>
      <span className="jp-step-mark" aria-hidden="true" />
      <div className="jp-step-text">
        <span className={line.failed ? "jp-error-text" : "jp-page-text"}>{line.title}</span>
        {line.detail && <code>{line.detail}</code>}
        <span className="jp-step-facts">
          <span>{stepName(line.step)}</span>
          {line.facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
          {line.request !== null && line.request.resourceType !== "websocket" && (
            <CopyButton label="Copy as cURL" text={asCurl(line.request)} said="The command is on the clipboard." />
          )}
        </span>
        <Body label="What was sent" body={line.request?.requestBody ?? null} />
        <Body label="What was answered" body={line.request?.responseBody ?? null} />
      </div>
    </li>
  );
}

function Body({ label, body }: { label: string; body: HttpBody | null }) {
  if (body === null) return null;
  return (
    <details className="jp-page-body">
      <summary>{label}</summary>
      {body.text === null ? (
        <p className="jp-dim">{`Not kept: ${body.leftOut}`}</p>
      ) : (
        <pre>{body.cut ? `${body.text}…` : body.text}</pre>
      )}
    </details>
  );
}

interface PageLog {
  console: ConsoleList["entries"];
  requests: RequestList["entries"];
  leftOut: number;
  mutedMs: number;
}

/** Reads what is new when the panel opens, when the page has failed at something, and every while until the run ends. */
function usePageLog(): { log: PageLog | null; error: string | null } {
  const { session } = usePlayer();
  const newest = usePlayerState((state) => state.pageNews.newest);
  const over = usePlayerState((state) => state.run !== null && isFinal(state.run.status));
  const [log, setLog] = useState<PageLog | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [tick, setTick] = useState(0);
  useEffect(() => {
    if (over) return;
    const timer = setInterval(() => document.hidden || setTick((before) => before + 1), REFRESH_MS);
    return () => clearInterval(timer);
  }, [over]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these says that there may be more
  useEffect(() => {
    let left = false;
    const { api, runId } = session;
    Promise.all([api.console(runId, last(log?.console)), api.network(runId, last(log?.requests))]).then(
      ([console, network]) => left || setLog(joined(log, console, network)),
      (reason: unknown) => left || setError(describe(reason)),
    );
    return () => {
      left = true;
    };
  }, [session, newest, over, tick]);
  return { log, error };
}

const last = (entries: readonly { number: number }[] = []): number => entries.at(-1)?.number ?? 0;

function joined(log: PageLog | null, console: ConsoleList, network: RequestList): PageLog {
  return {
    console: [...(log?.console ?? []), ...console.entries],
    requests: [...(log?.requests ?? []), ...network.entries],
    leftOut: console.leftOut + network.leftOut,
    mutedMs: console.mutedMs,
  };
}
