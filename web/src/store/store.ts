import type { ServerMessage } from "../protocol/messages";
import type { Role, Run } from "../protocol/types";
import { applyRun, reduce } from "./reducer";
import { initialState, type Notice, type PlayerState } from "./state";

/** Facts of this client itself: connections, statistics, what waits for an answer. Never the state of the run. */
type LocalFacts = Pick<
  PlayerState,
  | "control"
  | "controlMs"
  | "clockAheadMs"
  | "media"
  | "size"
  | "stats"
  | "recording"
  | "pending"
  | "fatal"
  | "picked"
  | "replay"
>;

/** Holds the one state that every view reads. The run's part changes only by what the server says. */
export class Store {
  #state: PlayerState;
  readonly #listeners = new Set<() => void>();
  #noticeKey = 0;

  constructor(runId: string) {
    this.#state = initialState(runId);
  }

  get state(): PlayerState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  receive(message: ServerMessage): void {
    this.#commit(reduce(this.#state, message));
  }

  /** Puts a run that was read by HTTP, where no events come, into the state. */
  applyRun(run: Run, role: Role): void {
    this.#commit(applyRun(this.#state, run, role));
  }

  set(facts: Partial<LocalFacts>): void {
    this.#commit({ ...this.#state, ...facts });
  }

  /** Shows an error or a remark to the person; a text already on screen is not shown twice. */
  notify(tone: Notice["tone"], text: string): void {
    const others = this.#state.notices.filter((notice) => notice.text !== text).slice(-3);
    this.#commit({ ...this.#state, notices: [...others, { key: ++this.#noticeKey, tone, text }] });
  }

  dismiss(key: number): void {
    this.#commit({ ...this.#state, notices: this.#state.notices.filter((notice) => notice.key !== key) });
  }

  #commit(next: PlayerState): void {
    if (next === this.#state) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  }
}
