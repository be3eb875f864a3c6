import { ApiError } from "../api/errors";

const REFRESH_MS = 3_000;

/**
 * Loads now, again a while after each time as long as the page can be seen, and as soon as it can be seen again. Returns
 * what ends it, after which neither `loaded` nor `failed` is called.
 */
export function poll<T>(
  load: () => Promise<T>,
  { loaded, failed }: { loaded: (found: T) => void; failed: (error: ApiError) => void },
): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout>;
  const next = async () => {
    try {
      const found = await load();
      if (stopped) return;
      loaded(found);
    } catch (error) {
      if (!stopped && error instanceof ApiError) failed(error);
    }
    if (!stopped && !document.hidden) timer = setTimeout(next, REFRESH_MS);
  };
  const onVisible = () => {
    clearTimeout(timer);
    if (!document.hidden) void next();
  };
  document.addEventListener("visibilitychange", onVisible);
  void next();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  };
}
