import { problem, unreachable } from "../api/errors";

/** Candidates found within this time travel in one request. */
const TRICKLE_MS = 40;

/** Keeps the server's side of a WHEP session: created by the offer, patched with candidates, deleted at the end. */
export class WhepResource {
  readonly #token: string | null;
  readonly #onPageHide = () => this.remove();
  #location: string | null = null;
  #etag: string | null = null;
  #candidates: RTCIceCandidate[] = [];
  #local: RTCSessionDescription | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #removed = false;

  constructor(token: string | null) {
    this.#token = token;
    addEventListener("pagehide", this.#onPageHide);
  }

  /** Sends the offer and returns the SDP answer. Throws `ApiError`. */
  async create(url: string, offer: string): Promise<string> {
    const response = await this.#fetch(url, { method: "POST", body: offer, type: "application/sdp" });
    if (!response.ok) throw await problem(response);
    const location = response.headers.get("Location");
    this.#location = location === null ? null : new URL(location, url).href;
    this.#etag = response.headers.get("ETag");
    if (this.#removed) this.#delete();
    this.#schedule();
    return response.text();
  }

  /** Queues a candidate; null when there are no more. */
  trickle(candidate: RTCIceCandidate | null, local: RTCSessionDescription | null): void {
    this.#local = local;
    if (candidate !== null && candidate.candidate !== "") this.#candidates.push(candidate);
    this.#schedule();
  }

  /** Deletes the session, also while the offer is still on its way; safe to repeat. */
  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    clearTimeout(this.#timer);
    removeEventListener("pagehide", this.#onPageHide);
    this.#delete();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#location === null || this.#removed || this.#candidates.length === 0) return;
    this.#timer = setTimeout(() => void this.#patch(), TRICKLE_MS);
  }

  async #patch(): Promise<void> {
    const body = fragment(this.#local?.sdp ?? "", this.#candidates.splice(0));
    if (this.#location === null) return;
    // A server without trickle refuses this: its own candidates are enough where it can be reached at all.
    const request = { method: "PATCH", body, type: "application/trickle-ice-sdpfrag" };
    await this.#fetch(this.#location, request).catch(() => null);
  }

  #delete(): void {
    if (this.#location === null) return;
    const location = this.#location;
    this.#location = null;
    void this.#fetch(location, { method: "DELETE" }).catch(() => null);
  }

  async #fetch(
    url: string,
    { method, body, type }: { method: string; body?: string; type?: string },
  ): Promise<Response> {
    const headers = new Headers();
    if (this.#token !== null) headers.set("Authorization", `Bearer ${this.#token}`);
    if (type !== undefined) headers.set("Content-Type", type);
    if (method === "PATCH" && this.#etag !== null) headers.set("If-Match", this.#etag);
    // `keepalive` lets the request outlive the page.
    const init: RequestInit = { method, headers, keepalive: method === "DELETE" };
    if (body !== undefined) init.body = body;
    return fetch(url, init).catch(() => {
      throw unreachable();
    });
  }
}

/** Returns an SDP fragment (RFC 8840 §9) with the credentials of the offer and `candidates`. */
export function fragment(offer: string, candidates: RTCIceCandidate[]): string {
  const lines = offer.split("\r\n");
  const first = (prefix: string) => lines.find((line) => line.startsWith(prefix)) ?? "";
  const head = [first("a=ice-ufrag:"), first("a=ice-pwd:"), first("m=").replace(/ \d+ /, " 9 "), first("a=mid:")];
  return [...head, ...candidates.map(({ candidate }) => `a=${candidate}`), ""].join("\r\n");
}
