/**
 * A WHEP viewer in a page, with nothing of ours but the address: plays one run, counts its pictures, and reads the time
 * code from each of them. `codec` is "H264" or "VP8"; the result stands in `window.viewer`.
 */
globalThis.watchByWhep = async ({ url, token, codec, pageWidth = 1280 }) => {
  const pc = new RTCPeerConnection();
  const viewer = { pc, ...nothingSeen() };
  globalThis.viewer = viewer;
  const transceiver = pc.addTransceiver("video", { direction: "recvonly" });
  const wanted = RTCRtpReceiver.getCapabilities("video").codecs.filter((c) => c.mimeType === `video/${codec}`);
  transceiver.setCodecPreferences(wanted);
  viewer.control = pc.createDataChannel("test-control");
  viewer.input = pc.createDataChannel("test-input", { ordered: false, maxRetransmits: 0 });
  viewer.control.onmessage = ({ data }) => viewer.messages.push(JSON.parse(data));
  await pc.setLocalDescription(await pc.createOffer());
  await gathered(pc);
  const headers = { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` };
  const started = performance.now();
  const answer = await fetch(url, { method: "POST", headers, body: pc.localDescription.sdp });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  viewer.resource = new URL(answer.headers.get("Location"), answer.url).href;
  await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  transceiver.receiver.jitterBufferTarget = 0;
  const pictures = new MediaStreamTrackProcessor({ track: transceiver.receiver.track }).readable.getReader();
  viewer.reading = read(pictures, viewer, pageWidth, started);
};

const gathered = (pc) =>
  new Promise((resolve) => {
    const check = () => pc.iceGatheringState === "complete" && resolve();
    pc.addEventListener("icegatheringstatechange", check);
    check();
  });

/** What every kind of viewer starts with, and `readPictures` fills. */
const nothingSeen = () => ({ pictures: 0, ages: [], seenAt: [], messages: [], width: 0, height: 0, firstPictureMs: null });

const read = async (pictures, viewer, pageWidth, started) => {
  for (;;) {
    const { value: frame, done } = await pictures.read();
    if (done) return;
    viewer.firstPictureMs ??= performance.now() - started;
    viewer.pictures += 1;
    viewer.width = frame.codedWidth;
    viewer.height = frame.codedHeight;
    const now = performance.timeOrigin + performance.now();
    const code = await timecodeOf(frame, pageWidth);
    if (code !== null && code !== viewer.lastCode) {
      viewer.ages.push(now - code);
      viewer.seenAt.push(now);
    }
    viewer.lastCode = code;
    frame.close();
  }
};

/** Reads the luma plane only: no picture is painted, so that measuring costs the viewer little. */
const timecodeOf = async (frame, pageWidth) => {
  const pixels = new Uint8Array(frame.allocationSize());
  const [luma] = await frame.copyTo(pixels);
  const { width, height } = frame.visibleRect;
  return readTimecode(pixels.subarray(luma.offset), width, height, { pageWidth, step: 1, stride: luma.stride });
};

globalThis.nothingSeen = nothingSeen;
globalThis.readPictures = read;
