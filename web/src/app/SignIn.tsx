import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/errors";
import { Button } from "../player/Button";
import { Link } from "./Link";

interface SignInProps {
  /** Why what this tab has is not enough. */
  error: ApiError;
  /** True where this tab has a key or a token. */
  given: boolean;
  onSignIn(key: string): void;
}

const ENDED: Record<string, { title: string; text: string }> = {
  link_revoked: {
    title: "This link has been revoked",
    text: "Whoever gave it to you has ended it. Ask them for a new one.",
  },
  link_expired: { title: "This link has expired", text: "Ask whoever gave it to you for a new one." },
};

/** Asks for a key where the server wants one and this tab has none that works; says of a link that is over that it is. */
export function SignIn({ error, given, onSignIn }: SignInProps) {
  const ended = ENDED[error.code ?? ""];
  const [asking, setAsking] = useState(false);
  if (ended && !asking)
    return (
      <main className="js-center">
        <div className="jp-form js-signin">
          <h1>{ended.title}</h1>
          <p className="jp-dim">{ended.text}</p>
          <div className="jp-buttons">
            <Button label="Sign in with a key" onClick={() => setAsking(true)} />
            <WayOut />
          </div>
        </div>
      </main>
    );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get("key") ?? "").trim();
    if (key !== "") onSignIn(key);
  };
  return (
    <main className="js-center">
      <form className="jp-form js-signin" onSubmit={submit}>
        <h1>Sign in</h1>
        <p className="jp-dim">{reasonOf(error, given)}</p>
        <label>
          API key or share token
          <input name="key" type="password" autoComplete="current-password" required />
        </label>
        <div className="jp-buttons">
          <Button label="Continue" tone="primary" type="submit" />
          <WayOut />
        </div>
        <p className="jp-dim">
          Did you start jumpseat yourself? Open the address that it printed: your key is in it. Is it somebody else’s?
          Ask them to share a run with you.
        </p>
      </form>
    </main>
  );
}

function reasonOf({ status, code }: ApiError, given: boolean): string {
  if (status === 403) return "The link that you came by shows one run. With a key you see all of its owner’s.";
  if (given && ENDED[code ?? ""] === undefined)
    return "The server does not know this key. Check that you have copied all of it.";
  return "Runs are shown to those who have a key, or a link to one of them.";
}

/** Back to where one came from, or to the list of runs. */
function WayOut() {
  if (history.length > 1) return <Button label="Go back" tone="quiet" onClick={() => history.back()} />;
  if (location.pathname === "/") return null;
  return (
    <Link to="/" className="jp-button" data-tone="quiet">
      All runs
    </Link>
  );
}
