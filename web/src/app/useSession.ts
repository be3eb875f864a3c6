import { useEffect, useState } from "react";
import type { ApiClient } from "../api/client";
import { ApiError } from "../api/errors";
import type { AttachSessionInfo, Run } from "../protocol/types";
import { poll } from "./poll";

const PAGE = 200;
const HTTP_NOT_FOUND = 404;

export interface SessionState {
  /** Null while nothing has been loaded. */
  runs: Run[] | null;
  /** Null once the session's command has ended. */
  session: AttachSessionInfo | null;
  error: ApiError | null;
}

/** The runs of an attach session, read again while the page can be seen, which says that somebody is there. */
export function useSession(api: ApiClient, sessionId: string): SessionState {
  const [state, setState] = useState<SessionState>({ runs: null, session: null, error: null });
  useEffect(() => {
    const load = () => Promise.all([attend(api, sessionId), allRuns(api, sessionId)]);
    const polling = poll(load, {
      loaded: ([session, runs]) => setState({ runs, session, error: null }),
      failed: (error) => setState((old) => ({ ...old, error })),
    });
    return polling.stop;
  }, [api, sessionId]);
  return state;
}

async function attend(api: ApiClient, sessionId: string): Promise<AttachSessionInfo | null> {
  try {
    return await api.attend(sessionId);
  } catch (error) {
    if (error instanceof ApiError && error.status === HTTP_NOT_FOUND) return null;
    throw error;
  }
}

async function allRuns(api: ApiClient, session: string): Promise<Run[]> {
  const runs: Run[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.listRuns({ session, limit: PAGE, ...(cursor ? { cursor } : {}) });
    runs.push(...page.runs);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return runs;
}
