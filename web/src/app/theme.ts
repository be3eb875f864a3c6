import { useState } from "react";
import { safeStorage } from "../api/storage";

export type ThemeName = "auto" | "light" | "dark";

export interface Theme {
  value: ThemeName;
  /** What the next click chooses. */
  next: ThemeName;
  turn(): void;
}

const KEY = "jumpseat.theme";
const ORDER: Record<ThemeName, ThemeName> = { auto: "light", light: "dark", dark: "auto" };

/** Returns the chosen theme, which is kept for this browser. */
export function useTheme(): Theme {
  const kept = safeStorage.get("localStorage", KEY);
  const [value, setValue] = useState<ThemeName>(kept === "light" || kept === "dark" ? kept : "auto");
  const next = ORDER[value];
  const turn = () => {
    safeStorage.set("localStorage", KEY, next);
    setValue(next);
  };
  return { value, next, turn };
}
