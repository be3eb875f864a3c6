import { type FormEvent, useEffect, useRef, useState } from "react";
import { describe } from "../api/errors";
import type { ShareLink } from "../shareLinks";
import { Button } from "./Button";
import { CopyButton } from "./CopyButton";
import { usePlayer } from "./context";

const LIFETIMES = [
  { seconds: 3_600, label: "1 hour" },
  { seconds: 86_400, label: "1 day" },
  { seconds: 604_800, label: "7 days" },
];

/** Makes links to this run for other people. */
export function ShareDialog() {
  const { session, setUi } = usePlayer();
  const dialog = useRef<HTMLDialogElement>(null);
  const [role, setRole] = useState<"viewer" | "controller">("viewer");
  const [ttlSeconds, setTtl] = useState(3_600);
  const [links, setLinks] = useState(() => session.shareLinks.list());
  const [error, setError] = useState<string | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const guarded = async (work: () => Promise<void>) => {
    setError(null);
    await work().catch((reason: unknown) => setError(describe(reason)));
    setLinks(session.shareLinks.list());
  };
  const create = (event: FormEvent) => {
    event.preventDefault();
    void guarded(() => session.shareLinks.create(role, ttlSeconds));
  };
  const revoke = (id: string) => guarded(() => session.shareLinks.revoke(id));
  return (
    <dialog
      className="jp-dialog"
      ref={dialog}
      aria-labelledby="jp-share-title"
      onClose={() => setUi({ sharing: false })}
    >
      <form className="jp-form" onSubmit={create}>
        <header>
          <h2 id="jp-share-title">Share this run</h2>
          <Button icon="cross" label="Close" iconOnly tone="quiet" onClick={() => dialog.current?.close()} />
        </header>
        <label>
          Who opens the link may
          <select value={role} onChange={(event) => setRole(event.target.value as "viewer" | "controller")}>
            <option value="viewer">watch</option>
            <option value="controller">watch and steer</option>
          </select>
        </label>
        <label>
          The link works for
          <select value={ttlSeconds} onChange={(event) => setTtl(Number(event.target.value))}>
            {LIFETIMES.map(({ seconds, label }) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {error && (
          <p className="jp-error-text" role="alert">
            {error}
          </p>
        )}
        <div className="jp-buttons">
          <Button
            label={links.length > 0 ? "Make another link" : "Make the link"}
            tone={links.length > 0 ? "plain" : "primary"}
            type="submit"
          />
        </div>
        {links.length > 0 && (
          <ul className="jp-links" aria-label="Links made in this tab">
            {links.map((link) => (
              <Link key={link.watchUrl} link={link} onRevoke={revoke} />
            ))}
          </ul>
        )}
      </form>
    </dialog>
  );
}

function Link({ link, onRevoke }: { link: ShareLink; onRevoke: (id: string) => Promise<void> }) {
  const { id, role, watchUrl, expiresAt } = link;
  return (
    <li className="jp-link">
      <input readOnly value={watchUrl} aria-label="Link" onFocus={(event) => event.target.select()} />
      <p className="jp-dim">
        May {role === "viewer" ? "watch" : "watch and steer"} until {new Date(expiresAt).toLocaleString()}. Whoever has
        it needs nothing else.
      </p>
      <div className="jp-buttons">
        <CopyButton label="Copy" text={watchUrl} said="The link is on the clipboard." primary />
        {id && <Button icon="trash" label="Revoke" tone="danger" onClick={() => void onRevoke(id)} />}
      </div>
    </li>
  );
}
