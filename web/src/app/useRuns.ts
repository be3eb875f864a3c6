import { useCallback, useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import { ApiError } from "../api/errors";
import type { Run, RunStatus } from "../protocol/types";

const REFRESH_MS = 3_000;
const PAGE = 24;

interface Runs {
  /** Null while nothing has been loaded. */
  runs: Run[] | null;
  error: ApiError | null;
  more: boolean;
  loadMore(): void;
}

/** The list of runs, read again while the page can be seen. */
export function useRuns(api: ApiClient, status: RunStatus | undefined): Runs {
  const [limit, setLimit] = useState(PAGE);
  const [result, setResult] = useState<{ runs: Run[] | null; more: boolean }>({ runs: null, more: false });
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const load = async () => {
      try {
        const page = await api.listRuns({ limit, ...(status ? { status } : {}) });
        if (stopped) return;
        setResult({ runs: page.runs, more: page.nextCursor !== null });
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
  }, [api, status, limit]);
  const loadMore = useCallback(() => setLimit((old) => old + PAGE), []);
  return { ...result, error, loadMore };
}
