import { useState } from "react";

export type ThemeName = "auto" | "light" | "dark";

export interface Theme {
  value: ThemeName;
  /** What the next click chooses. */
  next: ThemeName;
  turn(): void;
}

const KEY = "jumpseat.theme";
const ORDER: Record<ThemeName, ThemeName> = { auto: "light", light: "dark", dark: "auto" };

/** The chosen theme, kept for this browser. */
export function useTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  const [value, setValue] = useState<ThemeName>(kept === "light" || kept === "dark" ? kept : "auto");
  const next = ORDER[value];
  const turn = () => {
    localStorage.setItem(KEY, next);
    setValue(next);
  };
  return { value, next, turn };
}
