"""What many viewers cost, in counts, and what becomes of packets that are lost on the way to one of them."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from unittest import mock

import pytest
from playwright.async_api import Page

from media import frames
from media.frames import Codec, LatestFrame
from media.rtp.header_extensions import PLAYOUT_DELAY
from media.rtp.pacer import PACKETS_AT_ONCE, Pacer
from media.rtp.payload import h264_payloads
from media.rtp.retransmission import BURST
from media.stream import LiveStream
from media.webrtc.srtp_transport import SrtpTransport
from tests.chromium import chromium
from tests.media.pictures import noise, put
from tests.media.webrtc.test_chromium import OFFER
from tests.peers import SendingPeer, Viewer, loopback, watching
from tests.traffic_shaper import Relay, Shape, watching_through_relay

MOST_ROUNDS, ROUND_SECONDS = 30, 1.0
BOTH = pytest.mark.parametrize("codec", list(Codec))


@pytest.fixture
def latest() -> LatestFrame:
    return LatestFrame()


@pytest.fixture
async def stream(latest: LatestFrame) -> AsyncIterator[LiveStream]:
    stream = LiveStream(latest, idle_fps=1 / 60, linger=0)
    put(latest, noise(320, 180, 0))
    yield stream
    await stream.aclose()


@pytest.fixture
def bursts() -> Iterator[list[int]]:
    """How many packets were given to the wire each time, all viewers together."""
    counts: list[int] = []

    def send(self: SrtpTransport, packets: list[bytes]) -> None:
        counts.append(len(packets))
        return real(self, packets)

    real = SrtpTransport.send
    with mock.patch.object(SrtpTransport, "send", send):
        yield counts


async def show(latest: LatestFrame, viewers: list[Viewer], pictures: int) -> None:
    """One picture after the other, each once all viewers have the one before."""
    for number in range(1, pictures + 1):
        counts = [viewer.frames for viewer in viewers]
        put(latest, noise(320, 180, number))
        for viewer, count in zip(viewers, counts, strict=True):
            await viewer.until_frames(count + 1)


async def test_five_viewers_cost_one_packetization_and_five_sends_a_frame(
    latest: LatestFrame, stream: LiveStream, bursts: list[int]
) -> None:
    with mock.patch.object(frames, "h264_payloads", wraps=h264_payloads) as packetize:
        async with AsyncExitStack() as stack:
            viewers = []
            for _ in range(5):
                viewer, _ = await stack.enter_async_context(watching(stream.subscribe(Codec.H264, pinned=True)))
                await viewer.until_frames(1)
                viewers.append(viewer)
            packetize.reset_mock()
            bursts.clear()
            await show(latest, viewers, 10)
    assert packetize.call_count == 10
    assert len(bursts) == 50
    assert max(bursts) > 1


@BOTH
async def test_a_large_keyframe_leaves_in_several_bursts_and_arrives_whole(
    latest: LatestFrame, stream: LiveStream, bursts: list[int], codec: Codec
) -> None:
    put(latest, noise(1280, 720, 0))
    async with watching(stream.subscribe(codec)) as (viewer, _):
        await viewer.until_frames(1)
        sent = bursts.copy()
        put(latest, noise(1280, 720, 1))  # aiortc gives a picture out when the next one begins
        await viewer.until(lambda: viewer.pictures > 0)
        assert viewer.keyframes == 1
    assert sum(sent) > PACKETS_AT_ONCE
    assert len(sent) > 1
    assert max(bursts) <= PACKETS_AT_ONCE


@BOTH
@pytest.mark.parametrize("refusal", [None, errno.EINVAL, errno.EAGAIN])
async def test_a_kernel_that_does_not_cut_datagrams_sends_them_one_by_one(
    latest: LatestFrame, stream: LiveStream, codec: Codec, refusal: int | None
) -> None:
    calls = []

    class Socket(socket.socket):
        def sendmsg(self, *args: object) -> int:
            calls.append(args)
            if refusal:
                raise OSError(refusal, "refused by the test")
            return super().sendmsg(*args)  # type: ignore[arg-type]

    def dup(shared: socket.socket) -> Socket:
        return Socket(shared.family, shared.type, shared.proto, fileno=socket.dup(shared.fileno()))

    with mock.patch("asyncio.trsock.TransportSocket.dup", dup):
        async with watching(stream.subscribe(codec)) as (viewer, _):
            await viewer.until_frames(1)
            await show(latest, [viewer], 5)
            assert viewer.pictures or await viewer.next_picture()
    if refusal == errno.EINVAL:
        assert len(calls) == 1
    else:
        assert len(calls) >= 5


async def show_lossily(latest: LatestFrame, relay: Relay, healthy: Viewer) -> None:
    """Sixty pictures, and two more without loss: a receiver misses a packet once it has a later one.

    The healthy viewer sets the pace: it never waits for the other.
    """
    relay.down.shape = Shape(loss=0.1)
    await show(latest, [healthy], 60)
    relay.down.shape = Shape()
    await show(latest, [healthy], 2)


async def lose_one(latest: LatestFrame, relay: Relay, healthy: Viewer) -> None:
    """Has aiortc ask for all that is missing, which it does when it misses more: what is sent again may get lost."""
    relay.down.shape = Shape(cut=True)
    await show(latest, [healthy], 1)
    relay.down.shape = Shape()
    await show(latest, [healthy], 1)


@BOTH
async def test_lost_packets_are_sent_again(latest: LatestFrame, stream: LiveStream, codec: Codec) -> None:
    # Both are pinned: where one of them moved to another rendition, each picture would be encoded twice.
    async with watching(stream.subscribe(codec, pinned=True)) as (healthy, _):
        await healthy.until_frames(1)
        async with watching_through_relay(stream.subscribe(codec, pinned=True), patience=1000) as (viewer, relay):
            missed = stream.stats.encoded[codec] - viewer.frames
            relay.down.shape = Shape(loss=0.1)
            for _ in range(60):
                await show(latest, [healthy], 1)
                # aiortc asks for nothing that is 128 packets old, so that repairs must not fall far behind.
                with suppress(TimeoutError):
                    few = stream.stats.encoded[codec] - missed - 1
                    await viewer.until_frames(few, seconds=ROUND_SECONDS / 4)
            relay.down.shape = Shape()
            assert relay.down.lost >= 5
            for _ in range(MOST_ROUNDS):
                await lose_one(latest, relay, healthy)
                with suppress(TimeoutError):
                    await viewer.until_frames(stream.stats.encoded[codec] - missed, seconds=ROUND_SECONDS)
                    break
            assert viewer.frames == stream.stats.encoded[codec] - missed


@BOTH
async def test_a_keyframe_ends_an_outage(latest: LatestFrame, stream: LiveStream, codec: Codec) -> None:
    """aiortc asks for what is missing and, so patient, never for a keyframe."""
    async with watching(stream.subscribe(codec, pinned=True)) as (healthy, _):
        await healthy.until_frames(1)
        async with watching_through_relay(stream.subscribe(codec, pinned=True), patience=1000) as (viewer, relay):
            await show(latest, [healthy, viewer], 5)
            keyframes, packets = viewer.keyframes, relay.down.lost
            relay.down.shape = Shape(cut=True)
            while relay.down.lost - packets < 2 * BURST:
                await show(latest, [healthy], 1)
            relay.down.shape = Shape()
            await show(latest, [healthy], 2)
            await viewer.until(lambda: viewer.keyframes > keyframes)


WATCH = "answer => viewer.pc.setRemoteDescription({ type: 'answer', sdp: answer })"

STATS = """
async ([name, least]) => {
  for (;;) {
    const stats = [...(await globalThis.viewer.pc.getStats()).values()].find((s) => s.type === "inbound-rtp");
    if ((stats?.[name] ?? 0) >= least) return stats;
    await new Promise(requestAnimationFrame);
  }
}
"""


async def stats_until(page: Page, name: str, least: int) -> dict[str, int]:
    """Chromium's figures for the received video, once the one of this name is high enough."""
    async with asyncio.timeout(30):
        return dict(await page.evaluate(STATS, [name, least]))


@pytest.mark.browser
@BOTH
async def test_chromium_gets_lost_packets_again_and_plays_on(
    latest: LatestFrame, stream: LiveStream, codec: Codec
) -> None:
    served, relay = SendingPeer(stream.subscribe(codec, pinned=True)), Relay()
    await relay.open()
    async with chromium() as browser, loopback(), watching(stream.subscribe(codec)) as (healthy, _):
        page = await browser.new_page()
        answer = await served.answer(relay.offer(await page.evaluate(OFFER, codec.value)))
        assert PLAYOUT_DELAY in answer
        await page.evaluate(WATCH, relay.answer(answer))
        decoded = (await stats_until(page, "framesDecoded", 1))["framesDecoded"]
        await show_lossily(latest, relay, healthy)
        await stats_until(page, "retransmittedPacketsReceived", 5)
        await stats_until(page, "framesDecoded", decoded + 30)
        assert relay.down.lost >= 10
        await served.close()
    relay.close()


async def test_a_viewer_that_leaves_in_the_middle_of_a_keyframe_is_no_fault(
    latest: LatestFrame, stream: LiveStream, bursts: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    put(latest, noise(1280, 720, 0))
    subscription = stream.subscribe(Codec.H264)

    def leave(pacer: Pacer, payloads: object, pace: float) -> float:
        subscription.close()
        return 0.0

    with mock.patch.object(Pacer, "wait", leave):
        async with watching(subscription):
            await stream.idle()
    assert sum(bursts) <= PACKETS_AT_ONCE
    assert not caplog.records
