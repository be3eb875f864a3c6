import { useEffect, useState } from "react";
import { describe } from "../api/errors";
import type { Picked, Step } from "../protocol/types";
import { failedCall, withLocator } from "./attached";
import { Button } from "./Button";
import { usePlayer, usePlayerState } from "./context";
import { actionLine, elementWords } from "./format";

/** Does the call that has failed on another element, which is picked in the picture. */
export function OtherLocator() {
  const { session, ui } = usePlayer();
  const failed = usePlayerState(({ run }) => failedCall(run));
  const picked = usePlayerState((state) => (ui.pickFor === "call" ? state.picked : null));
  // What was picked for one failure is nothing for the next.
  useEffect(() => () => session.store.set({ picked: null }), [session]);
  if (failed === null) return null;
  return picked === null ? (
    <PickButton label="Pick the element in the picture" />
  ) : (
    <Choice failed={failed} picked={picked} />
  );
}

function PickButton({ label }: { label: string }) {
  const { session, ui, setUi } = usePlayer();
  const hasPicture = usePlayerState((state) => state.size !== null && state.media.phase !== "ended");
  const picking = ui.picking && ui.pickFor === "call";
  const turn = () => {
    session.store.set({ picked: null });
    setUi({ picking: !picking, pickFor: "call", replayStep: null });
  };
  return (
    <Button
      icon="target"
      label={picking ? "Click the element in the picture" : label}
      aria-pressed={picking}
      disabled={!hasPicture}
      onClick={turn}
    />
  );
}

function Choice({ failed, picked }: { failed: Step; picked: Picked }) {
  const { session, actions } = usePlayer();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const what = elementWords(picked);
  const use = async () => {
    setBusy(true);
    setError(null);
    try {
      const step = failed.fullAction ? failed : await session.api.step(session.runId, failed.stepNumber);
      await actions.override(withLocator(step, picked.selector));
      session.store.set({ picked: null });
    } catch (reason) {
      setError(describe(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="jp-choice">
      <span>
        {what}
        <code>{actionLine(withLocator(failed, picked.selector))}</code>
      </span>
      {error && (
        <p className="jp-error-text" role="alert">
          {error}
        </p>
      )}
      <div className="jp-buttons">
        <Button icon="check" label="Use this element" tone="primary" disabled={busy} onClick={() => void use()} />
        <PickButton label="Pick another" />
      </div>
    </div>
  );
}
