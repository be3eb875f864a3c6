import type { StreamInfo } from "../protocol/types";

/** A ticket that ends within this time is renewed before it is used. */
const SPARE_MS = 60_000;

type Issued = Partial<Pick<StreamInfo, "viewerToken" | "expiresAt">>;

/** Keeps the ticket that stands in the addresses of pictures, and asks for another one before it ends. */
export class PictureTicket {
  readonly #renew: () => Promise<Issued>;
  #issued: Issued;

  constructor(issued: Issued, renew: () => Promise<Issued>) {
    this.#issued = issued;
    this.#renew = renew;
  }

  /** Returns a ticket that is good now; null where there is none. */
  async get(): Promise<string | null> {
    const { viewerToken, expiresAt } = this.#issued;
    const isShort = expiresAt !== undefined && Date.parse(expiresAt) - Date.now() < SPARE_MS;
    if (viewerToken !== undefined && isShort) this.#issued = await this.#renew();
    return this.#issued.viewerToken ?? null;
  }
}
