import type { ReactNode } from "react";
import { Link } from "./Link";
import type { Theme, ThemeName } from "./theme";

const NAMES: Record<ThemeName, string> = { auto: "system", light: "light", dark: "dark" };

export function Header({ theme, children }: { theme: Theme; children?: ReactNode }) {
  return (
    <header className="js-header">
      <Link to="/" className="js-brand" aria-label="jumpseat: all runs">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M10 6v11a3 3 0 0 0 3 3h9M10 20v6M20 20v6M14 10l6 3.5-6 3.5z" />
        </svg>
        <span>jumpseat</span>
      </Link>
      {children}
      <button type="button" className="jp-button js-theme" data-tone="quiet" onClick={theme.turn}>
        Theme: {NAMES[theme.value]}
      </button>
    </header>
  );
}
