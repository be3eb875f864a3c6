import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ApiClient, RunQuery } from "../api/client";
import { ApiError } from "../api/errors";
import { isFinal, type Run } from "../protocol/types";
import { type Poll, poll } from "./poll";
import { type Page, RunPages } from "./runPages";

const PAGE = 50;

/** Which runs are wanted. */
export type Wanted = Pick<RunQuery, "status" | "planner" | "q">;

interface Loaded {
  pages: readonly Page[];
  /** Those that need a person, wherever in the list they are. */
  waiting: readonly Run[];
}

interface Runs {
  /** Null while nothing has been loaded. */
  runs: readonly Run[] | null;
  waiting: readonly Run[];
  error: ApiError | null;
  /** True where there are runs older than those shown, or newer ones. */
  hasOlder: boolean;
  hasNewer: boolean;
  showOlder(): void;
  showNewest(): void;
  /** Reads everything again, after something was changed. */
  reload(): void;
}

/** The list of runs, read again while the page can be seen. */
export function useRuns(api: ApiClient, { status, planner, q }: Wanted): Runs {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const wanted = useMemo(
    () => ({ ...(status ? { status } : {}), ...(planner ? { planner } : {}), ...(q ? { q } : {}) }),
    [status, planner, q],
  );
  const pages = useMemo(
    () => new RunPages((cursor) => api.listRuns({ ...wanted, limit: PAGE, ...(cursor ? { cursor } : {}) })),
    [api, wanted],
  );
  const polling = useRef<Poll | null>(null);
  const isChanged = useRef(false);
  useEffect(() => {
    setLoaded(null);
    const waiting = async () =>
      wanted.status && isFinal(wanted.status)
        ? NOBODY
        : (await api.listRuns({ ...wanted, attention: true, limit: PAGE })).runs;
    const load = () => {
      const all = isChanged.current;
      isChanged.current = false;
      return Promise.all([pages.refresh({ all }), waiting()]);
    };
    const own = poll(load, {
      loaded: ([found, needed]) => {
        // The same, where the server said so: nothing is drawn again.
        setLoaded((old) => (old?.pages === found && old.waiting === needed ? old : { pages: found, waiting: needed }));
        setError(null);
      },
      failed: setError,
    });
    polling.current = own;
    return own.stop;
  }, [api, wanted, pages]);
  const shown = useRef(pages);
  shown.current = pages;
  const turn = useCallback(
    async (turned: Promise<readonly Page[]>) => {
      try {
        const found = await turned;
        if (shown.current === pages) setLoaded((old) => old && { ...old, pages: found });
      } catch (reason) {
        if (reason instanceof ApiError) setError(reason);
      }
    },
    [pages],
  );
  return {
    runs: loaded?.pages.flatMap(({ list }) => list.runs) ?? null,
    waiting: loaded?.waiting ?? NOBODY,
    error,
    hasOlder: typeof loaded?.pages.at(-1)?.list.nextCursor === "string",
    hasNewer: typeof loaded?.pages[0]?.cursor === "string",
    showOlder: useCallback(() => void turn(pages.older()), [turn, pages]),
    showNewest: useCallback(() => void turn(pages.newest()), [turn, pages]),
    reload: useCallback(() => {
      isChanged.current = true;
      polling.current?.now();
    }, []),
  };
}

const NOBODY: readonly Run[] = [];
