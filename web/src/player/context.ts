import { createContext, useContext, useSyncExternalStore } from "react";
import type { PlayerSession } from "../session";
import type { PlayerState } from "../store/state";
import { canSteer } from "../store/state";
import type { Actions } from "./actions";

export type Panel = "steps" | "instructions" | "override" | "page" | "comments" | "stats";

/** What only this viewer's screen knows: what is looked at, not what is. */
export interface Ui {
  panel: Panel;
  /** The step on screen instead of the live picture. */
  replayStep: number | null;
  /** True while a click in the picture picks an element. */
  picking: boolean;
  /** Where the picked element goes: into the form, the call of an attached test that has failed, or a comment. */
  pickFor: "form" | "call" | "comment";
  /** True: one picture pixel for each CSS pixel; false: the whole picture. */
  actualSize: boolean;
  sharing: boolean;
  /** True while what each key does is shown. */
  keys: boolean;
  editingProposal: boolean;
  /** Numbers of the steps whose lines in the test are unfolded. */
  openSources: readonly number[];
}

export const INITIAL_UI: Ui = {
  panel: "steps",
  replayStep: null,
  picking: false,
  pickFor: "form",
  actualSize: false,
  sharing: false,
  keys: false,
  editingProposal: false,
  openSources: [],
};

export interface PlayerContextValue {
  session: PlayerSession;
  actions: Actions;
  ui: Ui;
  setUi(change: Partial<Ui>): void;
  readOnly: boolean;
  /** The player's outermost element, for full screen and focus. */
  root: { readonly current: HTMLElement | null };
}

export const PlayerContext = createContext<PlayerContextValue | null>(null);

export function usePlayer(): PlayerContextValue {
  const value = useContext(PlayerContext);
  if (value === null) throw new Error("A part of the player is used outside of LiveStreamPlayer");
  return value;
}

/** Returns a part of the state and follows it; `select` must give the same value for the same state. */
export function usePlayerState<T>(select: (state: PlayerState) => T): T {
  const { store } = usePlayer().session;
  return useSyncExternalStore(store.subscribe, () => select(store.state));
}

/** True when this viewer may steer here. */
export function useMaySteer(): boolean {
  const { readOnly } = usePlayer();
  return usePlayerState(canSteer) && !readOnly;
}
