import type { Size } from "../protocol/types";
import type { MediaStats, TransportKind } from "../store/state";

/** The run has no picture yet: not a failure, the same rung is asked again after `retryAfter` seconds. */
export class NotYet extends Error {
  override readonly name = "NotYet";
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

export interface TransportListener {
  /** The first picture is on `view`, or its size changed. */
  onPicture(size: Size): void;
  /** No more pictures will come. Called at most once, never after `stop`. */
  onFailed(error: Error): void;
}

export interface Sample extends Omit<MediaStats, "fps" | "kbps"> {
  /** Frames and bytes since the start: they only grow. */
  frames: number;
  bytes: number;
  /** True where no new frame is no bad sign: a long poll is waiting, or the page is hidden. */
  quiet: boolean;
}

/** One way in which the picture comes. It lives once: `start`, then `stop`. */
export interface Transport {
  readonly kind: TransportKind;
  readonly view: HTMLVideoElement | HTMLCanvasElement;
  start(): void;
  sample(): Promise<Sample>;
  /** Idempotent, and lets go of everything. */
  stop(): void;
}

export interface Rung {
  readonly kind: TransportKind;
  create(listener: TransportListener): Transport;
}
