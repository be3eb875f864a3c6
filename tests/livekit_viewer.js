/**
 * A viewer of a LiveKit room in a page, with LiveKit's own client and nothing of ours: counts its pictures and reads the time
 * code from each of them (`whep_viewer.js` has the reader). The result stands in `window.viewer`.
 */
globalThis.watchByLiveKit = async ({ url, token, pageWidth = 1280 }) => {
  const { Room, RoomEvent } = globalThis.LivekitClient;
  const room = new Room({ adaptiveStream: false, dynacast: false });
  const viewer = { room, ...nothingSeen() };
  globalThis.viewer = viewer;
  const started = performance.now();
  room.on(RoomEvent.TrackSubscribed, ({ mediaStreamTrack }) => {
    const pictures = new MediaStreamTrackProcessor({ track: mediaStreamTrack }).readable.getReader();
    viewer.reading = readPictures(pictures, viewer, pageWidth, started);
  });
  room.on(RoomEvent.DataReceived, (payload, _from, _kind, topic) => {
    if (topic === "test-control") viewer.messages.push(JSON.parse(new TextDecoder().decode(payload)));
  });
  const send = (message) =>
    room.localParticipant.publishData(new TextEncoder().encode(JSON.stringify(message)), {
      reliable: true,
      topic: "test-control",
      destinationIdentities: ["jumpseat"],
    });
  viewer.control = { send: (text) => void send(JSON.parse(text)) };
  await room.connect(url, token);
};
