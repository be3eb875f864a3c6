import { useState } from "react";
import { safeStorage } from "../api/storage";

export type View = "cards" | "list";

const KEY = "jumpseat.view";

/** How the list of runs is shown, which the browser keeps for the next visit. */
export function useView(): [View, (view: View) => void] {
  const [view, setView] = useState<View>(() => (safeStorage.get("localStorage", KEY) === "list" ? "list" : "cards"));
  const choose = (wanted: View) => {
    safeStorage.set("localStorage", KEY, wanted);
    setView(wanted);
  };
  return [view, choose];
}
