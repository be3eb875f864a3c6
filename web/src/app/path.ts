import { useEffect, useState } from "react";

/** Returns the path within the app and follows it, also after `navigate` and the browser's own back and forward. */
export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const follow = () => setPath(location.pathname);
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  return path;
}

/** Returns a parameter of the address and follows it; null where the address has none. */
export function useParameter(name: string): string | null {
  const read = () => new URLSearchParams(location.search).get(name);
  const [value, setValue] = useState(read);
  useEffect(() => {
    const follow = () => setValue(new URLSearchParams(location.search).get(name));
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, [name]);
  return value;
}

/** Changes a parameter of the address, or takes it out, without a step in the browser's history. */
export function setParameter(name: string, value: string | null): void {
  const address = new URL(location.href);
  if (address.searchParams.get(name) === value) return;
  if (value) address.searchParams.set(name, value);
  else address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Goes to another page of the app without loading it anew. */
export function navigate(path: string): void {
  history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}
