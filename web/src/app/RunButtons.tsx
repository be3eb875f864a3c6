import { useRef, useState } from "react";
import type { ApiClient } from "../api/client";
import { describe } from "../api/errors";
import { isAttached, titleOf } from "../player/attached";
import { Button } from "../player/Button";
import { ConfirmButton } from "../player/ConfirmButton";
import { isFinal, type Run } from "../protocol/types";
import { EditAgain } from "./EditAgain";
import { useRunAgain } from "./RunAgain";

interface RunButtonsProps {
  run: Run;
  api: ApiClient;
  /** Whether they are icons alone, as in a line of a list. */
  compact?: boolean;
  onChanged?: (() => void) | undefined;
}

/** What can be done to a run of the list: to run it again, and to delete it; to cancel it while it goes on. */
export function RunButtons({ run, api, compact = false, onChanged }: RunButtonsProps) {
  const { busy, error: refusal, dialog, again } = useRunAgain(api, run);
  const [unended, setUnended] = useState<string | null>(null);
  const title = titleOf(run);
  const ended = isFinal(run.status);
  const box = useRef<HTMLDivElement>(null);
  const end = async () => {
    setUnended(null);
    try {
      await (ended ? api.removeRun(run.id) : api.cancelRun(run.id));
      // What has the focus is about to go.
      const entry = box.current?.closest("li, tr");
      const neighbour = entry?.nextElementSibling ?? entry?.previousElementSibling;
      if (ended) neighbour?.querySelector("a")?.focus();
      onChanged?.();
    } catch (reason) {
      setUnended(describe(reason));
    }
  };
  const error = refusal ?? unended;
  return (
    <div className="js-run-buttons" ref={box}>
      {error && (
        <span className="jp-error-text" role="alert">
          {error}
        </span>
      )}
      {ended && !isAttached(run) && (
        <>
          <Button
            icon="again"
            label="Run again"
            iconOnly={compact}
            tone={compact ? "quiet" : "plain"}
            aria-label={`Run again: ${title}`}
            disabled={busy}
            onClick={() => void again()}
          />
          <EditAgain run={run} compact={compact} />
        </>
      )}
      <ConfirmButton
        icon={ended ? "trash" : "stop"}
        label={ended ? "Delete" : "Cancel"}
        question={ended ? "Delete it?" : "Cancel it?"}
        of={title}
        iconOnly={ended || compact}
        tone={compact ? "quiet" : "plain"}
        onConfirm={() => void end()}
      />
      {dialog}
    </div>
  );
}
