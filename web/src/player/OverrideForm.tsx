import { isFinal } from "../protocol/types";
import { ActionForm } from "./ActionForm";
import { isAttached } from "./attached";
import { usePlayer, usePlayerState } from "./context";

/** Puts an action of the person's own in place of the next step. */
export function OverrideForm() {
  const { actions } = usePlayer();
  const ended = usePlayerState((state) => state.run !== null && isFinal(state.run.status));
  const attached = usePlayerState(({ run }) => isAttached(run));
  if (ended) return <p className="jp-empty">The run has ended: there is no next step to replace.</p>;
  return (
    <div className="jp-pad">
      <p className="jp-dim">
        {attached
          ? "Done in place of the test's next call, or of the one that has failed; the test takes it as done."
          : "Replaces the next step. A step that is under way is finished first."}
      </p>
      <ActionForm submitLabel="Do this next" onSubmit={actions.override} />
    </div>
  );
}
