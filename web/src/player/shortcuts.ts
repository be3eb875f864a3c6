import { useEffect } from "react";
import { isFinal } from "../protocol/types";
import { approvalOf, failedStep, holdsControl, whoHasControl } from "../store/state";
import { type PlayerContextValue, useMaySteer, usePlayer } from "./context";
import { type Replay, useReplay } from "./replay";
import { toggleFullScreen } from "./view";

/** Binds single keys to commands, as in video players; never while a field or the remote page has the keyboard. */
export function useShortcuts(scope: "player" | "page"): void {
  const player = usePlayer();
  const replay = useReplay();
  const maySteer = useMaySteer();
  useEffect(() => {
    const target: EventTarget | null = scope === "page" ? document : player.root.current;
    const onKeyDown = (event: Event) => {
      const key = event as KeyboardEvent;
      if (key.defaultPrevented || key.altKey || key.ctrlKey || key.metaKey || isTyping(key)) return;
      if (act(key.key, player, replay, maySteer)) key.preventDefault();
    };
    target?.addEventListener("keydown", onKeyDown);
    return () => target?.removeEventListener("keydown", onKeyDown);
  }, [scope, player, replay, maySteer]);
}

/** Does what the key means; false when it means nothing now. */
function act(key: string, player: PlayerContextValue, replay: Replay, maySteer: boolean): boolean {
  const look: Record<string, () => void> = {
    ArrowLeft: replay.previous,
    ArrowRight: replay.next,
    l: () => replay.show(null),
    f: () => void toggleFullScreen(player.root.current),
    i: () => player.setUi({ panel: "stats" }),
    "?": () => player.setUi({ keys: true }),
  };
  const name = key.length === 1 ? key.toLowerCase() : key;
  const work = look[name] ?? (maySteer ? steering(player)[name] : undefined);
  work?.();
  return work !== undefined;
}

function steering({ session, actions, setUi, root }: PlayerContextValue): Record<string, () => void> {
  const state = session.store.state;
  const { run } = state;
  if (run === null || isFinal(run.status)) return {};
  /** After a failure the buttons ask what becomes of the step. */
  const release = () => {
    if (failedStep(state) === null) actions.send({ type: "release_control" });
    else root.current?.querySelector<HTMLElement>("[data-release]")?.focus();
  };
  const isAnothers = whoHasControl(state) !== null && state.role === "controller";
  const take = () => actions.send({ type: isAnothers ? "request_control" : "take_control" });
  const control = { t: () => (holdsControl(state) ? release() : take()) };
  if (whoHasControl(state) !== null) return control;
  const keys: Record<string, () => void> = {
    ...control,
    " ": () => void (run.paused ? actions.resume() : actions.pause()),
    k: () => void (run.paused ? actions.resume() : actions.pause()),
    ".": () => actions.send({ type: "step" }),
  };
  const approval = approvalOf(state);
  if (approval === null && state.help === null) return keys;
  return {
    ...keys,
    ...(approval === null ? {} : { a: () => actions.send(approval), e: () => setUi({ editingProposal: true }) }),
    ...(state.help !== null ? { r: () => void actions.resume() } : {}),
    s: () => actions.send({ type: "skip_step" }),
  };
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  // A button does its own thing on Space.
  if (event.key === " " && target.closest("button, summary, [role=tab]")) return true;
  return target.isContentEditable || target.closest("input, textarea, select, dialog") !== null;
}
