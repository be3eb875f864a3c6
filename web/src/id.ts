/** Returns 128 random bits, URL-safe. `crypto.randomUUID` exists only in secure contexts, and people watch over plain HTTP too. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
