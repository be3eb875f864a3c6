import type { ButtonHTMLAttributes, Ref } from "react";
import { Icon, type IconName } from "./Icon";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  ref?: Ref<HTMLButtonElement>;
  icon?: IconName;
  /** The name; also the text, unless `iconOnly`. */
  label: string;
  iconOnly?: boolean;
  tone?: "plain" | "primary" | "danger" | "quiet";
  /** Single key that does the same, shown in the hint. */
  hotkey?: string;
}

export function Button({
  icon,
  label,
  iconOnly = false,
  tone = "plain",
  hotkey,
  className = "",
  ...rest
}: ButtonProps) {
  const hint = hotkey ? `${label} (${hotkey})` : label;
  return (
    <button
      type="button"
      className={`jp-button ${className}`}
      data-tone={tone}
      data-icon-only={iconOnly || undefined}
      title={iconOnly || hotkey ? hint : undefined}
      aria-label={iconOnly ? label : undefined}
      aria-keyshortcuts={hotkey}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {!iconOnly && <span>{label}</span>}
    </button>
  );
}
