import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { ApiClient, ExportFormat } from "../api/client";
import { describe } from "../api/errors";
import { isAttached } from "../player/attached";
import { Button } from "../player/Button";
import type { Run } from "../protocol/types";
import { saveAs } from "../save";

interface Format {
  format: ExportFormat;
  label: string;
  hint: string;
  attached?: true;
}

const FORMATS: Format[] = [
  { format: "pytest", label: "Python", hint: "a test for pytest" },
  { format: "typescript", label: "TypeScript", hint: "a test for Playwright Test" },
  { format: "yaml", label: "YAML", hint: "a file for jumpseat run" },
  { format: "patch", label: "Patch", hint: "the locators that people chose, for your test’s files", attached: true },
];

/** A menu of the files that the run can be saved as. */
export function SaveRun({ run, api, onError }: { run: Run; api: ApiClient; onError(error: string | null): void }) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const formats = FORMATS.filter(({ attached }) => !attached || isAttached(run));
  const items = () => [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  const button = () => box.current?.querySelector<HTMLElement>("button");
  useEffect(() => {
    const menu = box.current;
    if (!open || menu === null) return;
    menu.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const onFocusOut = ({ relatedTarget }: FocusEvent) => {
      if (!(relatedTarget instanceof Node && menu.contains(relatedTarget))) setOpen(false);
    };
    menu.addEventListener("focusout", onFocusOut);
    return () => menu.removeEventListener("focusout", onFocusOut);
  }, [open]);
  const save = async (format: ExportFormat) => {
    onError(null);
    setOpen(false);
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
  const onKeyDown = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape") {
      setOpen(false);
      button()?.focus();
    } else if (event.key === "ArrowDown") all[(at + 1) % all.length]?.focus();
    else if (event.key === "ArrowUp") all.at(at - 1)?.focus();
    else return;
    event.preventDefault();
  };
  return (
    <div className="js-save" ref={box}>
      <Button
        icon="download"
        label="Save as…"
        disabled={busy}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      />
      {open && (
        <div className="js-menu" role="menu" id={id} aria-label="Save as" onKeyDown={onKeyDown}>
          {formats.map(({ format, label, hint }) => (
            <button key={format} type="button" role="menuitem" tabIndex={-1} onClick={() => void save(format)}>
              <b>{label}</b>
              <span className="jp-dim">{hint}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
