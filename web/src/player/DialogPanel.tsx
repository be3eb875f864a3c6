import { type FormEvent, useId, useState } from "react";
import { describe } from "../api/errors";
import type { RemoteDialog } from "../protocol/types";
import { Button } from "./Button";
import { useMaySteer, usePlayer, usePlayerState } from "./context";
import { encodeFiles } from "./files";
import { Countdown } from "./ProposalCard";

const TITLES: Record<RemoteDialog["kind"], string> = {
  alert: "The page says",
  confirm: "The page asks",
  prompt: "The page asks for text",
  beforeunload: "Leave the page?",
  file_chooser: "The page wants a file",
  select: "Choose an option",
  input: "Choose a value",
};

/** Native dialogs, file choosers and lists of the remote page, none of which are in the picture. */
export function DialogPanel() {
  const dialogs = usePlayerState((state) => state.dialogs);
  return dialogs.map((dialog) => <DialogCard key={dialog.dialogId} dialog={dialog} />);
}

function DialogCard({ dialog }: { dialog: RemoteDialog }) {
  const { session } = usePlayer();
  const maySteer = useMaySteer();
  const [error, setError] = useState<string | null>(null);
  const [text, setText] = useState(dialog.defaultValue ?? "");
  const [values, setValues] = useState(() =>
    (dialog.options ?? []).filter((each) => each.selected).map((each) => each.value),
  );
  const [files, setFiles] = useState<File[]>([]);
  const id = useId();
  const answer = async (accept: boolean) => {
    setError(null);
    try {
      const given = accept ? await contentOf(dialog, { text, values, files }) : {};
      await session.link.request({ type: "answer_dialog", dialogId: dialog.dialogId, accept, ...given });
    } catch (reason) {
      setError(describe(reason));
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void answer(true);
  };
  return (
    <section className="jp-card" data-tone="dialog" aria-label={TITLES[dialog.kind]} role="alertdialog">
      <form className="jp-form" onSubmit={submit}>
        <header>
          <h2>{TITLES[dialog.kind]}</h2>
          {dialog.deadline && <Countdown deadline={dialog.deadline} />}
        </header>
        {dialog.message && <p className="jp-card-title">{dialog.message}</p>}
        {maySteer && dialog.kind === "prompt" && (
          <input aria-label="Answer" value={text} onChange={(event) => setText(event.target.value)} />
        )}
        {maySteer && dialog.kind === "input" && <Value {...{ dialog, text, setText }} />}
        {maySteer && dialog.kind === "select" && <Options {...{ dialog, values, setValues }} />}
        {maySteer && dialog.kind === "file_chooser" && (
          <>
            <label htmlFor={id}>Up to 48 KiB in all</label>
            <input
              id={id}
              type="file"
              multiple={dialog.multiple ?? false}
              accept={dialog.accept ?? undefined}
              onChange={(event) => setFiles([...(event.target.files ?? [])])}
            />
          </>
        )}
        {error && (
          <p className="jp-error-text" role="alert">
            {error}
          </p>
        )}
        {maySteer ? (
          <Answers kind={dialog.kind} onDismiss={() => void answer(false)} />
        ) : (
          <p className="jp-dim">Waiting for an answer.</p>
        )}
      </form>
    </section>
  );
}

function Answers({ kind, onDismiss }: { kind: RemoteDialog["kind"]; onDismiss: () => void }) {
  return (
    <div className="jp-buttons">
      <Button label={kind === "beforeunload" ? "Leave" : "OK"} tone="primary" type="submit" />
      {kind !== "alert" && <Button label={kind === "beforeunload" ? "Stay" : "Cancel"} onClick={onDismiss} />}
    </div>
  );
}

interface ValueProps {
  dialog: RemoteDialog;
  text: string;
  setText(text: string): void;
}

/** The browser's own calendar, clock, colours or suggestions, in place of the remote browser's. */
function Value({ dialog, text, setText }: ValueProps) {
  const id = useId();
  const suggests = dialog.inputType === "list";
  return (
    <>
      <input
        aria-label="Value"
        type={suggests ? "text" : (dialog.inputType ?? "text")}
        step={dialog.inputType?.includes("time") ? "any" : undefined}
        list={suggests ? id : undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <datalist id={id}>
        {(dialog.options ?? []).map((option) => (
          <option key={option.value} value={option.value} label={option.label} />
        ))}
      </datalist>
    </>
  );
}

interface OptionsProps {
  dialog: RemoteDialog;
  values: string[];
  setValues(values: string[]): void;
}

function Options({ dialog, values, setValues }: OptionsProps) {
  const multiple = dialog.multiple ?? false;
  return (
    <select
      aria-label="Options"
      multiple={multiple}
      size={Math.min(8, Math.max(2, dialog.options?.length ?? 2))}
      value={multiple ? values : (values[0] ?? "")}
      onChange={(event) => setValues([...event.target.selectedOptions].map((option) => option.value))}
    >
      {(dialog.options ?? []).map((option) => (
        <option key={option.value} value={option.value} disabled={option.disabled ?? false}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

async function contentOf({ kind }: RemoteDialog, given: { text: string; values: string[]; files: File[] }) {
  if (kind === "prompt" || kind === "input") return { text: given.text };
  if (kind === "select") return { values: given.values };
  return kind === "file_chooser" ? { files: await encodeFiles(given.files) } : {};
}
