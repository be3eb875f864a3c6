import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import type { ApiClient } from "../api/client";
import { describe } from "../api/errors";
import { Button } from "../player/Button";
import { InstructionProblems, useInstructionProblems } from "../player/InstructionProblems";
import type { Mode, NewRun, PlannerName } from "../protocol/types";
import { navigate } from "./path";
import { secretsWith } from "./secrets";

const EXAMPLE = "Click 'Add to cart'\nGo to /cart\nClick 'Checkout'\nType 'Ada' into 'Name'\nExpect to see 'Thank you'";

interface NewRunFormProps {
  api: ApiClient;
  /** What another run was made from: the form is filled with it, and keeps what it has no field for. */
  initial?: NewRun | null;
  onClose(): void;
}

export function NewRunForm({ api, initial = null, onClose }: NewRunFormProps) {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const run = await api.createRun(readForm(new FormData(event.currentTarget), initial));
      navigate(`/runs/${encodeURIComponent(run.id)}`);
    } catch (reason) {
      setError(describe(reason));
      setBusy(false);
    }
  };
  const form = useRef<HTMLFormElement>(null);
  // One may have asked for it far down the page. Newer browsers answer with a promise, which is no clean-up.
  useEffect(() => void form.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <form
      ref={form}
      className="jp-form js-new"
      onSubmit={submit}
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
      {initial?.steps == null ? <Instructions api={api} initial={initial} /> : <Steps steps={initial.steps} />}
      <label>
        Mode
        <select name="mode" defaultValue={initial?.mode ?? "auto"}>
          <option value="auto">Go ahead by itself</option>
          <option value="review">Ask before each step</option>
        </select>
      </label>
      {Object.keys(initial?.secrets ?? {}).map((name) => (
        <label key={name}>
          <span>
            Secret {name} <span className="jp-dim">(type it again: the server does not give it away)</span>
          </span>
          <input name={secretField(name)} type="password" autoComplete="off" required />
        </label>
      ))}
      {error && (
        <p className="jp-error-text js-wide" role="alert">
          {error}
        </p>
      )}
      <div className="jp-buttons js-wide">
        <Button icon="play" label="Start the run" tone="primary" type="submit" disabled={busy} />
        <Button label="Close" tone="quiet" onClick={onClose} />
      </div>
    </form>
  );
}

function Instructions({ api, initial }: { api: ApiClient; initial: NewRun | null }) {
  const [text, setText] = useState(initial?.instructions ?? "");
  const [planner, setPlanner] = useState<string>(initial?.planner ?? "plain");
  const problems = useInstructionProblems(api, text, planner as PlannerName);
  const id = useId();
  return (
    <>
      <div className="jp-field js-wide">
        <label htmlFor={id}>Instructions, one sentence a step</label>
        <textarea
          id={id}
          name="instructions"
          rows={6}
          required
          placeholder={EXAMPLE}
          value={text}
          aria-describedby={`${id}-problems`}
          onChange={(event) => setText(event.target.value)}
        />
        <InstructionProblems id={`${id}-problems`} problems={problems} />
      </div>
      <label>
        Planner
        <select name="planner" value={planner} onChange={(event) => setPlanner(event.target.value)}>
          <option value="plain">Plain sentences</option>
          <option value="model">Language model</option>
        </select>
      </label>
    </>
  );
}

function Steps({ steps }: { steps: NonNullable<NewRun["steps"]> }) {
  return (
    <label className="js-wide">
      Steps, as JSON
      <textarea name="steps" rows={10} required spellCheck={false} defaultValue={JSON.stringify(steps, null, 2)} />
    </label>
  );
}

const secretField = (name: string): string => `secret ${name}`;

/** Returns what the form says, with what `initial` has beside. Throws for steps that are not JSON. */
export function readForm(form: FormData, initial: NewRun | null): NewRun {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const { name: _, ...kept } = initial ?? {};
  const name = text("name");
  const secrets = Object.keys(initial?.secrets ?? {}).map((each) => [each, String(form.get(secretField(each)) ?? "")]);
  return {
    ...kept,
    url: text("url"),
    ...(form.has("steps")
      ? { steps: readSteps(text("steps")) }
      : { instructions: text("instructions"), planner: text("planner") as PlannerName }),
    mode: text("mode") as Mode,
    ...(name ? { name } : {}),
    ...(secrets.length > 0 ? { secrets: secretsWith(initial, Object.fromEntries(secrets)) } : {}),
  };
}

function readSteps(text: string): NonNullable<NewRun["steps"]> {
  try {
    return JSON.parse(text) as NonNullable<NewRun["steps"]>;
  } catch (reason) {
    throw new Error(`The steps are not JSON: ${(reason as Error).message}`);
  }
}
