import { titleOf } from "../player/attached";
import { Button } from "../player/Button";
import type { Run } from "../protocol/types";
import { navigate } from "./path";

/** Leads to the form for a new run, filled with what this one was made from. */
export function EditAgain({ run, compact = false }: { run: Run; compact?: boolean }) {
  return (
    <Button
      icon="edit"
      label="Edit and run again"
      iconOnly={compact}
      tone={compact ? "quiet" : "plain"}
      aria-label={`Edit and run again: ${titleOf(run)}`}
      onClick={() => navigate(`/?edit=${encodeURIComponent(run.id)}`)}
    />
  );
}
