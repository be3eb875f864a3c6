import { useCallback, useRef, useState } from "react";

/** Returns the ids that are chosen after one of a list was switched; with `from`, all from there to it were. */
export function switched(
  chosen: ReadonlySet<string>,
  list: readonly (readonly string[])[],
  { at, from, on }: { at: number; from: number | null; on: boolean },
): ReadonlySet<string> {
  const [first, last] = from === null ? [at, at] : [Math.min(from, at), Math.max(from, at)];
  const result = new Set(chosen);
  for (const id of list.slice(first, last + 1).flat()) {
    if (on) result.add(id);
    else result.delete(id);
  }
  return result;
}

export interface Selection {
  chosen: ReadonlySet<string>;
  /** Switches what stands at a place in the list, with `extend` also what is between it and the one before. */
  toggle(ids: readonly string[], on: boolean, extend: boolean): void;
  all(): void;
  clear(): void;
}

/** What is chosen of a list whose entries have one id or several; what is no more in the list is not chosen. */
export function useSelection(list: readonly (readonly string[])[]): Selection {
  const [held, setHeld] = useState<ReadonlySet<string>>(NOTHING);
  const anchor = useRef<string | null>(null);
  const known = new Set(list.flat());
  const chosen = new Set([...held].filter((id) => known.has(id)));
  const clear = useCallback(() => setHeld(NOTHING), []);
  const placeOf = (id: string | null | undefined) => list.findIndex((ids) => ids.includes(id ?? ""));
  return {
    chosen,
    toggle: (ids, on, extend) => {
      const at = placeOf(ids[0]);
      const before = placeOf(anchor.current);
      anchor.current = ids[0] ?? null;
      if (at >= 0) setHeld(switched(chosen, list, { at, from: extend && before >= 0 ? before : null, on }));
    },
    all: () => setHeld(known),
    clear,
  };
}

const NOTHING: ReadonlySet<string> = new Set();
