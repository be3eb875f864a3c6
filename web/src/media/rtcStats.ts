import type { Sample } from "./transport";

type Stats = Record<string, unknown> & { type?: string };

/** Reads the statistics of one peer connection's one video track. */
export class RtcStats {
  #frames = 0;
  #delay = 0;
  #perFrameMs: number | null = null;

  read(report: RTCStatsReport): Sample {
    const all: Stats[] = [];
    report.forEach((each: Stats) => {
      all.push(each);
    });
    const video = all.find((each) => each.type === "inbound-rtp" && each.kind === "video") ?? {};
    const codec = all.find((each) => each.id === video.codecId);
    const roundTripMs = roundTrip(all);
    this.#measure(video);
    return {
      frames: number(video.framesDecoded),
      bytes: number(video.bytesReceived),
      codec: typeof codec?.mimeType === "string" ? codec.mimeType.replace("video/", "") : null,
      width: number(video.frameWidth),
      height: number(video.frameHeight),
      roundTripMs,
      ageMs: this.#perFrameMs === null ? null : this.#perFrameMs + (roundTripMs ?? 0) / 2,
      dropped: number(video.framesDropped),
      lost: number(video.packetsLost),
      quiet: false,
    };
  }

  /** Measures the time from a frame's first packet to the decoded picture, on average since the last reading, in milliseconds. */
  #measure(video: Stats): void {
    const frames = number(video.framesDecoded);
    const delay = number(video.totalProcessingDelay) || number(video.jitterBufferDelay) + number(video.totalDecodeTime);
    if (frames > this.#frames) this.#perFrameMs = (1000 * (delay - this.#delay)) / (frames - this.#frames);
    this.#frames = frames;
    this.#delay = delay;
  }
}

function roundTrip(all: Stats[]): number | null {
  const pair = all.find((each) => each.type === "candidate-pair" && each.nominated && each.state === "succeeded");
  const seconds = pair?.currentRoundTripTime;
  return typeof seconds === "number" ? seconds * 1000 : null;
}

const number = (value: unknown): number => (typeof value === "number" ? value : 0);
