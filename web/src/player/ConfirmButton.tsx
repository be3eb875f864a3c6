import { useEffect, useState } from "react";
import { Button } from "./Button";
import type { IconName } from "./Icon";

interface ConfirmButtonProps {
  icon: IconName;
  label: string;
  /** What the button asks after the first click. */
  question: string;
  iconOnly?: boolean;
  disabled?: boolean;
  onConfirm(): void;
}

const ARMED_MS = 4_000;

/** Asks by its own text and acts on the second click: browsers show no `confirm()` in a frame of another origin. */
export function ConfirmButton({ icon, label, question, iconOnly, disabled, onConfirm }: ConfirmButtonProps) {
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
  return (
    <Button
      icon={icon}
      label={armed ? question : label}
      iconOnly={(iconOnly ?? false) && !armed}
      tone={armed ? "danger" : "plain"}
      disabled={disabled ?? false}
      onClick={click}
      onBlur={() => setArmed(false)}
    />
  );
}
