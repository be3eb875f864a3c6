import { randomId } from "../id";

const KEY = "jumpseat.token";

/**
 * The credential of this tab. One that came in the address (`?token=…`) is kept for the tab and taken out of the address
 * bar, so that it is in no bookmark, screenshot or `Referer`.
 */
export function takeToken(): string | null {
  const address = new URL(location.href);
  const given = address.searchParams.get("token");
  if (given === null) return sessionStorage.getItem(KEY);
  address.searchParams.delete("token");
  history.replaceState(history.state, "", address);
  keepToken(given);
  return given;
}

/** A mark of this tab: it stays over a reload, so that one who steers comes back as the same person. */
export function tabMark(): string {
  const key = "jumpseat.client";
  const made = randomId();
  try {
    const kept = sessionStorage.getItem(key);
    if (kept === null) sessionStorage.setItem(key, made);
    return kept ?? made;
  } catch {
    // A page that may not store anything gets a new mark each time.
    return made;
  }
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}
