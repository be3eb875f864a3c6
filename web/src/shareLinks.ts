import type { ApiClient } from "./api/client";
import { safeStorage } from "./api/storage";
import type { Role, ShareToken } from "./protocol/types";

export interface ShareLink extends ShareToken {
  role: Exclude<Role, "owner">;
}

/** Keeps the links to one run that were made in this tab: the server keeps no list of them. */
export class ShareLinks {
  readonly #api: ApiClient;
  readonly #runId: string;
  #links: ShareLink[];

  constructor(api: ApiClient, runId: string) {
    this.#api = api;
    this.#runId = runId;
    this.#links = JSON.parse(safeStorage.get("sessionStorage", this.#key) ?? "[]") as ShareLink[];
  }

  /** Returns the links that still work, the newest first. */
  list(): ShareLink[] {
    return this.#links.filter(({ expiresAt }) => Date.parse(expiresAt) > Date.now());
  }

  /** Creates a link. Throws `ApiError`. */
  async create(role: ShareLink["role"], ttlSeconds: number): Promise<void> {
    const made = await this.#api.share(this.#runId, { role, ttlSeconds });
    this.#save([{ ...made, role }, ...this.list()]);
  }

  /** Revokes a link. Throws `ApiError`; then the link still stands in the list. */
  async revoke(id: string): Promise<void> {
    await this.#api.revoke(this.#runId, id);
    this.#save(this.list().filter((each) => each.id !== id));
  }

  get #key(): string {
    return `jumpseat.links.${this.#runId}`;
  }

  #save(links: ShareLink[]): void {
    this.#links = links;
    safeStorage.set("sessionStorage", this.#key, JSON.stringify(links));
  }
}
