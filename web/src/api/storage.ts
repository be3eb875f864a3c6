/**
 * What the browser keeps for this tab (`sessionStorage`) or for all of them (`localStorage`). Touching either throws in a
 * frame of another origin whose storage the browser blocks: then nothing is kept, and nothing is found.
 */
export const safeStorage = {
  get(kind: "sessionStorage" | "localStorage", key: string): string | null {
    try {
      return globalThis[kind].getItem(key);
    } catch {
      return null;
    }
  },

  set(kind: "sessionStorage" | "localStorage", key: string, value: string): void {
    try {
      globalThis[kind].setItem(key, value);
    } catch {
      // Forbidden or full: it lasts as long as the page.
    }
  },
};
