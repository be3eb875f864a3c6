import type { ApiClient } from "./api/client";
import { safeStorage } from "./api/storage";
import type { SharedLink } from "./protocol/types";

export interface ShareLink extends SharedLink {
  /** Its address, which the server tells once; null for one that was not made in this tab. */
  watchUrl: string | null;
}

const LONGEST_SECONDS = 2_592_000;

/** The links to one run, as the server lists them, with the addresses of those that were made in this tab. */
export class ShareLinks {
  readonly #api: ApiClient;
  readonly #runId: string;
  /** What this tab knows, by the link's id; in memory, too, for the browser may keep nothing. */
  #addresses: Record<string, string>;

  constructor(api: ApiClient, runId: string) {
    this.#api = api;
    this.#runId = runId;
    this.#addresses = JSON.parse(safeStorage.get("sessionStorage", this.#key) ?? "{}") as Record<string, string>;
  }

  /** Returns the links that still work, the newest first. Throws `ApiError`. */
  async list(): Promise<ShareLink[]> {
    const links = await this.#api.shareLinks(this.#runId);
    return links.map((link) => ({ ...link, watchUrl: this.#addresses[link.id] ?? null }));
  }

  /** Creates a link. Throws `ApiError`. */
  async create(role: "viewer" | "controller", ttlSeconds: number): Promise<void> {
    const { id, watchUrl } = await this.#api.share(this.#runId, { role, ttlSeconds });
    this.#addresses = { ...this.#addresses, [id]: watchUrl };
    safeStorage.set("sessionStorage", this.#key, JSON.stringify(this.#addresses));
  }

  /** Makes a link like this one, for as long again, in its place. Throws `ApiError`. */
  async renew({ id, role, createdAt, expiresAt }: SharedLink): Promise<void> {
    const seconds = Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / 1000);
    const ttlSeconds = Math.min(LONGEST_SECONDS, Math.max(1, seconds));
    await this.create(role === "controller" ? "controller" : "viewer", ttlSeconds);
    await this.revoke(id);
  }

  /** Revokes a link. Throws `ApiError`; then the link still works. */
  async revoke(id: string): Promise<void> {
    await this.#api.revoke(this.#runId, id);
  }

  get #key(): string {
    return `jumpseat.links.${this.#runId}`;
  }
}
