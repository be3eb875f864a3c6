import { WHEPClient } from "whip-whep/whep.js";

/**
 * Plays a run in a video of its own, audio first and `max-bundle`; the result stands in `window.played`: how many pictures
 * were decoded, and the status and the If-Match of each PATCH.
 */
globalThis.playByWhipWhep = async ({ url, token }) => {
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true;
  const decoded = async () => {
    const stats = [...(await pc.getStats()).values()];
    return stats.find(({ type, kind }) => type === "inbound-rtp" && kind === "video")?.framesDecoded ?? 0;
  };
  const played = { pc, decoded, patches: [] };
  globalThis.played = played;
  pc.addTransceiver("audio", { direction: "recvonly" });
  pc.addTransceiver("video", { direction: "recvonly" });
  pc.ontrack = ({ track }) => {
    if (track.kind !== "video") return;
    video.srcObject = new MediaStream([track]);
    void video.play();
  };
  const { fetch } = globalThis;
  globalThis.fetch = async (resource, init = {}) => {
    const answer = await fetch(resource, init);
    const match = new Headers(init.headers).get("If-Match");
    if (init.method === "PATCH") played.patches.push({ status: answer.status, match });
    return answer;
  };
  await new WHEPClient().view(pc, url, token);
};
