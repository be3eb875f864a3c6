import { type FormEvent, useEffect, useRef } from "react";
import { Button } from "../player/Button";

interface SecretsDialogProps {
  names: string[];
  onGiven(secrets: Record<string, string>): void;
  onClose(): void;
}

/** Asks for the values of a run's secrets, which the server does not give away. */
export function SecretsDialog({ names, onGiven, onClose }: SecretsDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onGiven(Object.fromEntries(names.map((name) => [name, String(form.get(name) ?? "")])));
  };
  return (
    <dialog className="jp-dialog" ref={dialog} aria-labelledby="js-secrets-title" onClose={onClose}>
      <form className="jp-form" onSubmit={submit}>
        <header>
          <h2 id="js-secrets-title">Secrets of this run</h2>
          <Button icon="cross" label="Close" iconOnly tone="quiet" onClick={() => dialog.current?.close()} />
        </header>
        <p className="jp-dim">The server does not give their values away: type them again.</p>
        {names.map((name) => (
          <label key={name}>
            {name}
            <input name={name} type="password" autoComplete="off" required />
          </label>
        ))}
        <div className="jp-buttons">
          <Button icon="play" label="Start the run" tone="primary" type="submit" />
        </div>
      </form>
    </dialog>
  );
}
