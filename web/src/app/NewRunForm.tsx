import { type FormEvent, useState } from "react";
import type { ApiClient } from "../api/client";
import { describe } from "../api/errors";
import { Button } from "../player/Button";
import type { Mode, NewRun, PlannerName } from "../protocol/types";
import { navigate } from "./path";

const EXAMPLE = "Click 'Add to cart'\nGo to /cart\nClick 'Checkout'\nType 'Ada' into 'Name'\nExpect to see 'Thank you'";

export function NewRunForm({ api, onClose }: { api: ApiClient; onClose: () => void }) {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const run = await api.createRun(readForm(new FormData(event.currentTarget)));
      navigate(`/runs/${encodeURIComponent(run.id)}`);
    } catch (reason) {
      setError(describe(reason));
      setBusy(false);
    }
  };
  return (
    <form className="jp-form js-new" onSubmit={submit} aria-label="New run">
      <label>
        Start address
        <input name="url" type="url" required placeholder="https://shop.example" autoComplete="url" />
      </label>
      <label>
        <span>
          Name <span className="jp-dim">(optional)</span>
        </span>
        <input name="name" maxLength={120} placeholder="Checkout works" />
      </label>
      <label className="js-wide">
        Instructions, one sentence a step
        <textarea name="instructions" rows={6} required placeholder={EXAMPLE} />
      </label>
      <label>
        Planner
        <select name="planner" defaultValue="plain">
          <option value="plain">Plain sentences</option>
          <option value="model">Language model</option>
        </select>
      </label>
      <label>
        Mode
        <select name="mode" defaultValue="auto">
          <option value="auto">Go ahead by itself</option>
          <option value="review">Ask before each step</option>
        </select>
      </label>
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

function readForm(form: FormData): NewRun {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const name = text("name");
  return {
    url: text("url"),
    instructions: text("instructions"),
    planner: text("planner") as PlannerName,
    mode: text("mode") as Mode,
    ...(name ? { name } : {}),
  };
}
