import { useState } from "react";
import { describe } from "../api/errors";
import { isFinal, type Step } from "../protocol/types";
import { Button } from "./Button";
import { useMaySteer, usePlayer, usePlayerState } from "./context";

const SECRET = /^\{\{secret:([^{}]+)\}\}$/;

/** Returns the name that stands for a password typed by hand; null for any other step. */
export function typedSecret({ source, action, value }: Pick<Step, "source" | "action" | "value">): string | null {
  return source === "human" && action === "type" ? (SECRET.exec(value ?? "")?.[1] ?? null) : null;
}

/** Offers to keep a password that was typed by hand as a secret of the run, while the server knows it still. */
export function KeepSecret({ name }: { name: string }) {
  const { session } = usePlayer();
  const maySteer = useMaySteer();
  const ended = usePlayerState((state) => state.run !== null && isFinal(state.run.status));
  const [busy, setBusy] = useState(false);
  const [kept, setKept] = useState(false);
  if (!maySteer || ended || kept) return null;
  const keep = async () => {
    setBusy(true);
    try {
      await session.api.keepSecret(session.runId, name);
      setKept(true);
      const use = `{{secret:${name}}} stands for it, it is shown nowhere, and "Run again" asks for it.`;
      session.store.notify("info", `The password is a secret of this run now: ${use}`);
    } catch (reason) {
      session.store.notify("error", describe(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="jp-step-source">
      <Button
        label="Keep as a secret of this run"
        aria-label={`Keep ${name} as a secret of this run`}
        disabled={busy}
        onClick={() => void keep()}
      />
    </div>
  );
}
