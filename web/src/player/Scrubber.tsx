import { isFinal, type Step } from "../protocol/types";
import { Button } from "./Button";
import { usePlayer, usePlayerState } from "./context";
import { stepTitle } from "./format";
import { useReplay } from "./replay";
import { MOST_MARKS, thinned } from "./thinned";

/** The run as a bar of steps: each can be looked at again; the right end is now. */
export function Scrubber() {
  const { ui } = usePlayer();
  const steps = usePlayerState((state) => state.run?.steps);
  const ended = usePlayerState((state) => state.run !== null && isFinal(state.run.status));
  const replay = useReplay();
  if (!steps || steps.length === 0) return <div className="jp-scrubber" data-empty />;
  const index = ui.replayStep === null ? steps.length : steps.findIndex((step) => step.stepNumber === ui.replayStep);
  const shown = steps[index];
  const end = ended ? "The end" : "Live";
  return (
    <div className="jp-scrubber" data-replay={ui.replayStep !== null || undefined}>
      <Button icon="prev" label="Step before" iconOnly tone="quiet" hotkey="ArrowLeft" onClick={replay.previous} />
      <div className="jp-track">
        <div className="jp-segments" aria-hidden="true">
          {thinned(steps, MOST_MARKS).map(({ step, from, to }) => (
            <Segment key={from} step={step} isShown={from <= index && index < to} />
          ))}
          <span className="jp-segment" data-status="now" data-shown={index === steps.length || undefined} />
        </div>
        <input
          type="range"
          aria-label="Replay the steps"
          min={0}
          max={steps.length}
          value={index}
          aria-valuetext={shown ? `Step ${shown.stepNumber}: ${stepTitle(shown)}` : end}
          onChange={(event) => replay.show(steps[Number(event.target.value)]?.stepNumber ?? null)}
        />
      </div>
      <Button icon="next" label="Step after" iconOnly tone="quiet" hotkey="ArrowRight" onClick={replay.next} />
      <Button
        icon="live"
        label={ended ? "To the end" : ui.replayStep === null ? "Live" : "Back to live"}
        tone={ui.replayStep === null ? "quiet" : "primary"}
        hotkey="L"
        disabled={ui.replayStep === null}
        onClick={() => replay.show(null)}
      />
    </div>
  );
}

function Segment({ step, isShown }: { step: Step; isShown: boolean }) {
  return (
    <span
      className="jp-segment"
      data-status={step.status}
      data-source={step.source}
      data-shown={isShown || undefined}
    />
  );
}
