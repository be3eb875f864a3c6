"""What a real Chromium shows of the encoded stream."""

import asyncio
from typing import TypedDict, cast

import pytest
from playwright.async_api import Page

from media.frames import Codec, LatestFrame
from media.stream import LiveStream
from tests.chromium import chromium
from tests.media.pictures import CORNERS, Rgb, alike, put, quarters
from tests.peers import SendingPeer, loopback

pytestmark = pytest.mark.browser

OFFER = """
async (codec) => {
  const pc = new RTCPeerConnection();
  globalThis.viewer = { pc };
  const transceiver = pc.addTransceiver("video", { direction: "recvonly" });
  const known = RTCRtpReceiver.getCapabilities("video").codecs;
  transceiver.setCodecPreferences(known.filter((c) => [`video/${codec}`, "video/rtx"].includes(c.mimeType)));
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== "complete")
    await new Promise((resolve) => pc.addEventListener("icegatheringstatechange", resolve, { once: true }));
  return pc.localDescription.sdp;
}
"""

WATCH = """
async (answer) => {
  const { pc } = globalThis.viewer;
  await pc.setRemoteDescription({ type: "answer", sdp: answer });
  const track = pc.getReceivers()[0].track;
  const frames = new MediaStreamTrackProcessor({ track }).readable.getReader();
  globalThis.viewer.next = async () => {
    const { value: frame } = await frames.read();
    const { displayWidth: width, displayHeight: height } = frame;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(frame, 0, 0);
    frame.close();
    const corners = [];
    for (const y of [0.25, 0.75])
      for (const x of [0.25, 0.75])
        corners.push([...context.getImageData(width * x, height * y, 1, 1).data].slice(0, 3));
    return { width, height, corners };
  };
}
"""


class Seen(TypedDict):
    width: int
    height: int
    corners: list[Rgb]


async def see(page: Page, colours: tuple[Rgb, ...]) -> Seen:
    """Looks at one received picture after the other until one has these quarters."""
    async with asyncio.timeout(30):
        while True:
            seen = cast(Seen, await page.evaluate("() => globalThis.viewer.next()"))
            if alike(seen["corners"], colours):
                return seen


@pytest.mark.parametrize("codec", list(Codec))
async def test_chromium_shows_the_colours_of_the_page(codec: Codec) -> None:
    latest = LatestFrame()
    stream = LiveStream(latest, idle_fps=10, linger=0)
    put(latest, quarters(1280, 720))
    served = SendingPeer(stream.subscribe(codec))
    async with chromium() as browser, loopback():
        page = await browser.new_page()
        offer = await page.evaluate(OFFER, codec.value)
        await page.evaluate(WATCH, await served.answer(offer))
        seen = await see(page, CORNERS)
        assert (seen["width"], seen["height"]) == (1280, 720)
        others = (*CORNERS[2:], *CORNERS[:2])
        put(latest, quarters(641, 361, others))
        seen = await see(page, others)
        assert (seen["width"], seen["height"]) == (642, 362)
        await served.close()
    await stream.aclose()
