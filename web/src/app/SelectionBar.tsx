import { useEffect, useRef, useState } from "react";
import type { ApiClient, ExportFormat } from "../api/client";
import { titleOf } from "../player/attached";
import { Button } from "../player/Button";
import { ConfirmButton } from "../player/ConfirmButton";
import { isFinal, type Run } from "../protocol/types";
import { saveAs } from "../save";
import { exportRuns, type Failure, forEachRun } from "./bulk";
import { ExportMenu } from "./ExportMenu";

interface SelectionBarProps {
  api: ApiClient;
  runs: readonly Run[];
  onChanged(): void;
  onClear(): void;
}

/** What can be done to several runs at once; what could not be done is said of each. */
export function SelectionBar({ api, runs, onChanged, onClear }: SelectionBarProps) {
  const [progress, setProgress] = useState<string | null>(null);
  const [result, setResult] = useState<{ title: string; failures: Failure[] } | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const active = runs.filter((run) => !isFinal(run.status));
  const busy = progress !== null;
  useEffect(() => {
    if (runs.length === 0) return;
    const onKeyDown = ({ key, target }: KeyboardEvent) => {
      // There it means something else.
      const isElsewhere = target instanceof Element && target.closest("input[type=search], form, dialog") !== null;
      if (key === "Escape" && !isElsewhere) onClear();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [runs.length, onClear]);
  const tell = (doing: string, total: number) => (count: number) => setProgress(`${doing} ${count} of ${total}`);
  const finish = (title: string, failures: Failure[]) => {
    setProgress(null);
    // What has the focus goes with the last run that is selected.
    place.current?.focus();
    setResult(failures.length > 0 ? { title, failures } : null);
  };
  const remove = async () => {
    setResult(null);
    finish("Not deleted", await forEachRun(runs, (run) => api.removeRun(run.id), tell("Deleted", runs.length)));
    onChanged();
  };
  const cancel = async () => {
    setResult(null);
    finish("Not cancelled", await forEachRun(active, (run) => api.cancelRun(run.id), tell("Cancelled", active.length)));
    onChanged();
  };
  const save = async (format: ExportFormat) => {
    setResult(null);
    const { file, failures } = await exportRuns(api, runs, format, tell("Written", runs.length));
    if (file) saveAs(file);
    finish("Not saved", failures);
  };
  const several = `${runs.length} ${runs.length === 1 ? "run" : "runs"}`;
  return (
    <div className="js-bar-place" ref={place} tabIndex={-1}>
      {result && <Failures {...result} onClose={() => setResult(null)} />}
      <p className="jp-sr" role="status">
        {runs.length > 0 ? (progress ?? `${several} selected`) : ""}
      </p>
      {runs.length > 0 && (
        <section className="js-bar" aria-label="Selected runs">
          <b aria-hidden="true">{progress ?? `${several} selected`}</b>
          <span className="jp-gap" />
          <ExportMenu disabled={busy} attached={false} onChoose={(format) => void save(format)} />
          {active.length > 0 && (
            <ConfirmButton
              icon="stop"
              label="Cancel"
              question={`Cancel ${active.length}?`}
              disabled={busy}
              onConfirm={() => void cancel()}
            />
          )}
          <ConfirmButton
            icon="trash"
            label="Delete"
            question={`Delete ${runs.length}?`}
            disabled={busy}
            onConfirm={() => void remove()}
          />
          <Button icon="cross" label="Select none" iconOnly tone="quiet" onClick={onClear} />
        </section>
      )}
    </div>
  );
}

function Failures({ title, failures, onClose }: { title: string; failures: Failure[]; onClose(): void }) {
  return (
    <div className="js-alert js-failures" role="alert">
      <div className="jp-label-row">
        <b>
          {title}: {failures.length} {failures.length === 1 ? "run" : "runs"}
        </b>
        <Button icon="cross" label="Close" iconOnly tone="quiet" onClick={onClose} />
      </div>
      <ul>
        {failures.map(({ run, reason }) => (
          <li key={run.id}>
            <b>{titleOf(run)}</b> {reason}
          </li>
        ))}
      </ul>
    </div>
  );
}
