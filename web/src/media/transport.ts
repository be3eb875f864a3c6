import type { Size } from "../protocol/types";
import type { MediaStats, TransportKind } from "../store/state";

/** Is thrown while the run has no picture yet: no failure, the same rung is asked again after `retryAfter` seconds. */
export class NoPictureYet extends Error {
  override readonly name = "NoPictureYet";
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

export interface TransportListener {
  /** Called when the first picture is on `view`, and when its size changes. */
  onPicture(size: Size): void;
  /** Called when no more pictures will come: at most once, never after `stop`. */
  onFailed(error: Error): void;
}

export interface Sample extends Omit<MediaStats, "fps" | "kbps"> {
  /** Frames and bytes since the start: they only grow. */
  frames: number;
  bytes: number;
  /** True where no new frame is no bad sign: a long poll is waiting, or the page is hidden. */
  quiet: boolean;
}

/** Brings the picture in one of several ways. It is used once: `start`, then `stop`. */
export interface Transport {
  readonly kind: TransportKind;
  readonly view: HTMLVideoElement | HTMLCanvasElement;
  start(): void;
  sample(): Promise<Sample>;
  /** Closes everything that the transport has opened; safe to repeat. */
  stop(): void;
}

export interface Rung {
  readonly kind: TransportKind;
  create(listener: TransportListener): Transport;
}
