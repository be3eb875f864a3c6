import { useEffect, useState } from "react";
import { Button } from "./Button";
import type { IconName } from "./Icon";

interface ConfirmButtonProps {
  icon: IconName;
  label: string;
  /** What the button asks after the first click. */
  question: string;
  /** What it is done to, for those who hear several such buttons. */
  of?: string;
  iconOnly?: boolean;
  /** How it looks before the first click. */
  tone?: "plain" | "quiet";
  disabled?: boolean;
  onConfirm(): void;
}

const ARMED_MS = 4_000;

/** Asks by its own text and acts on the second click: browsers show no `confirm()` in a frame of another origin. */
export function ConfirmButton({
  icon,
  label,
  question,
  of,
  iconOnly,
  tone = "plain",
  disabled,
  onConfirm,
}: ConfirmButtonProps) {
  const [armed, setArmed] = useState(false);
  useEffect(() => {
    if (!armed) return;
    const timer = setTimeout(() => setArmed(false), ARMED_MS);
    return () => clearTimeout(timer);
  }, [armed]);
  const click = () => {
    setArmed(!armed);
    if (armed) onConfirm();
  };
  const text = armed ? question : label;
  return (
    <Button
      icon={icon}
      label={text}
      {...(of === undefined ? {} : { "aria-label": `${text}: ${of}` })}
      iconOnly={(iconOnly ?? false) && !armed}
      tone={armed ? "danger" : tone}
      disabled={disabled ?? false}
      onClick={click}
      onBlur={() => setArmed(false)}
    />
  );
}
