import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { ExportFormat } from "../api/client";
import { Button } from "../player/Button";

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

interface ExportMenuProps {
  disabled: boolean;
  /** Whether it offers what only attached tests can be saved as. */
  attached: boolean;
  onChoose(format: ExportFormat): void;
}

/** A button with a menu of what runs can be saved as. */
export function ExportMenu({ disabled, attached: isAttached, onChoose }: ExportMenuProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const formats = FORMATS.filter(({ attached }) => !attached || isAttached);
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
  const choose = (format: ExportFormat) => {
    setOpen(false);
    onChoose(format);
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
    event.stopPropagation();
  };
  return (
    <div className="js-save" ref={box}>
      <Button
        icon="download"
        label="Save as…"
        disabled={disabled}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      />
      {open && (
        <div className="js-menu" role="menu" id={id} aria-label="Save as" onKeyDown={onKeyDown}>
          {formats.map(({ format, label, hint }) => (
            <button key={format} type="button" role="menuitem" tabIndex={-1} onClick={() => choose(format)}>
              <b>{label}</b>
              <span className="jp-dim">{hint}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
