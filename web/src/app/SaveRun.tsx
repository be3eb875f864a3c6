import { useState } from "react";
import type { ApiClient, ExportFormat } from "../api/client";
import { describe } from "../api/errors";
import { isAttached } from "../player/attached";
import type { Run } from "../protocol/types";
import { saveAs } from "../save";
import { ExportMenu } from "./ExportMenu";

/** A menu of the files that the run can be saved as. */
export function SaveRun({ run, api, onError }: { run: Run; api: ApiClient; onError(error: string | null): void }) {
  const [busy, setBusy] = useState(false);
  const save = async (format: ExportFormat) => {
    onError(null);
    setBusy(true);
    try {
      const file = await api.exportRun(run.id, format);
      if (file.size === 0) onError("Nobody has chosen another locator in this run: there is nothing to patch.");
      else saveAs(file);
    } catch (reason) {
      onError(describe(reason));
    } finally {
      setBusy(false);
    }
  };
  return <ExportMenu disabled={busy} attached={isAttached(run)} onChoose={(format) => void save(format)} />;
}
