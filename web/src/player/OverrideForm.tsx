import { useId, useState } from "react";
import { isFinal, type Place } from "../protocol/types";
import { failedStep } from "../store/state";
import { ActionForm } from "./ActionForm";
import { isAttached } from "./attached";
import { Button } from "./Button";
import { usePlayer, usePlayerState } from "./context";

/** Puts an action of the person's own in place of the next step. */
export function OverrideForm() {
  const { actions } = usePlayer();
  const ended = usePlayerState((state) => state.run !== null && isFinal(state.run.status));
  const attached = usePlayerState(({ run }) => isAttached(run));
  const failed = usePlayerState(failedStep);
  const [place, setPlace] = useState<Place>("instead");
  const id = useId();
  if (ended) return <p className="jp-empty">The run has ended: there is no next step to replace.</p>;
  return (
    <div className="jp-form jp-pad">
      <p className="jp-dim">
        {attached
          ? "Done in place of the test's next call, or of the one that has failed; the test takes it as done."
          : "A step that is under way is finished first. What is expected is checked all the same."}
      </p>
      <div className="jp-field">
        <label htmlFor={id}>Place</label>
        <select id={id} value={place} onChange={(event) => setPlace(event.target.value as Place)}>
          <option value="instead">{failed ? "Instead of the step that failed" : "Instead of the next step"}</option>
          <option value="before">{failed ? "Before the step, which is tried again" : "Before the next step"}</option>
        </select>
      </div>
      {!attached && <PointAtExpected />}
      <ActionForm
        submitLabel="Do this next"
        onSubmit={(action) => actions.override(action, place)}
        onExpect={() => setPlace("before")}
      />
    </div>
  );
}

/** Makes an expectation of what is pointed at in the picture; nothing of the plan is replaced by it. */
function PointAtExpected() {
  const { ui, setUi } = usePlayer();
  const hasPicture = usePlayerState((state) => state.size !== null && state.media.phase !== "ended");
  return (
    <Button
      icon="target"
      label="Point at what to expect"
      aria-pressed={ui.picking && ui.pickFor === "form" && ui.pickAs !== "element"}
      disabled={!hasPicture}
      onClick={() => setUi({ picking: true, pickAs: "text", pickFor: "form", replayStep: null })}
    />
  );
}
