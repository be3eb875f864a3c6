import { useEffect, useRef } from "react";
import { Button } from "./Button";
import { useMaySteer, usePlayer } from "./context";

type Key = readonly [key: string, meaning: string];

const LOOKING: readonly Key[] = [
  ["←", "Look at the step before"],
  ["→", "Look at the step after"],
  ["L", "Back to live"],
  ["F", "Full screen"],
  ["I", "Figures of the picture"],
  ["?", "These keys"],
];
const LIST: readonly Key[] = [
  ["↑ ↓", "In the list of steps: the one before, or after"],
  ["Home", "In the list: the first one"],
  ["End", "In the list: the last one"],
  ["Enter", "In the list: look at the step"],
];
const PLANNED: readonly Key[] = [
  ["B", "On a planned step: pause before it, or not"],
  ["G", "On a planned step: run to it, and pause"],
];
const STEERING: readonly Key[] = [
  ["Space", "Pause, or go on"],
  [".", "Do one step, and pause"],
  ["T", "Take control, or release it"],
  ["A", "Approve the step that is proposed"],
  ["E", "Edit it"],
  ["S", "Skip it, or the step that has failed"],
  ["R", "Try the step that has failed again"],
];

/** Shows what each key does; as many as this viewer may use. */
export function KeysDialog() {
  const { setUi } = usePlayer();
  const maySteer = useMaySteer();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog className="jp-dialog" ref={dialog} aria-labelledby="jp-keys-title" onClose={() => setUi({ keys: false })}>
      <div className="jp-form">
        <header>
          <h2 id="jp-keys-title">Keys</h2>
          <Button icon="cross" label="Close" iconOnly tone="quiet" onClick={() => dialog.current?.close()} />
        </header>
        <dl className="jp-keys">
          {[...LOOKING, ...(maySteer ? STEERING : []), ...LIST, ...(maySteer ? PLANNED : [])].map(([key, meaning]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </div>
    </dialog>
  );
}
