import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PictureTicket } from "../src/api/ticket";

const MINUTE = 60_000;

describe("PictureTicket", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const issued = (name: string, minutes: number) => ({
    viewerToken: name,
    expiresAt: new Date(Date.now() + minutes * MINUTE).toISOString(),
  });

  beforeEach(() => {
    vi.useFakeTimers({ now });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is used as long as it is good, and renewed before it ends", async () => {
    const renew = vi.fn(async () => issued("second", 10));
    const ticket = new PictureTicket(issued("first", 10), renew);
    vi.advanceTimersByTime(8 * MINUTE);
    expect(await ticket.get()).toBe("first");
    expect(renew).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1.5 * MINUTE);
    expect(await ticket.get()).toBe("second");
    expect(await ticket.get()).toBe("second");
    expect(renew).toHaveBeenCalledTimes(1);
  });

  it("is what the page was given, where it has no end", async () => {
    expect(await new PictureTicket({ viewerToken: "given" }, async () => issued("other", 10)).get()).toBe("given");
    expect(await new PictureTicket({}, async () => issued("other", 10)).get()).toBeNull();
  });
});
