import { useEffect, useId, useState } from "react";
import { describe } from "../api/errors";
import type { SourceExcerpt, SourceLocation } from "../protocol/types";
import { placeName, shortFile } from "./attached";
import { useMaySteer, usePlayer, usePlayerState } from "./context";

/** Where in the test a step is; unfolds the lines around it for those who may steer. */
export function SourcePlace({ location, stepNumber }: { location: SourceLocation; stepNumber?: number }) {
  const { ui, setUi } = usePlayer();
  const folder = usePlayerState((state) => state.run?.session?.folder);
  const maySteer = useMaySteer();
  const id = useId();
  const name = placeName(location);
  const whole = `${shortFile(location.file, folder)}:${location.line}`;
  if (stepNumber === undefined || !maySteer)
    return (
      <span className="jp-place" title={whole}>
        {name}
      </span>
    );
  const open = ui.openSources.includes(stepNumber);
  const others = ui.openSources.filter((number) => number !== stepNumber);
  return (
    <>
      <button
        type="button"
        className="jp-place"
        title={whole}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setUi({ openSources: open ? others : [...others, stepNumber] })}
      >
        <span className="jp-sr">Lines around </span>
        {name}
      </button>
      {open && <SourceLines id={id} stepNumber={stepNumber} />}
    </>
  );
}

function SourceLines({ id, stepNumber }: { id: string; stepNumber: number }) {
  const { session } = usePlayer();
  const [excerpt, setExcerpt] = useState<SourceExcerpt | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    session.api.source(session.runId, stepNumber).then(
      (found) => left || setExcerpt(found),
      (reason: unknown) => left || setError(describe(reason)),
    );
    return () => {
      left = true;
    };
  }, [session, stepNumber]);
  if (error !== null)
    return (
      <p className="jp-dim" id={id} role="status">
        {error}
      </p>
    );
  return (
    <section className="jp-source" id={id} aria-label={excerpt ? `Lines of ${excerpt.file}` : "Reading the lines"}>
      {excerpt?.lines.map((text, at) => {
        const number = excerpt.first + at;
        return (
          <div key={number} data-here={number === excerpt.line || undefined}>
            <span aria-hidden="true">{number}</span>
            {text || " "}
          </div>
        );
      })}
    </section>
  );
}
