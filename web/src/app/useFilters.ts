import { useEffect, useRef, useState } from "react";
import { PLANNER_NAMES, STATUS_NAMES } from "../player/format";
import { setParameter, useParameter } from "./path";
import type { Wanted } from "./useRuns";

/** From the last key to the search for what was typed. */
const TYPING_MS = 250;

export interface Filters {
  wanted: Wanted;
  /** What stands in the field, which is looked for a moment later. */
  search: string;
  setSearch(text: string): void;
  clear(): void;
}

/** What the list is filtered by. It stands in the address, so that one finds it again after a reload, or going back. */
export function useFilters(): Filters {
  const status = oneOf(STATUS_NAMES, useParameter("status"));
  const planner = oneOf(PLANNER_NAMES, useParameter("planner"));
  const q = useParameter("q");
  const [search, setSearch] = useState(q ?? "");
  const written = useRef(q);
  useEffect(() => {
    // The address was changed by somebody else, such as the browser's own back.
    if (q !== written.current) setSearch(q ?? "");
    written.current = q;
  }, [q]);
  useEffect(() => {
    const timer = setTimeout(() => {
      written.current = search.trim() || null;
      setParameter("q", written.current);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [search]);
  const clear = () => {
    setSearch("");
    for (const name of ["status", "planner", "q"]) setParameter(name, null);
  };
  return {
    wanted: { ...(status ? { status } : {}), ...(planner ? { planner } : {}), ...(q ? { q } : {}) },
    search,
    setSearch,
    clear,
  };
}

/** Returns the word where it is one of the names' keys: anybody can write anything into an address. */
function oneOf<K extends string>(names: Record<K, string>, word: string | null): K | null {
  return word !== null && Object.hasOwn(names, word) ? (word as K) : null;
}
