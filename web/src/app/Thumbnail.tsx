import { useEffect, useRef, useState } from "react";
import { type ApiClient, withToken } from "../api/client";
import { PictureTicket } from "../api/ticket";
import { useSeen, useStoredPicture } from "../picture";
import { Icon } from "../player/Icon";
import { isFinal, type Run } from "../protocol/types";

const REFRESH_MS = 2_000;
const WIDTH = 320;

/** Shows a small picture of the run: live and renewed while it can be seen, the last step's when the run has ended. */
export function Thumbnail({ run, api }: { run: Run; api: ApiClient }) {
  const box = useRef<HTMLSpanElement>(null);
  const live = !isFinal(run.status) && run.status !== "queued";
  const seen = useSeen(box);
  const source = useLiveSource({ runId: run.id, api, active: live && seen });
  const last = run.lastScreenshotUrl;
  const stored = useStoredPicture(api, source === null && seen ? (last ?? null) : null);
  const url = source ?? stored.source;
  return (
    <span className="js-thumb" ref={box} data-live={(live && source !== null) || undefined}>
      {url === null ? <Icon name="eye" /> : <img src={url} alt="" decoding="async" />}
    </span>
  );
}

interface LiveOptions {
  runId: string;
  api: ApiClient;
  active: boolean;
}

/** Returns the object URL of the newest small frame, or null for a run without a picture. */
function useLiveSource({ runId, api, active }: LiveOptions): string | null {
  const [source, setSource] = useState<string | null>(null);
  useEffect(() => {
    if (!active) return;
    const abort = new AbortController();
    void follow({ runId, api, signal: abort.signal, onFrame: setSource });
    return () => abort.abort();
  }, [runId, api, active]);
  useEffect(() => () => void (source !== null && URL.revokeObjectURL(source)), [source]);
  return source;
}

interface FollowOptions {
  runId: string;
  api: ApiClient;
  signal: AbortSignal;
  onFrame(url: string): void;
}

async function follow({ runId, api, signal, onFrame }: FollowOptions): Promise<void> {
  const info = await api.stream(runId).catch(() => null);
  if (!info?.streamUrl) return;
  const ticket = new PictureTicket(info, () => api.stream(runId));
  while (!signal.aborted) {
    const url = new URL(withToken(api.url(info.streamUrl), await ticket.get().catch(() => null)));
    url.searchParams.set("width", String(WIDTH));
    const response = document.hidden ? null : await fetch(url, { signal }).catch(() => null);
    const picture = response?.status === 200 ? await response.blob().catch(() => null) : null;
    if (picture !== null && !signal.aborted) onFrame(URL.createObjectURL(picture));
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
  }
}
