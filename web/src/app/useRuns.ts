import { useCallback, useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import type { ApiError } from "../api/errors";
import type { Run, RunStatus } from "../protocol/types";
import { poll } from "./poll";

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
    setResult({ runs: null, more: false });
    const load = () => api.listRuns({ limit, ...(status ? { status } : {}), ...(q ? { q } : {}) });
    return poll(load, {
      loaded: (page) => {
        // The same runs, where the server said so: nothing is drawn again.
        setResult((old) => (old.runs === page.runs ? old : { runs: page.runs, more: page.nextCursor !== null }));
        setError(null);
      },
      failed: setError,
    });
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
