import { randomId } from "../id";
import { safeStorage } from "./storage";

const KEY = "jumpseat.token";

/**
 * Returns the credential of this tab. One that came in the address (`?token=…`) is kept for the tab and taken out of the address
 * bar, so that it is in no bookmark, screenshot or `Referer`.
 */
export function takeToken(): string | null {
  const address = new URL(location.href);
  const given = address.searchParams.get("token");
  if (given === null) return safeStorage.get("sessionStorage", KEY);
  address.searchParams.delete("token");
  history.replaceState(history.state, "", address);
  keepToken(given);
  return given;
}

/** Returns the client id of this tab, which stays over a reload, so that one who steers comes back as the same person. */
export function tabClientId(): string {
  const key = "jumpseat.client";
  const id = safeStorage.get("sessionStorage", key) ?? randomId();
  safeStorage.set("sessionStorage", key, id);
  return id;
}

export function keepToken(token: string): void {
  safeStorage.set("sessionStorage", KEY, token);
}
