import type { Sample } from "./transport";

type Stats = Record<string, unknown> & { type?: string };

/** What a viewer's peer connection says of its one video track. */
export function readRtcStats(report: RTCStatsReport): Sample {
  const all: Stats[] = [];
  report.forEach((each: Stats) => {
    all.push(each);
  });
  const video = all.find((each) => each.type === "inbound-rtp" && each.kind === "video") ?? {};
  const codec = all.find((each) => each.id === video.codecId);
  const pair = all.find(
    (each) => each.type === "candidate-pair" && each.nominated === true && each.state === "succeeded",
  );
  const roundTrip = pair?.currentRoundTripTime;
  const roundTripMs = typeof roundTrip === "number" ? roundTrip * 1000 : null;
  const frames = number(video.framesDecoded);
  return {
    frames,
    bytes: number(video.bytesReceived),
    codec: typeof codec?.mimeType === "string" ? codec.mimeType.replace("video/", "") : null,
    width: number(video.frameWidth),
    height: number(video.frameHeight),
    roundTripMs,
    ageMs: roundTripMs === null ? null : roundTripMs / 2 + perFrameMs(video),
    dropped: number(video.framesDropped),
    lost: number(video.packetsLost),
    quiet: false,
  };
}

/** Time in the jitter buffer and the decoder, on average, in milliseconds. */
function perFrameMs(video: Stats): number {
  const waiting = ratio(video.jitterBufferDelay, video.jitterBufferEmittedCount);
  return 1000 * (waiting + ratio(video.totalDecodeTime, video.framesDecoded));
}

const ratio = (total: unknown, count: unknown): number => (number(count) === 0 ? 0 : number(total) / number(count));

const number = (value: unknown): number => (typeof value === "number" ? value : 0);
