import { type FormEvent, useId, useState } from "react";
import { describe } from "../api/errors";
import { isFinal } from "../protocol/types";
import { Button } from "./Button";
import { useMaySteer, usePlayer, usePlayerState } from "./context";
import { diffLines } from "./diff";
import { InstructionProblems, useInstructionProblems } from "./InstructionProblems";

/** The running instructions with their version; a draft beside them, with what it would change. */
export function InstructionEditor() {
  const { actions, session } = usePlayer();
  const running = usePlayerState((state) => state.run?.instructions ?? "");
  const version = usePlayerState((state) => state.run?.instructionsVersion ?? 0);
  const ended = usePlayerState((state) => state.run !== null && isFinal(state.run.status));
  const maySteer = useMaySteer();
  const [draft, setDraft] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const id = useId();
  const text = draft ?? running;
  const changed = draft !== null && draft !== running;
  const model = usePlayerState((state) => state.run?.planner === "model");
  const problems = useInstructionProblems(session.api, model || !changed ? "" : text, "plain");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      await actions.instruct(text);
      setDraft(null);
    } catch (reason) {
      setError(describe(reason));
    }
  };
  return (
    <form className="jp-form jp-pad" onSubmit={submit}>
      <div className="jp-label-row">
        <label htmlFor={id}>Instructions</label>
        <span className="jp-tag">version {version}</span>
      </div>
      <textarea
        id={id}
        rows={8}
        value={text}
        readOnly={!maySteer || ended}
        placeholder="This run was made from explicit steps, without instructions."
        aria-describedby={`${id}-problems`}
        onChange={(event) => setDraft(event.target.value)}
      />
      <InstructionProblems id={`${id}-problems`} problems={problems} />
      {changed && <Diff before={running} after={text} />}
      {error && (
        <p className="jp-error-text" role="alert">
          {error}
        </p>
      )}
      {maySteer && !ended && (
        <div className="jp-buttons">
          <Button label="Update the run" tone="primary" type="submit" disabled={!changed || text.trim() === ""} />
          <Button label="Discard" tone="quiet" disabled={!changed} onClick={() => setDraft(null)} />
        </div>
      )}
    </form>
  );
}

const MARKS = { same: " ", added: "+", removed: "−" } as const;

function Diff({ before, after }: { before: string; after: string }) {
  return (
    <section className="jp-diff" aria-label="Change against the running version">
      {diffLines(before, after).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place
        <div key={index} data-kind={line.kind}>
          <span aria-hidden="true">{MARKS[line.kind]}</span>
          {line.kind !== "same" && <span className="jp-sr">{line.kind}: </span>}
          {line.text || " "}
        </div>
      ))}
    </section>
  );
}
