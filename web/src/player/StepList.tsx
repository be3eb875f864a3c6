import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef } from "react";
import type { Action, PlannedStep, Step } from "../protocol/types";
import { useMaySteer, usePlayer, usePlayerState } from "./context";
import { actionLine } from "./format";
import { PlannedItem, usePlanKeys } from "./PlannedItem";
import { RowBlocks } from "./RowBlocks";
import { useRows } from "./rows";
import { StepItem } from "./StepItem";

const NOTHING: readonly PlannedStep[] = [];
/** What stays in sight below the newest step, for what comes next. */
const ROOM_PX = 84;

/** Every step so far and what is planned after them; the newest step stays in sight while nobody looks elsewhere. */
export function StepList() {
  const { ui } = usePlayer();
  const steps = usePlayerState((state) => state.run?.steps ?? null);
  const queued = usePlayerState((state) => state.queued);
  const planned = usePlayerState((state) => state.run?.plan?.entries ?? NOTHING);
  if (steps === null) return <p className="jp-empty">Loading the steps…</p>;
  if (steps.length + queued.length + planned.length === 0)
    return <p className="jp-empty">No step has been done yet.</p>;
  return <Rows steps={steps} queued={queued} planned={planned} shown={ui.replayStep} />;
}

interface RowsProps {
  steps: readonly Step[];
  queued: readonly Action[];
  planned: readonly PlannedStep[];
  /** The number of the step on screen. */
  shown: number | null;
}

function Rows({ steps, queued, planned, shown }: RowsProps) {
  const list = useRef<HTMLDivElement>(null);
  const maySteer = useMaySteer();
  const done = steps.length;
  const shownRow = shown === null ? -1 : steps.findIndex(({ stepNumber }) => stepNumber === shown);
  const rows = useRows(list, done + (maySteer ? planned.length : 0), Math.max(0, done - 1));
  const planKeys = usePlanKeys(planned, done);
  useFollow(list, done, shown);
  const pinned = useMemo(() => [done - 1, rows.stop, shownRow], [done, rows.stop, shownRow]);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    planKeys(event);
    rows.onKeyDown(event);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons in it
    <div ref={list} onKeyDown={onKeyDown} onFocusCapture={rows.onFocus}>
      <RowBlocks label="Steps" count={done} start={1} pinned={pinned}>
        {(from, to) =>
          steps
            .slice(from, to)
            .map((step, at) => (
              <StepItem
                key={step.stepNumber}
                step={step}
                before={steps[from + at - 1]}
                isShown={shown === step.stepNumber}
                row={from + at}
                isStop={rows.stop === from + at}
              />
            ))
        }
      </RowBlocks>
      {queued.length > 0 && <Queued actions={queued} />}
      {planned.length > 0 && <Planned planned={planned} done={done} stop={rows.stop} />}
    </div>
  );
}

function Queued({ actions }: { actions: readonly Action[] }) {
  return (
    <ol className="jp-steps" aria-label="Queued overrides">
      {actions.map((action, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a queue without ids, drawn in its order
        <li key={`queued-${at}`} className="jp-step" data-status="queued">
          <span className="jp-step-mark" aria-hidden="true" />
          <span className="jp-step-text">
            <b>Queued override</b>
            <code>{actionLine(action)}</code>
          </span>
        </li>
      ))}
    </ol>
  );
}

function Planned({ planned, done, stop }: { planned: readonly PlannedStep[]; done: number; stop: number }) {
  const end = usePlayerState((state) => state.run?.plan?.end ?? 0);
  const pinned = useMemo(() => [stop - done], [stop, done]);
  const more = end - (planned.at(-1)?.index ?? end) - 1;
  return (
    <>
      <h3 className="jp-planned-head">Still to come</h3>
      <RowBlocks label="Still to come: steps" count={planned.length} start={done + 1} pinned={pinned}>
        {(from, to) =>
          planned
            .slice(from, to)
            .map((entry, at) => (
              <PlannedItem
                key={entry.index}
                entry={entry}
                number={done + 1 + from + at}
                row={done + from + at}
                isStop={stop === done + from + at}
              />
            ))
        }
      </RowBlocks>
      {more > 0 && <p className="jp-empty">and {more} more, shown once the run has come nearer to them</p>}
    </>
  );
}

/** Keeps the newest step in sight, in a list that scrolls by itself, while no other step is looked at. */
function useFollow(list: RefObject<HTMLElement | null>, done: number, shown: number | null): void {
  useEffect(() => {
    const box = list.current?.closest(".jp-panel");
    const row = list.current?.querySelector(`[data-row="${done - 1}"]`);
    if (!box || !row || shown !== null || list.current?.contains(activeIn(list.current))) return;
    const [seen, newest] = [box.getBoundingClientRect(), row.getBoundingClientRect()];
    const below = newest.bottom + ROOM_PX - seen.bottom;
    if (below > 0) box.scrollTop += below;
    else if (newest.top < seen.top) box.scrollTop += newest.top - seen.top;
  }, [list, done, shown]);
}

const activeIn = (element: HTMLElement) => (element.getRootNode() as Document | ShadowRoot).activeElement;
