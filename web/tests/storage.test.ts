import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { safeStorage } from "../src/api/storage";
import { keepToken, tabClientId, takeToken } from "../src/api/token";

/** As in a frame of another origin whose storage the browser blocks. */
function forbidStorage(): void {
  const refuse = () => {
    throw new DOMException("Access is denied for this document.", "SecurityError");
  };
  vi.spyOn(globalThis, "sessionStorage", "get").mockImplementation(refuse);
  vi.spyOn(globalThis, "localStorage", "get").mockImplementation(refuse);
}

describe("what the browser keeps", () => {
  beforeEach(() => {
    sessionStorage.clear();
    history.replaceState(null, "", "/runs/r");
  });
  afterEach(() => vi.restoreAllMocks());

  it("is the token of the tab, which leaves the address", () => {
    history.replaceState(null, "", "/runs/r?token=t");
    expect(takeToken()).toBe("t");
    expect(location.search).toBe("");
    expect(takeToken()).toBe("t");
  });

  it("is one mark for the tab", () => expect(tabClientId()).toBe(tabClientId()));

  it("is nothing where the browser forbids it, and the page goes on", () => {
    forbidStorage();
    keepToken("t");
    expect(takeToken()).toBeNull();
    expect(tabClientId()).not.toBe(tabClientId());
    safeStorage.set("localStorage", "jumpseat.theme", "dark");
    expect(safeStorage.get("localStorage", "jumpseat.theme")).toBeNull();
    history.replaceState(null, "", "/runs/r?token=t");
    expect(takeToken()).toBe("t");
  });
});
