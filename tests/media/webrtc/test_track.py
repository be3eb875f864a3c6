"""The track as aiortc's sender reads it."""

import asyncio
from fractions import Fraction

import pytest
from aiortc.mediastreams import MediaStreamError

from media.frames import Codec, LatestFrame
from media.stream import LiveStream
from media.webrtc.track import ScreencastTrack
from tests.media.pictures import put, quarters


async def test_packets_carry_the_frames_and_their_times() -> None:
    latest = LatestFrame()
    stream = LiveStream(latest, idle_fps=20, linger=0)
    frame = put(latest, quarters(64, 48))
    track = ScreencastTrack(stream.subscribe(Codec.H264))
    assert track.kind == "video"
    packets = [await track.recv() for _ in range(3)]
    assert [packet.time_base for packet in packets] == [Fraction(1, 90_000)] * 3
    assert [packet.is_keyframe for packet in packets] == [True, False, False]
    assert bytes(packets[0]).startswith(b"\x00\x00\x00\x01\x67\x42\xe0\x1f")
    stamps = [packet.pts or 0 for packet in packets]
    assert stamps == sorted(set(stamps))
    assert 0 <= stamps[0] - round(frame.captured_at * 90_000) < 90_000 * 10
    track.stop()
    await stream.aclose()


async def test_stopping_leaves_the_stream() -> None:
    stream = LiveStream(LatestFrame(), linger=0)
    track = ScreencastTrack(stream.subscribe(Codec.VP8))
    reader = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    track.stop()
    track.stop()
    with pytest.raises(MediaStreamError):
        await reader
    with pytest.raises(MediaStreamError):
        await track.recv()
    assert track.subscription.closed
    assert stream.stats.viewers == 0
    await stream.aclose()


async def test_the_end_of_the_stream_ends_the_track() -> None:
    stream = LiveStream(LatestFrame(), linger=0)
    track = ScreencastTrack(stream.subscribe(Codec.VP8))
    ended = asyncio.Event()
    track.on("ended", ended.set)
    await stream.aclose()
    with pytest.raises(MediaStreamError):
        await track.recv()
    assert ended.is_set()
    assert track.readyState == "ended"
