import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** What each row of a list has of the list. */
export interface RowProps {
  /** The row's place in the list, from 0. */
  row: number;
  /** True for the one row that Tab stops at. */
  isStop: boolean;
}

export interface Rows {
  /** The row that Tab stops at, and that must be drawn. */
  stop: number;
  onKeyDown(event: KeyboardEvent<HTMLElement>): void;
  /** Makes the row that has the focus the stop. */
  onFocus(event: { target: EventTarget }): void;
}

const JUMP = 10;

/**
 * Moves focus through the rows of a list by arrow keys: only one row is a stop for Tab. A row that is not drawn yet is first made the
 * stop, which draws it, and then gets the focus.
 */
export function useRows(list: RefObject<HTMLElement | null>, count: number, home: number): Rows {
  const [chosen, setChosen] = useState<number | null>(null);
  const wanted = useRef<number | null>(null);
  const stop = Math.min(chosen ?? home, Math.max(0, count - 1));
  useEffect(() => {
    const row = wanted.current;
    if (row === null || row !== stop) return;
    wanted.current = null;
    list.current?.querySelector<HTMLElement>(`[data-row="${row}"] [data-stop]`)?.focus();
  }, [list, stop]);
  const onKeyDown = useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || count === 0) return;
      const from = rowOf(event.target);
      const to = from === null ? null : destination(event.key, from, count);
      if (to === null) return;
      event.preventDefault();
      wanted.current = to;
      setChosen(to);
      if (to === stop) list.current?.querySelector<HTMLElement>(`[data-row="${to}"] [data-stop]`)?.focus();
    },
    [list, count, stop],
  );
  const onFocus = useCallback((event: { target: EventTarget }) => {
    const row = rowOf(event.target);
    if (row !== null) setChosen(row);
  }, []);
  return { stop, onKeyDown, onFocus };
}

/** Returns the row that an element is in; null for a field of its own, in which keys write. */
export function rowOf(target: EventTarget): number | null {
  if (!(target instanceof HTMLElement) || target.closest("input, textarea, select, dialog") !== null) return null;
  const row = target.closest<HTMLElement>("[data-row]");
  return row === null ? null : Number(row.dataset.row);
}

function destination(key: string, from: number, count: number): number | null {
  const moves: Record<string, number> = {
    ArrowUp: from - 1,
    ArrowDown: from + 1,
    PageUp: from - JUMP,
    PageDown: from + JUMP,
    Home: 0,
    End: count - 1,
  };
  const to = moves[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), count - 1);
}
