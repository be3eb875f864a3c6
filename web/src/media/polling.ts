import { JpegTransport } from "./jpeg";

/** A still page answers a poll only after 10 s; a poll older than this is lost. */
const POLL_LIMIT_MS = 12_000;

/** Asks for one frame after another, as the last resort: each request waits at the server for a newer frame than the last. */
export class PollingTransport extends JpegTransport {
  readonly kind = "polling";
  #asked = 0;

  protected get isQuiet(): boolean {
    return performance.now() - this.#asked < POLL_LIMIT_MS;
  }

  protected async receive(signal: AbortSignal): Promise<void> {
    let after: string | null = null;
    while (!signal.aborted) {
      this.#asked = performance.now();
      const response: Response = await this.get(signal, after === null ? {} : { after });
      if (response.status === 304) continue;
      after = response.headers.get("X-Frame-Seq");
      const time = Number.parseFloat(response.headers.get("X-Frame-Time") ?? "");
      await this.show({ data: await response.blob(), time: Number.isFinite(time) ? time : null });
    }
  }
}
