import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { ApiClient } from "../api/client";
import { describe } from "../api/errors";
import { Button } from "../player/Button";
import { InstructionProblems, useInstructionProblems } from "../player/InstructionProblems";
import type { NewRun, PlannerName } from "../protocol/types";
import { saveAs } from "../save";
import { readForm, withoutMissingValues } from "./newRun";
import { navigate } from "./path";
import { RunOptions } from "./RunOptions";
import { SecretFields } from "./SecretFields";

const EXAMPLE = "Click 'Add to cart'\nGo to /cart\nClick 'Checkout'\nType 'Ada' into 'Name'\nExpect to see 'Thank you'";
const EXAMPLE_STEPS =
  '[\n  {"type": "click", "selector": "text=Add to cart"},\n  {"type": "navigate", "value": "/cart"}\n]';

interface NewRunFormProps {
  api: ApiClient;
  /** What another run was made from: the form is filled with it, and keeps what it has no field for. */
  initial?: NewRun | null;
  onClose(): void;
}

export function NewRunForm({ api, initial = null, onClose }: NewRunFormProps) {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [planner, setPlanner] = useState<PlannerName>(initial?.planner ?? (initial?.steps ? "script" : "plain"));
  const form = useRef<HTMLFormElement>(null);
  // One may have asked for it far down the page. Newer browsers answer with a promise, which is no clean-up.
  useEffect(() => void form.current?.scrollIntoView({ block: "nearest" }), []);
  const guarded = async (work: (run: NewRun) => Promise<void>) => {
    if (form.current === null) return;
    setBusy(true);
    setError(null);
    try {
      await work(readForm(new FormData(form.current), initial));
    } catch (reason) {
      setError(describe(reason));
    } finally {
      setBusy(false);
    }
  };
  const start = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void guarded(async (run) => navigate(`/runs/${encodeURIComponent((await api.createRun(run)).id)}`));
  };
  const save = () => {
    const fields = [...(form.current?.elements ?? [])] as HTMLInputElement[];
    // The file has no values of secrets: they need not be given for it.
    const wrong = fields.find((field) => field.name !== "secretValue" && !field.checkValidity());
    if (wrong) wrong.reportValidity();
    else void guarded(async (run) => saveAs(await api.testFile(withoutMissingValues(run))));
  };
  return (
    <form
      ref={form}
      className="jp-form js-new"
      onSubmit={start}
      onChange={() => setError(null)}
      aria-label={initial === null ? "New run" : "Edit and run again"}
    >
      <label>
        Start address
        <input
          name="url"
          type="url"
          required
          placeholder="https://shop.example"
          autoComplete="url"
          defaultValue={initial?.url}
        />
      </label>
      <label>
        <span>
          Name <span className="jp-dim">(optional)</span>
        </span>
        <input name="name" maxLength={200} placeholder="Checkout works" defaultValue={initial?.name ?? ""} />
      </label>
      <label>
        Planner
        <select name="planner" value={planner} onChange={(event) => setPlanner(event.target.value as PlannerName)}>
          <option value="plain">Plain sentences</option>
          <option value="model">Language model</option>
          <option value="script">Given steps</option>
        </select>
      </label>
      <label>
        Mode
        <select name="mode" defaultValue={initial?.mode ?? "auto"}>
          <option value="auto">Go ahead by itself</option>
          <option value="review">Ask before each step</option>
        </select>
      </label>
      {planner === "script" ? (
        <Steps steps={initial?.steps ?? null} />
      ) : (
        <Instructions api={api} initial={initial?.instructions ?? ""} planner={planner} />
      )}
      <SecretFields initial={initial} />
      <RunOptions initial={initial} />
      {error && (
        <p className="jp-error-text js-wide" role="alert">
          {error}
        </p>
      )}
      <div className="jp-buttons js-wide">
        <Button icon="play" label="Start the run" tone="primary" type="submit" disabled={busy} />
        <Button icon="download" label="Save as YAML" disabled={busy} onClick={save} />
        <Button label="Close" tone="quiet" onClick={onClose} />
      </div>
    </form>
  );
}

interface InstructionsProps {
  api: ApiClient;
  initial: string;
  planner: PlannerName;
}

function Instructions({ api, initial, planner }: InstructionsProps) {
  const [text, setText] = useState(initial);
  const problems = useInstructionProblems(api, text, planner);
  const id = useId();
  return (
    <div className="jp-field js-wide">
      <label htmlFor={id}>{planner === "model" ? "Instructions" : "Instructions, one sentence a step"}</label>
      <textarea
        id={id}
        name="instructions"
        rows={6}
        required
        placeholder={EXAMPLE}
        value={text}
        aria-invalid={problems.length > 0}
        aria-describedby={`${id}-problems`}
        onChange={(event) => setText(event.target.value)}
      />
      <InstructionProblems id={`${id}-problems`} problems={problems} />
    </div>
  );
}

function Steps({ steps }: { steps: NewRun["steps"] | null }) {
  return (
    <label className="js-wide">
      Steps, as JSON
      <textarea
        name="steps"
        rows={10}
        required
        spellCheck={false}
        placeholder={EXAMPLE_STEPS}
        defaultValue={steps ? JSON.stringify(steps, null, 2) : ""}
      />
    </label>
  );
}
