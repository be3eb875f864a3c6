import { type ReactNode, useState } from "react";
import type { ApiClient } from "../api/client";
import { describe } from "../api/errors";
import type { NewRun, Run } from "../protocol/types";
import { navigate } from "./path";
import { SecretsDialog } from "./SecretsDialog";
import { secretsWith } from "./secrets";

export interface RunAgain {
  busy: boolean;
  error: string | null;
  /** Asks for the values of the run's secrets while they are wanted. */
  dialog: ReactNode;
  /** Starts the same run once more and shows it; with an entry of its plan it pauses before that. */
  again(pauseBefore?: number): Promise<void>;
}

/** The same run once more, with the secrets that the server does not give away asked for. */
export function useRunAgain(api: ApiClient, { id }: Pick<Run, "id">): RunAgain {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  /** Waits for the values of its secrets. */
  const [asking, setAsking] = useState<NewRun | null>(null);
  const guarded = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    await work().catch((reason: unknown) => setError(describe(reason)));
    setBusy(false);
  };
  const start = async (spec: NewRun) => navigate(`/runs/${encodeURIComponent((await api.createRun(spec)).id)}`);
  const again = (pauseBefore?: number) =>
    guarded(async () => {
      const spec = { ...(await api.spec(id)), ...(pauseBefore === undefined ? {} : { pauseBefore }) };
      if (Object.keys(spec.secrets ?? {}).length > 0) setAsking(spec);
      else await start(spec);
    });
  const given = (spec: NewRun, values: Record<string, string>) => {
    setAsking(null);
    void guarded(() => start({ ...spec, secrets: secretsWith(spec, values) }));
  };
  const dialog = asking && (
    <SecretsDialog
      names={Object.keys(asking.secrets ?? {})}
      onGiven={(secrets) => given(asking, secrets)}
      onClose={() => setAsking(null)}
    />
  );
  return { busy, error, dialog, again };
}
