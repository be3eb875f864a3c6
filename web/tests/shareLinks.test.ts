import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiClient } from "../src/api/client";
import type { SharedLink } from "../src/protocol/types";
import { ShareLinks } from "../src/shareLinks";

describe("ShareLinks", () => {
  const api = new ApiClient({ baseUrl: "https://jumpseat.example", token: "t" });
  const asked: string[] = [];
  /** What the server keeps of the run `r`. */
  let kept: SharedLink[] = [];
  let refused = false;

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse("2026-03-02T10:00:00Z") });
    sessionStorage.clear();
    asked.length = 0;
    kept = [];
    refused = false;
    let made = 0;
    vi.stubGlobal("fetch", async (url: string, { method, body }: RequestInit) => {
      const { pathname } = new URL(url);
      asked.push(`${method} ${pathname}`);
      if (refused) return Response.json({ detail: "no" }, { status: 403 });
      if (method === "GET") return Response.json({ tokens: pathname.includes("/r/") ? kept : [] });
      if (method === "DELETE") {
        kept = kept.filter(({ id }) => id !== pathname.split("/").at(-1));
        return new Response(null, { status: 204 });
      }
      made += 1;
      const { role, ttlSeconds } = JSON.parse(String(body)) as { role: "viewer"; ttlSeconds: number };
      const createdAt = new Date().toISOString();
      const expiresAt = new Date(Date.now() + ttlSeconds * 1000).toISOString();
      kept = [{ id: `l${made}`, role, createdAt, expiresAt, lastSeenAt: null }, ...kept];
      return Response.json({ id: `l${made}`, role, token: `t${made}`, watchUrl: `https://w/${made}`, expiresAt });
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const addresses = async (links: ShareLinks) => (await links.list()).map(({ id, watchUrl }) => [id, watchUrl]);

  it("lists what the server keeps, with the addresses that this tab knows", async () => {
    const links = new ShareLinks(api, "r");
    await links.create("viewer", 60);
    await links.create("controller", 60);
    const both = [
      ["l2", "https://w/2"],
      ["l1", "https://w/1"],
    ];
    expect(await addresses(links)).toEqual(both);
    expect(await addresses(new ShareLinks(api, "r"))).toEqual(both);
    expect(await addresses(new ShareLinks(api, "another"))).toEqual([]);
    sessionStorage.clear();
    expect(await addresses(new ShareLinks(api, "r"))).toEqual([
      ["l2", null],
      ["l1", null],
    ]);
  });

  it("knows the addresses while it lives where the browser keeps nothing", async () => {
    const links = new ShareLinks(api, "r");
    vi.spyOn(globalThis, "sessionStorage", "get").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    await links.create("viewer", 60);
    expect(await addresses(links)).toEqual([["l1", "https://w/1"]]);
    vi.restoreAllMocks();
  });

  it("renews a link for as long again, and revokes the old one", async () => {
    const links = new ShareLinks(api, "r");
    await links.create("controller", 3600);
    const [old] = await links.list();
    if (old === undefined) throw new Error("there is no link");
    vi.advanceTimersByTime(1800_000);
    await links.renew(old);
    expect(asked.slice(-2)).toEqual(["POST /api/tests/r/tokens", "DELETE /api/tests/r/tokens/l1"]);
    const [renewed, ...others] = await links.list();
    expect(others).toEqual([]);
    expect(renewed).toMatchObject({ id: "l2", role: "controller", watchUrl: "https://w/2" });
    expect(Date.parse(renewed?.expiresAt ?? "") - Date.now()).toBe(3600_000);
  });

  it("keeps a link that the server did not revoke", async () => {
    const links = new ShareLinks(api, "r");
    await links.create("viewer", 60);
    refused = true;
    await expect(links.revoke("l1")).rejects.toMatchObject({ status: 403 });
    refused = false;
    expect(await addresses(links)).toEqual([["l1", "https://w/1"]]);
  });
});
