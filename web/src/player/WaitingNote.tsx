import { useEffect, useState } from "react";
import type { Waiting } from "../protocol/types";
import { usePlayerState } from "./context";

/** What the run waits for: a model that chooses, with what it has used so far, or an element, with the reason. */
export function WaitingNote() {
  const waiting = usePlayerState((state) => state.waiting);
  const aheadMs = usePlayerState((state) => state.clockAheadMs);
  const now = useNow(waiting !== null);
  if (waiting === null || waiting.subject === null) return null;
  return (
    <p className="jp-dim" role="status" aria-label="Waiting">
      {waitingText(waiting)} <span aria-hidden="true">{elapsed(waiting, now + aheadMs)}</span>
    </p>
  );
}

export function waitingText({ subject, reason, tokens, cost }: Waiting): string {
  if (subject === "element") return `Waiting: ${reason ?? "the element cannot be used yet"}`;
  const used = [
    ...(tokens ? [`${tokens.toLocaleString("en")} tokens`] : []),
    ...(typeof cost === "number" ? [`$${cost.toFixed(cost < 0.1 ? 4 : 2)}`] : []),
  ];
  return `The model is choosing the next step${used.length > 0 ? ` (so far ${used.join(", ")})` : ""}`;
}

function elapsed({ since }: Waiting, now: number): string {
  const seconds = since === null ? 0 : Math.round((now - Date.parse(since)) / 1000);
  return seconds > 0 ? `${seconds} s` : "";
}

function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
