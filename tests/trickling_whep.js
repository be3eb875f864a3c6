/**
 * A WHEP client as foreign ones are: audio before video, one transport for both (`max-bundle`), the offer sent before any
 * candidate is known, and each candidate sent by a PATCH of its own without If-Match. The result stands in
 * `window.played`: its connection, the offer, and the status of each PATCH.
 */
globalThis.playByTrickling = async ({ url, token }) => {
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const played = { pc, offer: "", patches: [] };
  globalThis.played = played;
  pc.addTransceiver("audio", { direction: "recvonly" });
  pc.addTransceiver("video", { direction: "recvonly" });
  pc.ontrack = ({ track }) => {
    if (track.kind !== "video") return;
    const video = document.body.appendChild(document.createElement("video"));
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    played.video = video;
    void video.play();
  };
  const authorization = { Authorization: `Bearer ${token}` };
  let resource = null;
  const waiting = [];
  const send = async (candidate) => {
    const { sdp } = pc.localDescription;
    const [ufrag, password] = [/a=ice-ufrag:.*/, /a=ice-pwd:.*/].map((line) => line.exec(sdp)[0].trim());
    const lines = [ufrag, password, "m=audio 9 UDP/TLS/RTP/SAVPF 0", `a=mid:${candidate.sdpMid}`, `a=${candidate.candidate}`];
    const headers = { ...authorization, "Content-Type": "application/trickle-ice-sdpfrag" };
    const answer = await fetch(resource, { method: "PATCH", headers, body: `${lines.join("\r\n")}\r\n` });
    played.patches.push(answer.status);
  };
  pc.onicecandidate = ({ candidate }) => {
    if (!candidate?.candidate) return;
    if (resource === null) waiting.push(candidate);
    else void send(candidate);
  };
  const offer = await pc.createOffer();
  played.offer = offer.sdp;
  const headers = { ...authorization, "Content-Type": "application/sdp" };
  const answering = fetch(url, { method: "POST", headers, body: offer.sdp });
  await pc.setLocalDescription(offer);
  const answer = await answering;
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  const sdp = await answer.text();
  resource = new URL(answer.headers.get("Location"), answer.url).href;
  for (const candidate of waiting) await send(candidate);
  await pc.setRemoteDescription({ type: "answer", sdp });
};
