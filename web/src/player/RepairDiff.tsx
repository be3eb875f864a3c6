import { useEffect, useState } from "react";
import type { SourceLocation, Step } from "../protocol/types";
import { changesOf, diffKinds, isRepaired, patchOf } from "./attached";
import { CopyButton } from "./CopyButton";
import { useMaySteer, usePlayer } from "./context";

/** What a repair changes in the test's own file, to be copied into it; nothing for other steps and other people. */
export function RepairDiff({ step, before }: { step: Step; before: Step | undefined }) {
  const maySteer = useMaySteer();
  if (!maySteer || !step.location || !isRepaired(step, before)) return null;
  return <Diff location={step.location} stepNumber={step.stepNumber} />;
}

const MARKS = { added: "+", removed: "−", same: " ", head: "" } as const;

function Diff({ location, stepNumber }: { location: SourceLocation; stepNumber: number }) {
  const { session } = usePlayer();
  const [patch, setPatch] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    // A repair that cannot be read now is in the export later.
    session.api.exportPatch(session.runId).then(
      (text) => left || setPatch(text),
      () => left || setPatch(""),
    );
    return () => {
      left = true;
    };
  }, [session]);
  const shown = patch === null ? null : patchOf(patch, location);
  if (shown === null) return null;
  const isComment = shown.startsWith("#");
  return (
    <div className="jp-repair">
      <section className="jp-diff" aria-label={`Repair of the test, step ${stepNumber}`}>
        {(isComment ? diffKinds(shown) : changesOf(shown)).map(({ kind, text }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
          <div key={at} data-kind={kind}>
            <span aria-hidden="true">{MARKS[kind]}</span>
            {(kind === "added" || kind === "removed") && <span className="jp-sr">{kind}: </span>}
            {text || " "}
          </div>
        ))}
      </section>
      <CopyButton
        label={isComment ? "Copy" : "Copy patch"}
        text={isComment ? shown : shown.replace(/\n?$/, "\n")}
        said="The repair is on the clipboard."
      />
    </div>
  );
}
