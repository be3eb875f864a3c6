"""The whole way: JPEG pictures in, and what real WebRTC peers on loopback make of them."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from media.errors import StreamClosed
from media.frames import Codec, LatestFrame
from media.renditions import EncodingKey, Rendition
from media.stream import LiveStream
from media.worker import THREAD_PREFIX
from tests.media.pictures import CORNERS, Rgb, alike, corners_of, noise, put, quarters
from tests.peers import SendingPeer, Viewer, watching

BOTH = pytest.mark.parametrize("codec", list(Codec))
OTHERS: tuple[Rgb, Rgb, Rgb, Rgb] = ((20, 20, 20), (220, 200, 40), (150, 40, 160), (60, 200, 200))


@pytest.fixture
def latest() -> LatestFrame:
    return LatestFrame()


@pytest.fixture
async def stream(latest: LatestFrame) -> AsyncIterator[LiveStream]:
    stream = LiveStream(latest, idle_fps=10, linger=0)
    yield stream
    await stream.aclose()


def stream_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(THREAD_PREFIX)]


async def shows(viewer: Viewer, colours: tuple[Rgb, Rgb, Rgb, Rgb]) -> None:
    """Waits until the viewer sees a picture of these quarters."""
    await viewer.until(lambda: viewer.picture is not None and alike(corners_of(viewer.picture), colours))


@BOTH
async def test_the_peer_sees_what_was_painted(latest: LatestFrame, stream: LiveStream, codec: Codec) -> None:
    put(latest, quarters(640, 360))
    async with watching(stream.subscribe(codec)) as (viewer, _):
        await shows(viewer, CORNERS)
        put(latest, quarters(640, 360, OTHERS))
        await shows(viewer, OTHERS)
        assert all(0 < (b - a) % 2**32 < 90_000 * 5 for a, b in pairwise(viewer.timestamps))


@pytest.mark.parametrize("profile", ["42e01f", "42001f"])
async def test_sdp_names_the_profile_and_the_packetization(
    latest: LatestFrame, stream: LiveStream, profile: str
) -> None:
    put(latest, quarters(640, 360))
    async with watching(stream.subscribe(Codec.H264), profile=profile) as (viewer, served):
        answer = served.pc.localDescription.sdp
        assert f"profile-level-id={profile}" in answer
        assert "packetization-mode=1" in answer
        await shows(viewer, CORNERS)


async def test_five_viewers_cost_one_encode_per_picture(latest: LatestFrame) -> None:
    stream = LiveStream(latest, idle_fps=1 / 60, linger=0)
    put(latest, noise(320, 180, 0))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(stream.aclose)
        places = [stream.subscribe(Codec.H264, pinned=True) for _ in range(5)]
        viewers = [(await stack.enter_async_context(watching(place)))[0] for place in places]
        await viewers[-1].until_frames(1)
        joining = stream.stats.encoded[Codec.H264]
        counts = [viewer.frames for viewer in viewers]
        assert counts[0] + places[0].dropped == joining
        for number in range(1, 11):
            put(latest, noise(320, 180, number))
            for viewer, count in zip(viewers, counts, strict=True):
                await viewer.until_frames(count + number)
        assert stream.stats.encoded[Codec.H264] - joining == 10
        assert [viewer.frames - count for viewer, count in zip(viewers, counts, strict=True)] == [10] * 5
        assert stream.stats.decoded == 11
        assert stream.stats.viewers == 5
        assert stream.stats.encoded[Codec.VP8] == 0
        assert len(stream_threads()) == 1


async def test_both_codecs_share_one_decode(latest: LatestFrame, stream: LiveStream) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(Codec.H264)) as (h264, _), watching(stream.subscribe(Codec.VP8)) as (vp8, _):
        await shows(h264, CORNERS)
        await shows(vp8, CORNERS)
        put(latest, quarters(320, 180, OTHERS))
        await shows(h264, OTHERS)
        await shows(vp8, OTHERS)
        assert stream.stats.decoded == 2


@BOTH
@pytest.mark.parametrize("message", ["pli", "fir"])
async def test_a_request_of_the_peer_brings_a_keyframe(
    latest: LatestFrame, stream: LiveStream, codec: Codec, message: str
) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(codec)) as (viewer, served):
        await viewer.until_frames(3)
        assert viewer.keyframes == 1
        await (viewer.send_pli() if message == "pli" else viewer.send_fir())
        await viewer.until(lambda: viewer.keyframes == 2)
        assert stream.stats.keyframes[codec] == 2
        assert served.feedback is not None
        assert (served.feedback.plis, served.feedback.firs) == ((1, 0) if message == "pli" else (0, 1))


async def test_a_flood_of_requests_costs_two_keyframes_a_second(latest: LatestFrame, stream: LiveStream) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(Codec.H264)) as (viewer, _):
        await viewer.until_frames(1)
        for _ in range(20):
            await viewer.send_pli()
            await viewer.until_frames(viewer.frames + 1)
        elapsed = (viewer.timestamps[-1] - viewer.timestamps[0]) % 2**32 / 90_000
        assert 2 <= viewer.keyframes <= 2 * elapsed + 3


async def play(latest: LatestFrame, viewer: Viewer, until: Callable[[], bool]) -> None:
    """Shows the viewer one picture after the other, hard ones, until the condition holds."""
    for seed in range(500):
        if until():
            return
        put(latest, noise(320, 180, seed))
        await viewer.until_frames(viewer.frames + 1)
    raise AssertionError("it never came true")


async def fall(latest: LatestFrame, viewer: Viewer, served: SendingPeer, bitrate: int) -> None:
    """Has the viewer's estimate fall to this bit rate, from its double and again until it was believed.

    An estimate counts only if more than half of the target is being sent when it arrives, and a slow machine may
    be sending less just then.
    """
    subscription = served.subscription
    for estimate in (2 * bitrate, bitrate) * 10:
        await play(latest, viewer, lambda: subscription.load[0] > 1_250_000 or subscription.bandwidth.limit is not None)
        await viewer.send_remb(estimate)
        await play(latest, viewer, lambda: served.feedback is not None and served.feedback.bitrate == estimate)  # noqa: B023
        if subscription.bandwidth.limit == bitrate:
            return
    raise AssertionError("the estimate was never believed")


@pytest.mark.slow
async def test_a_falling_remb_moves_that_viewer_and_slows_no_other(latest: LatestFrame, stream: LiveStream) -> None:
    async with watching(stream.subscribe(Codec.H264)) as (viewer, fast):
        async with watching(stream.subscribe(Codec.H264)) as (slow, served):
            put(latest, noise(320, 180, 0))
            await slow.until_frames(1)
            await fall(latest, slow, served, 400_000)
            await play(latest, slow, lambda: slow.picture is not None and slow.picture.width == 160)
            half = EncodingKey(Codec.H264, Rendition.HALF)
            await play(latest, slow, lambda: stream.stats.renditions[half].bitrate == 400_000)
            assert served.feedback is not None
            assert served.feedback.bitrate is not None
            assert (fast.subscription.rendition, served.subscription.rendition) == (Rendition.FULL, Rendition.HALF)
            assert stream.stats.bitrate == {Codec.H264: 2_500_000}
        assert viewer.picture is not None
        assert viewer.picture.width == 320


async def test_a_falling_remb_of_all_viewers_lowers_the_target(latest: LatestFrame, stream: LiveStream) -> None:
    async with watching(stream.subscribe(Codec.H264)) as (viewer, served):
        put(latest, noise(320, 180, 0))
        await viewer.until_frames(1)
        await fall(latest, viewer, served, 900_000)
        await play(latest, viewer, lambda: stream.stats.bitrate[Codec.H264] == 900_000)
        assert served.subscription.rendition is Rendition.FULL


async def test_the_low_remb_of_a_still_page_means_nothing(latest: LatestFrame, stream: LiveStream) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(Codec.H264)) as (viewer, served):
        await viewer.until_frames(1)
        for estimate in (60_000, 30_000):
            await viewer.send_remb(estimate)
            await viewer.until_frames(viewer.frames + 2)
        assert served.feedback is not None
        assert served.feedback.bitrate == 30_000
        assert stream.stats.bitrate == {Codec.H264: 2_500_000}


async def test_receiver_reports_reach_the_feedback(latest: LatestFrame, stream: LiveStream) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(Codec.VP8)) as (viewer, served):
        feedback = served.feedback
        assert feedback is not None
        await viewer.until(lambda: feedback.round_trip is not None)
        assert feedback.last_received_at is not None
        assert feedback.packets_lost == 0
        assert feedback.fraction_lost == 0


@BOTH
async def test_a_joiner_on_a_still_page_gets_the_picture(latest: LatestFrame, stream: LiveStream, codec: Codec) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(codec)) as (first, _):
        await first.until_frames(5)
        async with watching(stream.subscribe(codec)) as (joiner, _):
            await shows(joiner, CORNERS)
            assert joiner.keyframes >= 1
            assert stream.stats.decoded == 1


@BOTH
async def test_a_new_size_is_seen_at_that_size(latest: LatestFrame, stream: LiveStream, codec: Codec) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(codec)) as (viewer, _):
        await shows(viewer, CORNERS)
        put(latest, quarters(501, 333, OTHERS))
        await shows(viewer, OTHERS)
        assert viewer.picture is not None
        assert (viewer.picture.width, viewer.picture.height) == (502, 334)


async def test_garbage_is_counted_and_survived(latest: LatestFrame, stream: LiveStream) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(Codec.H264)) as (viewer, _):
        await shows(viewer, CORNERS)
        latest.put(b"\xff\xd8 not a picture", width=320, height=180, captured_at=0)
        await viewer.until(lambda: stream.stats.undecodable == 1)
        await viewer.next_picture(2)
        await shows(viewer, CORNERS)
        put(latest, quarters(320, 180, OTHERS))
        await shows(viewer, OTHERS)
        assert stream.stats.undecodable == 1


async def test_nothing_runs_when_the_peers_are_gone(latest: LatestFrame) -> None:
    watched: list[bool] = []
    unwatched = asyncio.Event()

    def on_watched(now: bool) -> None:
        watched.append(now)
        if not now:
            unwatched.set()

    stream = LiveStream(latest, linger=0, idle_fps=10, on_watched=on_watched)
    put(latest, quarters(320, 180))
    async with (
        watching(stream.subscribe(Codec.H264)) as (viewer, _),
        watching(stream.subscribe(Codec.VP8)) as (other, _),
    ):
        await viewer.until_frames(1)
        await other.until_frames(1)
    await unwatched.wait()
    await stream.aclose()
    assert watched == [True, False]
    assert stream_threads() == []
    assert stream.stats.viewers == 0


async def test_closing_the_stream_ends_the_track(latest: LatestFrame, stream: LiveStream) -> None:
    put(latest, quarters(320, 180))
    async with watching(stream.subscribe(Codec.H264)) as (viewer, served):
        await viewer.until_frames(1)
        ended = asyncio.Event()
        served.track.on("ended", ended.set)
        await stream.aclose()
        async with asyncio.timeout(10):
            await ended.wait()
        assert served.subscription.closed
    with pytest.raises(StreamClosed):
        stream.subscribe(Codec.H264)
