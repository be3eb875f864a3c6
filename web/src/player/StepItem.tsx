import { memo, useEffect, useRef, useState } from "react";
import { sentence } from "../api/errors";
import { useSeen, useStoredPicture } from "../picture";
import type { Step } from "../protocol/types";
import { Button } from "./Button";
import { CopyLocator } from "./CopyLocator";
import { usePlayer, usePlayerState } from "./context";
import { actionLine, dialogLine, formatDuration, selectorText, stepTitle } from "./format";
import { KeepSecret, typedSecret } from "./KeepSecret";
import { keepsTrace, OpenTrace } from "./OpenTrace";
import { RepairDiff } from "./RepairDiff";
import { useReplay } from "./replay";
import type { RowProps } from "./rows";
import { SourcePlace } from "./SourcePlace";

const SOURCE_NAMES = { plan: "plan", override: "override", human: "human" } as const;

interface StepItemProps extends RowProps {
  step: Step;
  before: Step | undefined;
  isShown: boolean;
}

/** One step that has begun; drawn anew only where something of it has changed. */
export const StepItem = memo(function StepItem({ step, before, isShown, row, isStop }: StepItemProps) {
  const replay = useReplay();
  const secret = typedSecret(step);
  return (
    <li className="jp-step" data-row={row} data-status={step.status} data-shown={isShown || undefined}>
      <button
        type="button"
        data-stop
        tabIndex={isStop ? 0 : -1}
        onClick={() => replay.show(step.stepNumber)}
        aria-current={isShown ? "step" : undefined}
      >
        <span className="jp-step-mark" aria-hidden="true" />
        <span className="jp-step-text">
          <span className="jp-step-title">
            <span className="jp-sr">{`${step.status}: `}</span>
            {stepTitle(step)}
          </span>
          {step.target && <code title={selectorText(step.target)}>{selectorText(step.target)}</code>}
          <span className="jp-step-facts">
            <span>#{step.stepNumber}</span>
            <span>{formatDuration(step.durationMs)}</span>
            {step.source !== "plan" && (
              <span className="jp-tag" data-source={step.source}>
                {SOURCE_NAMES[step.source]}
              </span>
            )}
            {(step.attempts ?? 1) > 1 && <span>{step.attempts} attempts</span>}
          </span>
          {step.note && <span className="jp-dim">{step.note}</span>}
          {step.error && (
            <span className={step.status === "failed" ? "jp-error-text" : "jp-dim"}>{sentence(step.error)}</span>
          )}
          {step.pageSaid?.map((said) => (
            <span key={said} className="jp-dim jp-page-text">
              {sentence(said)}
            </span>
          ))}
          {step.dialogs?.map((dialog, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they stand in the order in which they opened
            <span key={at} className="jp-dim jp-page-text">
              {dialogLine(dialog)}
            </span>
          ))}
        </span>
        <Thumbnail step={step} />
      </button>
      {step.location && (
        <div className="jp-step-source">
          <SourcePlace location={step.location} stepNumber={step.stepNumber} />
          <RepairDiff step={step} before={before} />
        </div>
      )}
      {secret !== null && <KeepSecret name={secret} />}
      {isShown && <StepDetails step={step} />}
    </li>
  );
});

function Thumbnail({ step }: { step: Step }) {
  const { session } = usePlayer();
  const box = useRef<HTMLSpanElement>(null);
  const [wanted, setWanted] = useState(false);
  const seen = useSeen(box);
  useEffect(() => setWanted((before) => before || seen), [seen]);
  const { source } = useStoredPicture(session.api, wanted ? (step.screenshotUrl ?? null) : null);
  if (source !== null) return <img className="jp-thumb" src={source} alt="" decoding="async" />;
  return <span className="jp-thumb" ref={box} />;
}

function StepDetails({ step }: { step: Step }) {
  const { reasoning, proposed, url } = step;
  const selector = step.action === "navigate" || step.action === "expect_url" ? null : step.target;
  const hasTrace = usePlayerState(({ run }) => run !== null && keepsTrace(run));
  return (
    <dl className="jp-facts">
      <RunAgain step={step} />
      {selector && (
        <Fact name="Copy the locator">
          <CopyLocator selector={selector} />
        </Fact>
      )}
      {reasoning && <Fact name="Why">{reasoning}</Fact>}
      {proposed && (
        <Fact name="Proposed instead">
          <code>{actionLine(proposed)}</code>
        </Fact>
      )}
      {url && <Fact name="Page">{url}</Fact>}
      {hasTrace && (
        <Fact name="DOM, console and network">
          <OpenTrace />
        </Fact>
      )}
    </dl>
  );
}

/** The plan of the first instructions is what a new run has, too. */
function RunAgain({ step }: { step: Step }) {
  const { runAgainFrom } = usePlayer();
  const isOwner = usePlayerState((state) => state.role === "owner");
  const { planIndex, stepNumber } = step;
  if (runAgainFrom === null || !isOwner || planIndex == null || step.instructionsVersion !== 1) return null;
  return (
    <Fact name="Once more">
      <Button
        icon="again"
        label="Run again from here"
        title={`A new run of the same: it does again what came before step ${stepNumber}, and pauses there`}
        onClick={() => runAgainFrom(planIndex)}
      />
    </Fact>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
