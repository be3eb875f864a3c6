"""The stream without a network: who is counted, who waits, what is dropped, and that nothing runs unwatched."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from unittest import mock

import av
import pytest
from av.video.frame import VideoFrame

from media.coding.jpeg import JpegDecoder
from media.errors import StreamClosed
from media.frames import Codec, EncodedFrame, LatestFrame
from media.rate.cpu_pressure import CpuPressure
from media.rate.keyframe_gate import KeyframeGate
from media.rate.throttles import EncodeThrottle
from media.stream import LiveStream
from media.subscription import Subscription
from media.worker import THREAD_PREFIX
from tests.media.pictures import noise, put, quarters

MakeStream = Callable[..., LiveStream]


@pytest.fixture
def latest() -> LatestFrame:
    return LatestFrame()


@pytest.fixture
async def make(latest: LatestFrame) -> AsyncIterator[MakeStream]:
    streams: list[LiveStream] = []

    def make(**options: object) -> LiveStream:
        streams.append(LiveStream(latest, **{"linger": 0, "idle_fps": 20, **options}))  # type: ignore[arg-type]
        return streams[-1]

    yield make
    for stream in streams:
        await stream.aclose()
    assert stream_threads() == []


def stream_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(THREAD_PREFIX)]


async def receive(subscription: Subscription, count: int) -> list[EncodedFrame]:
    async with asyncio.timeout(30):
        return [await subscription.recv() for _ in range(count)]


async def until(subscription: Subscription, condition: Callable[[], bool]) -> None:
    """Reads frames until the condition holds."""
    async with asyncio.timeout(30):
        while not condition():
            await subscription.recv()


async def test_a_subscription_starts_with_a_keyframe_and_timestamps_rise(latest: LatestFrame, make: MakeStream) -> None:
    put(latest, quarters(64, 48))
    frames = await receive(make().subscribe(Codec.VP8), 5)
    assert [frame.keyframe for frame in frames] == [True, False, False, False, False]
    assert all(earlier.pts < later.pts for earlier, later in pairwise(frames))


async def test_the_first_picture_may_come_after_the_first_viewer(latest: LatestFrame, make: MakeStream) -> None:
    stream = make()
    subscription = stream.subscribe(Codec.H264)
    reader = asyncio.create_task(subscription.recv())
    await asyncio.sleep(0)
    assert not reader.done()
    frame = put(latest, quarters(64, 48))
    encoded = await reader
    assert encoded.keyframe
    assert encoded.captured_at == frame.captured_at
    assert stream.stats.encoded == {Codec.H264: 1}


@pytest.mark.parametrize(("waited", "fps"), [(None, 12.0), (0.1, 12.0), (0.9, 8.0)])
async def test_capture_is_told_what_can_be_used_and_leaves_the_run_its_cpu(
    latest: LatestFrame, make: MakeStream, waited: float | None, fps: float
) -> None:
    put(latest, quarters(64, 48))
    stream = make(fps=20)
    with (
        mock.patch.object(EncodeThrottle, "on_encoded", lambda throttle, busy, now: setattr(throttle, "fps", 12.0)),
        mock.patch.object(CpuPressure, "share", return_value=waited),
    ):
        subscription = stream.subscribe(Codec.H264)
        await receive(subscription, 3)
    assert (latest.fps, stream.stats.fps) == (fps, 12.0)
    subscription.close()
    await stream.idle()
    assert latest.fps is None


async def test_only_codecs_that_somebody_wants_are_encoded(latest: LatestFrame, make: MakeStream) -> None:
    stream = make()
    put(latest, quarters(64, 48))
    h264, vp8 = stream.subscribe(Codec.H264), stream.subscribe(Codec.VP8)
    await receive(h264, 3)
    await receive(vp8, 3)
    vp8.close()
    await receive(h264, 2)
    encoded = stream.stats.encoded[Codec.VP8]
    await receive(h264, 3)
    assert stream.stats.encoded[Codec.VP8] == encoded
    assert stream.stats.decoded == 1


async def test_watched_from_the_first_viewer_of_any_kind_to_the_last(make: MakeStream) -> None:
    watched: list[bool] = []
    done = asyncio.Event()

    def on_watched(now: bool) -> None:
        watched.append(now)
        if not now:
            done.set()

    stream = make(on_watched=on_watched)
    subscription = stream.subscribe(Codec.H264)
    with stream.watch() as watch:
        subscription.close()
        subscription.close()
        assert stream.stats.viewers == 1
        assert watched == [True]
    watch.close()
    await done.wait()
    assert stream.stats.viewers == 0
    assert watched == [True, False]


async def test_somebody_who_is_back_within_the_linger_stops_nothing(make: MakeStream) -> None:
    watched: list[bool] = []
    stream = make(on_watched=watched.append, linger=3600)
    stream.watch().close()
    stream.watch()
    assert watched == [True]
    stream.watch().close()
    await stream.aclose()
    assert watched == [True, False]


async def test_watching_encodes_nothing(latest: LatestFrame, make: MakeStream) -> None:
    stream = make()
    with stream.watch():
        put(latest, quarters(64, 48))
        await latest.after(0)
        assert stream_threads() == []
    assert stream.stats.decoded == 0


async def test_the_thread_lives_from_the_first_subscription_to_the_last(latest: LatestFrame, make: MakeStream) -> None:
    stream = make()
    put(latest, quarters(64, 48))
    for round_number in (1, 2):
        some, other = stream.subscribe(Codec.H264), stream.subscribe(Codec.VP8)
        assert (await receive(some, 1))[0].keyframe
        assert (await receive(other, 1))[0].keyframe
        assert len(stream_threads()) == 1
        some.close()
        other.close()
        await stream.idle()
        assert stream_threads() == []
        assert stream.stats.keyframes == {Codec.H264: round_number, Codec.VP8: round_number}


async def test_a_slow_subscriber_slows_nobody_and_goes_on_with_a_keyframe(
    latest: LatestFrame, make: MakeStream
) -> None:
    stream = make(depth=4, idle_fps=1 / 60, fps=1000)
    put(latest, noise(64, 48, 0))
    fast, slow = stream.subscribe(Codec.H264), stream.subscribe(Codec.H264)
    seen = await receive(fast, 1)
    for seed in range(1, 5):
        put(latest, noise(64, 48, seed))
        seen += await receive(fast, 1)
    assert (fast.dropped, slow.dropped) == (0, 5)
    assert stream.stats.viewer_dropped == 5
    seen += await receive(fast, 1)
    put(latest, noise(64, 48, 5))
    seen += await receive(fast, 1)
    assert [frame.keyframe for frame in seen] == [True, False, False, False, False, True, False]
    assert await receive(slow, 2) == seen[-2:]
    assert (fast.dropped, slow.dropped) == (0, 5)


async def test_a_keyframe_that_finds_the_queue_full_replaces_it(latest: LatestFrame, make: MakeStream) -> None:
    stream = make(depth=2, idle_fps=1 / 60, fps=1000)
    put(latest, noise(64, 48, 0))
    fast, slow = stream.subscribe(Codec.H264), stream.subscribe(Codec.H264)
    await receive(fast, 1)
    put(latest, noise(64, 48, 1))
    await receive(fast, 1)
    fast.request_keyframe()
    keyframe = await receive(fast, 1)
    assert await receive(slow, 1) == keyframe
    assert slow.dropped == 2


async def test_a_joiner_is_spared_the_frames_before_its_keyframe(latest: LatestFrame, make: MakeStream) -> None:
    stream = make()
    put(latest, quarters(64, 48))
    first = stream.subscribe(Codec.VP8)
    await receive(first, 1)
    with mock.patch.object(KeyframeGate, "allowed_at", return_value=math.inf):
        joiner = stream.subscribe(Codec.VP8)
        between = await receive(first, 3)
    assert not any(frame.keyframe for frame in between)
    assert (await receive(joiner, 1))[0].keyframe
    assert joiner.dropped == 0


async def test_requests_within_the_limit_are_joined_and_later_ones_kept(latest: LatestFrame, make: MakeStream) -> None:
    stream = make()
    put(latest, quarters(64, 48))
    subscription = stream.subscribe(Codec.H264)
    start = (await receive(subscription, 1))[0]
    for _ in range(3):
        subscription.request_keyframe()
    keyframes: list[EncodedFrame] = []
    while len(keyframes) < 2:
        frame = (await receive(subscription, 1))[0]
        if frame.keyframe:
            keyframes.append(frame)
            subscription.request_keyframe()
    assert keyframes[1].pts - start.pts >= 0.95 * 90_000


async def test_no_more_pictures_a_second_than_asked_for(latest: LatestFrame, make: MakeStream) -> None:
    stream = make(fps=10, idle_fps=1)
    subscription = stream.subscribe(Codec.H264)
    frames: list[EncodedFrame] = []
    loop = asyncio.get_running_loop()
    put(latest, noise(64, 48, 0))
    frames += await receive(subscription, 1)
    start = loop.time()
    for seed in range(1, 1000):
        put(latest, noise(64, 48, seed))
        await asyncio.wait([reader := asyncio.create_task(subscription.recv())], timeout=0.005)
        if not reader.cancel():
            frames.append(reader.result())
        if len(frames) == 8:
            break
    assert loop.time() - start >= 0.6 * 0.9
    assert stream.stats.dropped > 0
    # The next one may be on its way already.
    assert stream.stats.decoded - len(frames) in {0, 1}


async def test_a_garbage_first_picture_waits_for_a_good_one(latest: LatestFrame, make: MakeStream) -> None:
    loop, tried = asyncio.get_running_loop(), asyncio.Event()
    decode = JpegDecoder.decode

    def observed(decoder: JpegDecoder, data: bytes) -> VideoFrame:
        loop.call_soon_threadsafe(tried.set)
        return decode(decoder, data)

    latest.put(b"garbage", width=1, height=1, captured_at=0)
    stream = make(idle_fps=1000, fps=1000)
    with mock.patch.object(JpegDecoder, "decode", observed):
        reader = asyncio.create_task(stream.subscribe(Codec.H264).recv())
        await tried.wait()
        await asyncio.wait([reader], timeout=0.1)
        put(latest, quarters(64, 48))
        assert (await reader).keyframe
    assert stream.stats.undecodable == 1


async def test_an_encoder_that_fails_is_counted_and_tried_again(latest: LatestFrame, make: MakeStream) -> None:
    put(latest, quarters(64, 48))
    stream = make(fps=1000)
    failure = av.FFmpegError(22, "no such encoder")
    with mock.patch("media.coding.h264.open_h264", side_effect=failure):
        h264, vp8 = stream.subscribe(Codec.H264), stream.subscribe(Codec.VP8)
        assert (await receive(vp8, 1))[0].keyframe
        assert stream.stats.failed[Codec.H264] >= 1
    assert (await receive(h264, 1))[0].keyframe


async def test_after_a_failure_of_the_stream_itself_viewers_are_told(latest: LatestFrame, make: MakeStream) -> None:
    put(latest, quarters(64, 48))
    broken = mock.patch("media.worker.EncodeWorker.encode", side_effect=RuntimeError("broken"))
    with broken, pytest.raises(StreamClosed):
        await receive(make().subscribe(Codec.H264), 1)
    assert (await receive(make().subscribe(Codec.H264), 1))[0].keyframe


async def test_closing_wakes_readers_and_can_be_repeated(make: MakeStream) -> None:
    stream = make()
    subscription = stream.subscribe(Codec.H264)
    reader = asyncio.create_task(subscription.recv())
    await asyncio.sleep(0)
    await asyncio.gather(stream.aclose(), stream.aclose())
    with pytest.raises(StreamClosed):
        await reader
    await stream.aclose()
    subscription.close()
    subscription.request_keyframe()
    for join in (stream.watch, lambda: stream.subscribe(Codec.VP8)):
        with pytest.raises(StreamClosed):
            join()


async def test_after_clear_a_gone_page_is_not_repeated(latest: LatestFrame, make: MakeStream) -> None:
    stream = make()
    put(latest, quarters(64, 48))
    await receive(stream.subscribe(Codec.H264), 2)
    latest.clear()
    joiner = stream.subscribe(Codec.VP8)
    reader = asyncio.create_task(joiner.recv())
    await asyncio.wait([reader], timeout=0.2)
    assert not reader.done()
    put(latest, quarters(64, 48))
    assert (await reader).keyframe
