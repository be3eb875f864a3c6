/** Plays a run by WHEP with werift, audio first and `max-bundle`: `node werift.mjs URL TOKEN PACKETS`. */
import { RTCPeerConnection, RTCRtpCodecParameters } from "werift";

const [url, token, wanted] = process.argv.slice(2);
const pc = new RTCPeerConnection({
  bundlePolicy: "max-bundle",
  iceAdditionalHostAddresses: ["127.0.0.1"],
  iceUseIpv6: false,
  codecs: {
    audio: [new RTCRtpCodecParameters({ mimeType: "audio/opus", clockRate: 48000, channels: 2 })],
    video: [new RTCRtpCodecParameters({ mimeType: "video/VP8", clockRate: 90000 })],
  },
});
pc.addTransceiver("audio", { direction: "recvonly" });
const video = pc.addTransceiver("video", { direction: "recvonly" });
let packets = 0;
const played = new Promise((resolve) => {
  video.onTrack.subscribe((track) =>
    track.onReceiveRtp.subscribe(() => {
      packets += 1;
      if (packets >= Number(wanted)) resolve();
    }),
  );
});
await pc.setLocalDescription(await pc.createOffer());
const headers = { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` };
const answer = await fetch(url, { method: "POST", headers, body: pc.localDescription.sdp });
if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
await played;
console.log(`received ${packets} packets`);
await pc.close();
process.exit(0);
