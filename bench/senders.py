"""Two servers for the fan-out figures, showing the same pictures at the same rate, each in a process of its own.

``python -m bench.senders jumpseat|stock`` prints the address to post offers to and a token for it. ``jumpseat`` is the
real signaling server and stream, into which pictures are put as capture does; ``stock`` is aiortc as its examples show
it: every viewer has a track of raw frames, and so an encoder of its own.
"""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import numpy as np
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack
from aiortc.codecs.h264 import H264Encoder
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media.coding.jpeg import JpegDecoder
from media.frames import CLOCK_RATE, LatestFrame
from media.rtp.clock import TIME_BASE
from media.stream import LiveStream
from tests.media.pictures import jpeg, noise
from tests.peers import loopback
from tests.served import free_port
from tests.signaling.server_harness import ADA, CONFIG, ServerHarness

WIDTH, HEIGHT = 1280, 720
MOVING = 640, 360
"""Size of the part that changes with every picture: enough that both encoders spend all of their bit rate."""
PICTURES = 20
FPS = 20
BITRATE = 1_000_000
"""Bits per second."""
MOST_VIEWERS = 128


async def serve(kind: str) -> None:
    """Until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server: AbstractAsyncContextManager[str] = jumpseat() if kind == "jumpseat" else stock()
    async with server as address:
        print(address, flush=True)
        await ended.wait()


@asynccontextmanager
async def jumpseat() -> AsyncIterator[str]:
    limits = CONFIG.limits.model_copy(update={"max_viewers": MOST_VIEWERS, "max_connections": MOST_VIEWERS})
    async with ServerHarness(dataclasses.replace(CONFIG, limits=limits)) as harness:
        run = await harness.new_run(picture=False)
        run.stream = LiveStream(run.latest, fps=FPS, bitrate=BITRATE)
        feeding = asyncio.create_task(_feed(run.latest))
        yield f"{harness.url}/whep/{run.id} {ADA}"
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding


@asynccontextmanager
async def stock() -> AsyncIterator[str]:
    peers: list[RTCPeerConnection] = []
    decoder = JpegDecoder()
    raw = [decoder.decode(data).reformat(format="yuv420p") for data in pictures()]

    async def answer(request: web.Request) -> web.Response:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peers.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        _aim(peer.addTrack(RawTrack(raw)))
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(status=201, text=peer.localDescription.sdp, content_type="application/sdp")

    app, port = web.Application(), free_port()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with loopback():
        yield f"http://127.0.0.1:{port}/ none"
    await asyncio.gather(*(peer.close() for peer in peers))
    await runner.cleanup()


class RawTrack(VideoStreamTrack):
    """Shows the pictures one after the other. They are decoded before, once: no viewer pays for that."""

    def __init__(self, pictures: list[VideoFrame]) -> None:
        super().__init__()
        self._pictures = pictures
        self._shown = 0
        self._started = asyncio.get_running_loop().time()

    async def recv(self) -> VideoFrame:
        self._shown += 1
        await _sleep_until(self._started + self._shown / FPS)
        source = self._pictures[self._shown % len(self._pictures)]
        frame = VideoFrame.from_ndarray(source.to_ndarray(), format="yuv420p")
        frame.pts, frame.time_base = self._shown * CLOCK_RATE // FPS, TIME_BASE
        return frame


def pictures() -> list[bytes]:
    """JPEGs of a page that stands still but for one part."""
    page = noise(WIDTH // 8, HEIGHT // 8, 0).repeat(8, axis=0).repeat(8, axis=1)
    return [jpeg(_with_part(page, seed)) for seed in range(1, PICTURES + 1)]


def _with_part(page: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    width, height = MOVING
    changed = page.copy()
    changed[240 : 240 + height, 480 : 480 + width] = noise(width, height, seed)
    return changed


def _aim(sender: RTCRtpSender) -> None:
    """Gives the sender an encoder of the bit rate that is compared: aiortc has no setting for it."""
    encoder = H264Encoder()
    encoder.target_bitrate = BITRATE
    sender._RTCRtpSender__encoder = encoder  # type: ignore[attr-defined]


async def _feed(latest: LatestFrame) -> None:
    made, shown = pictures(), 0
    started = asyncio.get_running_loop().time()
    while True:
        await _sleep_until(started + shown / FPS)
        data = made[shown % len(made)]
        latest.put(data, width=WIDTH, height=HEIGHT, captured_at=time.time())
        shown += 1


async def _sleep_until(at: float) -> None:
    await asyncio.sleep(at - asyncio.get_running_loop().time())


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
