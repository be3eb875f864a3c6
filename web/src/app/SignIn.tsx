import type { FormEvent } from "react";
import { Button } from "../player/Button";

/** Asks for a key where the server wants one and this tab has none that works. */
export function SignIn({ reason, onSignIn }: { reason: string; onSignIn: (key: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get("key") ?? "").trim();
    if (key !== "") onSignIn(key);
  };
  return (
    <main className="js-center">
      <form className="jp-form js-signin" onSubmit={submit}>
        <h1>Sign in</h1>
        <p className="jp-dim">{reason}</p>
        <label>
          API key or share token
          <input name="key" type="password" autoComplete="current-password" required />
        </label>
        <Button label="Continue" tone="primary" type="submit" />
        <p className="jp-dim">Started on this machine? The address that jumpseat printed has the key in it.</p>
      </form>
    </main>
  );
}
