/** Watches one pixel of the received picture, and tells how long a click takes to change it. */
globalThis.watchLamp = (viewer) => {
  const track = viewer.pc.getReceivers()[0].track.clone();
  const pictures = new MediaStreamTrackProcessor({ track }).readable.getReader();
  viewer.lamp = { lit: null, changed: () => {} };
  const follow = async () => {
    for (;;) {
      const { value: frame, done } = await pictures.read();
      if (done) return;
      const now = performance.now();
      const pixels = new Uint8Array(frame.allocationSize());
      const [luma] = await frame.copyTo(pixels);
      const lit = pixels[luma.offset + 80 * luma.stride + 800] > 128;
      frame.close();
      if (viewer.lamp.lit !== null && viewer.lamp.lit !== lit) viewer.lamp.changed(now);
      viewer.lamp.lit = lit;
    }
  };
  viewer.following = follow();
};

/**
 * Milliseconds from the click to the first decoded picture on which the lamp has changed. The pointer is over the lamp
 * already, as a person's is; clicks come at any moment of the page's rhythm.
 */
globalThis.clickLamp = async (viewer, point) => {
  await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 100));
  const changed = new Promise((resolve) => (viewer.lamp.changed = resolve));
  const started = performance.now();
  for (const kind of ["down", "up"]) viewer.control.send(JSON.stringify({ type: "input", kind, ...point }));
  return (await changed) - started;
};
