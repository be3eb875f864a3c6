import { withToken } from "../api/client";
import { problem, unreachable } from "../api/errors";
import type { PictureTicket } from "../api/ticket";
import type { Size } from "../protocol/types";
import type { TransportKind } from "../store/state";
import { NoPictureYet, type Sample, type Transport, type TransportListener } from "./transport";

export interface JpegFrame {
  data: Blob;
  /** When the server got the frame, in milliseconds since 1970; null where it does not say. */
  time: number | null;
}

export interface JpegOptions {
  url: string;
  ticket: PictureTicket;
  listener: TransportListener;
}

/** Holds what the two JPEG transports share: a canvas, the counters, and waiting while the page is hidden. */
export abstract class JpegTransport implements Transport {
  abstract readonly kind: TransportKind;
  readonly view = document.createElement("canvas");
  readonly #context = this.view.getContext("bitmaprenderer");
  readonly #options: JpegOptions;
  readonly #abort = new AbortController();
  readonly #sample: Sample = {
    frames: 0,
    bytes: 0,
    codec: "JPEG",
    width: 0,
    height: 0,
    roundTripMs: null,
    ageMs: null,
    dropped: 0,
    lost: 0,
    quiet: false,
  };

  constructor(options: JpegOptions) {
    this.#options = options;
  }

  start(): void {
    this.#run().catch((error: Error) => {
      if (!this.#abort.signal.aborted) this.#options.listener.onFailed(error);
    });
  }

  async sample(): Promise<Sample> {
    return { ...this.#sample, quiet: this.isQuiet || document.hidden };
  }

  stop(): void {
    this.#abort.abort();
  }

  /** True where no new frame is no bad sign. */
  protected abstract get isQuiet(): boolean;

  /** Receives frames until `signal` aborts or the server stops. */
  protected abstract receive(signal: AbortSignal): Promise<void>;

  /** Sends GET with a ticket in the address, so that another origin needs no preflight. Refusals are thrown. */
  protected async get(signal: AbortSignal, query: Record<string, string> = {}): Promise<Response> {
    const url = new URL(withToken(this.#options.url, await this.#options.ticket.get()));
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const response = await fetch(url, { signal, cache: "no-store" }).catch((error: unknown) => {
      throw signal.aborted ? error : unreachable();
    });
    if (response.ok || response.status === 304) return response;
    const refusal = await problem(response);
    throw refusal.status === 409 ? new NoPictureYet(refusal.message, refusal.retryAfter ?? 1) : refusal;
  }

  protected async show({ data, time }: JpegFrame): Promise<void> {
    const bitmap = await createImageBitmap(data);
    if (this.#abort.signal.aborted) return bitmap.close();
    const size: Size = { width: bitmap.width, height: bitmap.height };
    const isNew = size.width !== this.#sample.width || size.height !== this.#sample.height;
    if (isNew) Object.assign(this.view, size);
    this.#context?.transferFromImageBitmap(bitmap);
    Object.assign(this.#sample, size, { ageMs: time === null ? null : Date.now() - time });
    this.#sample.frames += 1;
    this.#sample.bytes += data.size;
    if (isNew) this.#options.listener.onPicture(size);
  }

  /** Receives while the page can be seen; a hidden page costs nothing. */
  async #run(): Promise<void> {
    const stopped = this.#abort.signal;
    while (!stopped.aborted) {
      await visible(stopped);
      const round = new AbortController();
      const end = () => round.abort();
      const onVisibility = () => document.hidden && end();
      stopped.addEventListener("abort", end);
      document.addEventListener("visibilitychange", onVisibility);
      try {
        await this.receive(round.signal);
      } catch (error) {
        if (!round.signal.aborted) throw error;
      } finally {
        stopped.removeEventListener("abort", end);
        document.removeEventListener("visibilitychange", onVisibility);
      }
    }
  }
}

/** Resolves when the page can be seen, or when `signal` aborts. */
function visible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (!document.hidden || signal.aborted) return resolve();
    const check = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
    signal.addEventListener("abort", check, { once: true });
  });
}
