import { ApiError } from "../api/errors";

const REFRESH_MS = 3_000;

export interface Poll {
  /** Loads at once, in place of a load that may be under way. */
  now(): void;
  /** Neither `loaded` nor `failed` is called after it. */
  stop(): void;
}

/** Loads now, again a while after each time as long as the page can be seen, and as soon as it can be seen again. */
export function poll<T>(
  load: () => Promise<T>,
  { loaded, failed }: { loaded: (found: T) => void; failed: (error: ApiError) => void },
): Poll {
  let round = 0;
  let timer: ReturnType<typeof setTimeout>;
  const next = async () => {
    clearTimeout(timer);
    round += 1;
    const own = round;
    try {
      const found = await load();
      if (own !== round) return;
      loaded(found);
    } catch (error) {
      if (own === round && error instanceof ApiError) failed(error);
    }
    if (own === round && !document.hidden) timer = setTimeout(next, REFRESH_MS);
  };
  const onVisible = () => {
    if (!document.hidden) void next();
    else clearTimeout(timer);
  };
  document.addEventListener("visibilitychange", onVisible);
  void next();
  return {
    now: () => void next(),
    stop: () => {
      round += 1;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    },
  };
}
