import { WebRTCPlayer } from "@eyevinn/webrtc-player";

/** Plays a run in a video of its own; the result stands in `window.played`. */
globalThis.playByEyevinn = async (url) => {
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true;
  const player = new WebRTCPlayer({ video, type: "whep", iceServers: [] });
  globalThis.played = { video, player };
  await player.load(new URL(url));
};
