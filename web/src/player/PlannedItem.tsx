import { type KeyboardEvent, memo } from "react";
import type { Command } from "../protocol/messages";
import type { PlannedStep } from "../protocol/types";
import { Button } from "./Button";
import { useMaySteer, usePlayer, usePlayerState } from "./context";
import { type RowProps, rowOf } from "./rows";

interface PlannedItemProps extends RowProps {
  entry: PlannedStep;
  /** The number that its step will have, unless others come before it. */
  number: number;
}

/** One entry of the plan that has not begun, with its breakpoint. */
export const PlannedItem = memo(function PlannedItem({ entry, number, row, isStop }: PlannedItemProps) {
  const { actions } = usePlayer();
  const maySteer = useMaySteer();
  const { index, words, line } = entry;
  const has = usePlayerState((state) => state.run?.plan?.breakpoints?.includes(index) ?? false);
  const note = usePlayerState(({ run }) => noteOf(run?.plan ?? null, index));
  const held = usePlayerState(({ run }) => run?.control.holder != null);
  return (
    <li className="jp-step jp-planned" data-row={row} data-status="planned" data-breakpoint={has || undefined}>
      {maySteer ? (
        <button
          type="button"
          className="jp-gutter"
          data-stop
          tabIndex={isStop ? 0 : -1}
          aria-pressed={has}
          aria-label={`Breakpoint before step ${number}: ${words}`}
          title={has ? "Do not pause before this (B)" : "Pause before this (B)"}
          onClick={() => actions.send({ type: "set_breakpoint", index, on: !has })}
        >
          <span className="jp-step-mark" />
        </button>
      ) : (
        <span className="jp-gutter">
          <span className="jp-step-mark" />
          {has && <span className="jp-sr">Breakpoint: </span>}
        </span>
      )}
      <span className="jp-step-text">
        <span className="jp-step-title">{words}</span>
        <span className="jp-step-facts">
          <span>#{number}</span>
          {line != null && <span>line {line}</span>}
          {note && <span className="jp-tag">{note}</span>}
        </span>
      </span>
      {maySteer && (
        <Button
          icon="runTo"
          label="Run to here"
          iconOnly
          tone="quiet"
          tabIndex={isStop ? 0 : -1}
          aria-label={`Run to here: ${words}`}
          title="Run to here, and pause before this (G)"
          disabled={held}
          onClick={() => actions.send({ type: "run_to", index })}
        />
      )}
    </li>
  );
});

function noteOf(plan: { pausedAt?: number | null; runTo?: number | null } | null, index: number): string | null {
  if (plan?.pausedAt === index) return "Paused here";
  return plan?.runTo === index ? "Runs to here" : null;
}

/** Returns what the keys B and G do with the planned entry that has the focus; `done` rows come before the first one. */
export function usePlanKeys(
  planned: readonly PlannedStep[],
  done: number,
): (event: KeyboardEvent<HTMLElement>) => void {
  const { actions, session } = usePlayer();
  const maySteer = useMaySteer();
  return (event) => {
    if (!maySteer || event.altKey || event.ctrlKey || event.metaKey) return;
    const row = rowOf(event.target);
    const entry = row === null ? undefined : planned[row - done];
    const command =
      entry && commandOf(event.key.toLowerCase(), entry.index, session.store.state.run?.plan?.breakpoints);
    if (!command) return;
    event.preventDefault();
    actions.send(command);
  };
}

function commandOf(key: string, index: number, breakpoints: readonly number[] = []): Command | null {
  if (key === "b") return { type: "set_breakpoint", index, on: !breakpoints.includes(index) };
  return key === "g" ? { type: "run_to", index } : null;
}
