import { useEffect, useState } from "react";
import { describe } from "../api/errors";
import type { Download } from "../protocol/types";
import { saveAs } from "../save";
import { Button } from "./Button";
import { useMaySteer, usePlayer, usePlayerState } from "./context";

/** The files that the page has downloaded, at their steps; whoever may steer can have them. */
export function Downloads() {
  const { session } = usePlayer();
  const come = usePlayerState((state) => state.downloads.length);
  const [downloads, setDownloads] = useState<Download[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when another has come
  useEffect(() => {
    let left = false;
    session.api.downloads(session.runId).then(
      (found) => left || setDownloads(found),
      (reason: unknown) => left || session.store.notify("error", describe(reason)),
    );
    return () => {
      left = true;
    };
  }, [session, come]);
  if (downloads.length === 0) return null;
  return (
    <ol className="jp-steps" aria-label="Downloads">
      {downloads.map((download) => (
        <DownloadRow key={download.number} download={download} />
      ))}
    </ol>
  );
}

function DownloadRow({ download }: { download: Download }) {
  const { session } = usePlayer();
  const maySteer = useMaySteer();
  const { step, name, size, error } = download;
  const onSave = () =>
    session.api
      .download(session.runId, download)
      .then(saveAs)
      .catch((reason: unknown) => session.store.notify("error", describe(reason)));
  return (
    <li className="jp-step jp-page-row" data-status={error === null ? "passed" : "failed"}>
      <span className="jp-step-mark" aria-hidden="true" />
      <div className="jp-step-text">
        <span className="jp-page-text">{`Downloaded ${name}`}</span>
        {error && <span className="jp-error-text">{error}</span>}
        <span className="jp-step-facts">
          <span>{step === 0 ? "Before the steps" : `Step ${step}`}</span>
          {size !== null && <span>{`${(size / 1000).toFixed(1)} kB`}</span>}
          {maySteer && error === null && <Button label="Save" onClick={onSave} />}
        </span>
      </div>
    </li>
  );
}
