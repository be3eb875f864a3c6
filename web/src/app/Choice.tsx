import type { SelectHTMLAttributes } from "react";

interface ChoiceProps extends SelectHTMLAttributes<HTMLSelectElement> {
  label: string;
  /** Where the label is for those alone who hear it. */
  unlabelled?: boolean;
  /** What the first option says, which chooses none of the others. */
  none: string;
  /** Texts by values. */
  names: Record<string, string>;
}

/** A list to choose one from, or none. */
export function Choice({ label, unlabelled = false, none, names, ...rest }: ChoiceProps) {
  return (
    <label className="js-choice">
      <span className={unlabelled ? "jp-sr" : undefined}>{label}</span>
      <select {...rest}>
        <option value="">{none}</option>
        {Object.entries(names).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
