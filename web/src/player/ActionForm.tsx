import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { describe } from "../api/errors";
import { ACTION_TYPES, type Action, type ActionType, type Picked } from "../protocol/types";
import { actionOf, fieldsOf } from "./actionFields";
import { Button } from "./Button";
import { CopyLocator } from "./CopyLocator";
import { usePlayer, usePlayerState } from "./context";
import { expectationOf } from "./expectation";
import { actionName } from "./format";

interface ActionFormProps {
  initial?: Action;
  submitLabel: string;
  onSubmit(action: Action): Promise<void>;
  onDone?(): void;
  onCancel?(): void;
  /** Called when the form has become an expectation that was pointed at. */
  onExpect?(): void;
}

const textsOf = (action: Action | undefined) => ({
  selector: action?.selector ?? "",
  value: String(action?.value ?? ""),
  target: action?.target ?? "",
});

/** One action, with the fields that its type takes; the selector may be picked in the picture. */
export function ActionForm({ initial, submitLabel, onSubmit, onDone, onCancel, onExpect }: ActionFormProps) {
  const { ui } = usePlayer();
  const [type, setType] = useState<ActionType>(initial?.type ?? "click");
  const [texts, setTexts] = useState(textsOf(initial));
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const submitButton = useRef<HTMLButtonElement>(null);
  const expect = (action: Action) => {
    setType(action.type);
    setTexts(textsOf(action));
    onExpect?.();
    submitButton.current?.focus();
  };
  usePicked((picked) => {
    setError(null);
    if (ui.pickAs === "element") return setTexts((old) => ({ ...old, selector: picked.selector }));
    try {
      expect(expectationOf(picked, ui.pickAs));
    } catch (reason) {
      setError(describe(reason));
    }
  });
  /** What the new type needs is kept where it was given; what it merely allows starts empty. */
  const change = (next: ActionType) => {
    setType(next);
    const optional = fieldsOf(next).filter(({ need }) => need === "optional");
    setTexts({ ...texts, ...Object.fromEntries(optional.map(({ name }) => [name, ""])) });
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onSubmit(actionOf(type, texts));
      setTexts(textsOf(undefined));
      onDone?.();
    } catch (reason) {
      setError(describe(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="jp-form" onSubmit={submit}>
      <label htmlFor={`${id}-type`}>Action</label>
      <select id={`${id}-type`} value={type} onChange={(event) => change(event.target.value as ActionType)}>
        {ACTION_TYPES.map((each) => (
          <option key={each} value={each}>
            {actionName(each)}
          </option>
        ))}
      </select>
      {fieldsOf(type).map(({ name, label, hint, need }) => (
        <div className="jp-field" key={name}>
          <label htmlFor={`${id}-${name}`}>
            <span>
              {label}
              {need === "optional" && <span className="jp-dim"> (optional)</span>}
            </span>
          </label>
          <div className="jp-row">
            <input
              id={`${id}-${name}`}
              value={texts[name]}
              required={need === "required"}
              placeholder={hint}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => setTexts({ ...texts, [name]: event.target.value })}
            />
            {name === "selector" && <PickButton />}
          </div>
          {name === "selector" && texts.selector && <CopyLocator selector={texts.selector} />}
        </div>
      ))}
      {error && (
        <p className="jp-error-text" role="alert">
          {error}
        </p>
      )}
      <div className="jp-buttons">
        <Button ref={submitButton} label={submitLabel} tone="primary" type="submit" disabled={busy} />
        {onCancel && <Button label="Cancel" tone="quiet" onClick={onCancel} />}
      </div>
    </form>
  );
}

function PickButton() {
  const { ui, setUi } = usePlayer();
  const hasPicture = usePlayerState((state) => state.size !== null && state.media.phase !== "ended");
  return (
    <Button
      icon="target"
      label="Pick in the picture"
      iconOnly
      aria-pressed={ui.picking && ui.pickFor === "form"}
      disabled={!hasPicture}
      onClick={() => setUi({ picking: !ui.picking, pickAs: "element", pickFor: "form", replayStep: null })}
    />
  );
}

/** Calls back once for each element that was picked while the form is open. */
function usePicked(onPicked: (picked: Picked) => void): void {
  const { session, ui } = usePlayer();
  const picked = usePlayerState((state) => (ui.pickFor === "form" ? state.picked : null));
  useEffect(() => {
    if (picked === null) return;
    onPicked(picked);
    session.store.set({ picked: null });
  }, [picked, onPicked, session]);
}
