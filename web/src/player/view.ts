/** Turns full screen on or off; a browser that refuses leaves things as they are. */
export async function toggleFullScreen(element: HTMLElement | null): Promise<void> {
  const work = document.fullscreenElement === null ? element?.requestFullscreen() : document.exitFullscreen();
  await work?.catch(() => null);
}

/** Puts the picture into a small window of its own, or back, where the browser can. */
export async function togglePictureInPicture(view: HTMLElement | null): Promise<void> {
  const isOn = document.pictureInPictureElement !== null;
  const work = isOn
    ? document.exitPictureInPicture()
    : view instanceof HTMLVideoElement && view.requestPictureInPicture();
  if (work) await work.catch(() => null);
}
