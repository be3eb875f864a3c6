import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiClient } from "../src/api/client";
import { ShareLinks } from "../src/shareLinks";

describe("ShareLinks", () => {
  const api = new ApiClient({ baseUrl: "https://jumpseat.example", token: "t" });
  const asked: string[] = [];
  let links: ShareLinks;
  let refused = false;

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse("2026-03-02T10:00:00Z") });
    sessionStorage.clear();
    asked.length = 0;
    refused = false;
    let made = 0;
    vi.stubGlobal("fetch", async (url: string, { method, body }: RequestInit) => {
      asked.push(`${method} ${new URL(url).pathname}`);
      if (refused) return Response.json({ detail: "no" }, { status: 403 });
      if (method === "DELETE") return new Response(null, { status: 204 });
      made += 1;
      const { ttlSeconds } = JSON.parse(String(body)) as { ttlSeconds: number };
      const expiresAt = new Date(Date.now() + ttlSeconds * 1000).toISOString();
      return Response.json({ id: `l${made}`, token: `t${made}`, watchUrl: `https://w/${made}`, expiresAt });
    });
    links = new ShareLinks(api, "r");
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const ids = (from = links) => from.list().map(({ id }) => id);

  it("lists all that were made for this run in this tab, the newest first", async () => {
    await links.create("viewer", 60);
    await links.create("controller", 60);
    expect(ids()).toEqual(["l2", "l1"]);
    expect(links.list().map(({ role }) => role)).toEqual(["controller", "viewer"]);
    expect(ids(new ShareLinks(api, "r"))).toEqual(["l2", "l1"]);
    expect(ids(new ShareLinks(api, "another"))).toEqual([]);
  });

  it("revokes any of them, and forgets those that are over", async () => {
    await links.create("viewer", 60);
    await links.create("viewer", 3600);
    await links.create("viewer", 3600);
    await links.revoke("l2");
    expect(asked.at(-1)).toBe("DELETE /api/tests/r/tokens/l2");
    expect(ids()).toEqual(["l3", "l1"]);
    vi.advanceTimersByTime(60_000);
    expect(ids()).toEqual(["l3"]);
  });

  it("keeps a link that the server did not revoke", async () => {
    await links.create("viewer", 60);
    refused = true;
    await expect(links.revoke("l1")).rejects.toMatchObject({ status: 403 });
    expect(ids()).toEqual(["l1"]);
  });
});
