import type { Size } from "../protocol/types";

/** Returns a `<video>` that plays without a click: muted and inline. */
export function videoView(): HTMLVideoElement {
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  video.disableRemotePlayback = true;
  return video;
}

/** Calls back when the first picture is there and whenever its size changes. */
export function whenFirstPicture(video: HTMLVideoElement, onPicture: (size: Size) => void): void {
  const report = () => onPicture({ width: video.videoWidth, height: video.videoHeight });
  video.onresize = report;
  if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(report);
  else (video as HTMLVideoElement).onloadeddata = report;
  // Refused by some browsers until the person has clicked somewhere: `autoplay` starts it then.
  video.play().catch(() => null);
}
