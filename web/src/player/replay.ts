import { useMemo } from "react";
import { usePlayer } from "./context";

export interface Replay {
  /** Shows a completed step; null goes back to the live picture. */
  show(stepNumber: number | null): void;
  previous(): void;
  next(): void;
}

/** Returns the moves through the completed steps, for this viewer alone. */
export function useReplay(): Replay {
  const { session, ui, setUi } = usePlayer();
  const { replayStep } = ui;
  return useMemo(() => {
    const show = (stepNumber: number | null) => {
      session.recording.live();
      setUi({ replayStep: stepNumber, picking: false });
      if (stepNumber !== null) void session.replay(stepNumber);
    };
    const move = (by: number) => {
      const numbers = (session.store.state.run?.steps ?? []).map((step) => step.stepNumber);
      const at = replayStep === null ? numbers.length : numbers.indexOf(replayStep);
      const to = Math.max(0, at + by);
      if (to !== at) show(numbers[to] ?? null);
    };
    return { show, previous: () => move(-1), next: () => move(1) };
  }, [session, setUi, replayStep]);
}
