import { useCallback, useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import { ApiError } from "../api/errors";
import type { Run, RunStatus } from "../protocol/types";

const REFRESH_MS = 3_000;
const PAGE = 24;
/** From the last key to the search for what was typed. */
const TYPING_MS = 250;

interface Runs {
  /** Null while nothing has been loaded. */
  runs: Run[] | null;
  error: ApiError | null;
  more: boolean;
  loadMore(): void;
}

/** The list of runs, read again while the page can be seen. */
export function useRuns(api: ApiClient, status: RunStatus | undefined, search: string): Runs {
  const q = useSettled(search.trim());
  const [limit, setLimit] = useState(PAGE);
  const [result, setResult] = useState<{ runs: Run[] | null; more: boolean }>({ runs: null, more: false });
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const load = async () => {
      try {
        const page = await api.listRuns({ limit, ...(status ? { status } : {}), ...(q ? { q } : {}) });
        if (stopped) return;
        // The same runs, where the server said so: nothing is drawn again.
        setResult((old) => (old.runs === page.runs ? old : { runs: page.runs, more: page.nextCursor !== null }));
        setError(null);
      } catch (reason) {
        if (!stopped && reason instanceof ApiError) setError(reason);
      }
      if (!stopped && !document.hidden) timer = setTimeout(load, REFRESH_MS);
    };
    const onVisible = () => {
      clearTimeout(timer);
      if (!document.hidden) void load();
    };
    setResult({ runs: null, more: false });
    document.addEventListener("visibilitychange", onVisible);
    void load();
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [api, status, q, limit]);
  const loadMore = useCallback(() => setLimit((old) => old + PAGE), []);
  return { ...result, error, loadMore };
}

/** The text once nobody has changed it for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
