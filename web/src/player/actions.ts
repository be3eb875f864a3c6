import { describe } from "../api/errors";
import type { Command } from "../protocol/messages";
import type { Action, Place } from "../protocol/types";
import type { PlayerSession } from "../session";

/** What an embedding page may do itself instead of the player. A promise that rejects is shown as an error. */
export interface Handlers {
  onPause?: (() => unknown) | undefined;
  onResume?: (() => unknown) | undefined;
  onStepOverride?: ((action: Action, place: Place) => unknown) | undefined;
  onInstructionUpdate?: ((instructions: string) => unknown) | undefined;
}

export interface Actions {
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Throws what the server refused, for the form to show. */
  override(action: Action, place?: Place): Promise<void>;
  /** Throws what the server refused, for the form to show. */
  instruct(instructions: string): Promise<void>;
  send(command: Command): void;
}

/** Returns the player's commands: the page's own handler where there is one, else the control link. */
export function createActions(session: PlayerSession, handlers: () => Handlers): Actions {
  const { link, store } = session;
  const guarded = async (work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      store.notify("error", describe(error));
    }
  };
  return {
    pause: () => guarded(handlers().onPause ?? (() => link.request({ type: "pause" }))),
    resume: () => guarded(handlers().onResume ?? (() => link.request({ type: "resume" }))),
    override: async (action, place = "instead") => {
      const { onStepOverride } = handlers();
      const own = () => link.request({ type: "step_override", action, place });
      await (onStepOverride ? onStepOverride(action, place) : own());
    },
    instruct: async (instructions) => {
      const { onInstructionUpdate } = handlers();
      const own = () => link.request({ type: "update_instructions", instructions });
      await (onInstructionUpdate ? onInstructionUpdate(instructions) : own());
    },
    send: (command) => void link.send(command),
  };
}
