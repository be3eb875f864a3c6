import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";
import { describe } from "../api/errors";
import type { ShareLink } from "../shareLinks";
import { Button } from "./Button";
import { ConfirmButton } from "./ConfirmButton";
import { CopyButton } from "./CopyButton";
import { usePlayer } from "./context";
import { formatAgo } from "./format";

const LIFETIMES = [
  { seconds: 3_600, label: "1 hour" },
  { seconds: 86_400, label: "1 day" },
  { seconds: 604_800, label: "7 days" },
];

/** Makes links to this run for other people, and shows all that live. */
export function ShareDialog() {
  const { session, setUi } = usePlayer();
  const dialog = useRef<HTMLDialogElement>(null);
  const [role, setRole] = useState<"viewer" | "controller">("viewer");
  const [ttlSeconds, setTtl] = useState(3_600);
  /** Null until they were read. */
  const [links, setLinks] = useState<ShareLink[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const { shareLinks } = session;
  const guarded = useCallback(
    async (work?: () => Promise<void>) => {
      setBusy(true);
      setError(null);
      const failed = (reason: unknown) => setError(describe(reason));
      await work?.().catch(failed);
      await shareLinks.list().then(setLinks, failed);
      setBusy(false);
    },
    [shareLinks],
  );
  useEffect(() => void guarded(), [guarded]);
  const create = (event: FormEvent) => {
    event.preventDefault();
    void guarded(() => shareLinks.create(role, ttlSeconds));
  };
  const hasLinks = links !== null && links.length > 0;
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
            label={hasLinks ? "Make another link" : "Make the link"}
            tone={hasLinks ? "plain" : "primary"}
            type="submit"
            disabled={busy}
          />
        </div>
        {hasLinks && (
          <ul className="jp-links" aria-label="Links to this run" aria-busy={busy}>
            {links.map((link) => (
              <Link
                key={link.id}
                link={link}
                busy={busy}
                onRenew={() => void guarded(() => shareLinks.renew(link))}
                onRevoke={() => void guarded(() => shareLinks.revoke(link.id))}
              />
            ))}
          </ul>
        )}
      </form>
    </dialog>
  );
}

interface LinkProps {
  link: ShareLink;
  busy: boolean;
  onRenew(): void;
  onRevoke(): void;
}

function Link({ link, busy, onRenew, onRevoke }: LinkProps) {
  const { role, watchUrl, createdAt, expiresAt, lastSeenAt } = link;
  const now = Date.now();
  return (
    <li className="jp-link">
      {watchUrl !== null && (
        <input readOnly value={watchUrl} aria-label="Link" onFocus={(event) => event.target.select()} />
      )}
      <p className="jp-dim">
        {`Made ${formatAgo(createdAt, now)}, ${lastSeenAt ? `last used ${formatAgo(lastSeenAt, now)}` : "never used"}. `}
        May {role === "viewer" ? "watch" : "watch and steer"} until {new Date(expiresAt).toLocaleString()}.{" "}
        {watchUrl !== null
          ? "Whoever has it needs nothing else."
          : "Its address was shown when it was made: to give it to somebody else, renew it."}
      </p>
      <div className="jp-buttons">
        {watchUrl !== null && <CopyButton label="Copy" text={watchUrl} said="The link is on the clipboard." primary />}
        <ConfirmButton icon="again" label="Renew" question="Replace the old one?" disabled={busy} onConfirm={onRenew} />
        <Button icon="trash" label="Revoke" tone="danger" disabled={busy} onClick={onRevoke} />
      </div>
    </li>
  );
}
