"""Real peers on bad networks: the picture keeps moving, and comes back to all that it can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import numpy as np
import pytest
from numpy.typing import NDArray

from media.frames import Codec, LatestFrame
from media.renditions import EncodingKey, Rendition
from media.stream import LiveStream
from tests.media.pictures import jpeg, noise
from tests.peers import Viewer, watching
from tests.traffic_shaper import Shape, watching_through_relay

pytestmark = pytest.mark.slow

SIZE = WIDTH, HEIGHT = 640, 360
FPS = 15
MOVING = 10
"""Pictures in a row that show that the picture moves."""


@pytest.fixture
async def stream() -> AsyncIterator[LiveStream]:
    latest = LatestFrame()
    stream = LiveStream(latest, fps=FPS, linger=0)
    feeding = asyncio.create_task(feed(latest))
    yield stream
    feeding.cancel()
    with suppress(asyncio.CancelledError):
        await feeding
    await stream.aclose()


async def feed(latest: LatestFrame) -> None:
    """Pictures of a page of which a part changes, as capture brings them: they cost all the bits that there are."""
    pictures = [jpeg(page(seed)) for seed in range(20)]
    for number in range(100_000):
        latest.put(pictures[number % len(pictures)], width=WIDTH, height=HEIGHT, captured_at=time.time())
        await asyncio.sleep(1 / FPS)


def page(seed: int) -> NDArray[np.uint8]:
    pixels = noise(WIDTH // 8, HEIGHT // 8, 0).repeat(8, axis=0).repeat(8, axis=1)
    pixels[90:270, 160:480] = noise(320, 180, seed)
    return pixels


async def moves(viewer: Viewer) -> None:
    """Waits until the viewer has seen so many pictures more."""
    await viewer.next_picture(MOVING)


async def sees(viewer: Viewer, condition: Callable[[int], bool]) -> None:
    """Waits for a decoded picture of a width for which the condition holds."""
    await viewer.until(lambda: viewer.picture is not None and condition(viewer.picture.width))


@pytest.mark.parametrize("codec", list(Codec))
async def test_half_a_megabit_is_half_the_size_and_full_again_after_it(stream: LiveStream, codec: Codec) -> None:
    subscription = stream.subscribe(codec)
    async with watching_through_relay(subscription) as (viewer, relay):
        await sees(viewer, lambda width: width == WIDTH)
        relay.down.shape = Shape(rate=500_000)
        await sees(viewer, lambda width: width == WIDTH // 2)
        await moves(viewer)
        relay.down.shape = Shape()
        await sees(viewer, lambda width: width == WIDTH)
        await moves(viewer)
        assert subscription.rendition is Rendition.FULL
    stats = stream.stats.renditions
    assert stats[EncodingKey(codec, Rendition.HALF)].joins >= 1
    assert stats[EncodingKey(codec, Rendition.HALF)].keyframes >= 1
    assert stats[EncodingKey(codec, Rendition.FULL)].joins >= 1


async def test_one_packet_in_twenty_lost_costs_no_rendition(stream: LiveStream) -> None:
    subscription = stream.subscribe(Codec.H264)
    async with watching_through_relay(subscription) as (viewer, relay):
        relay.down.shape = Shape(loss=0.05)
        for _ in range(5):
            await moves(viewer)
        assert relay.down.lost > 0
        assert subscription.rendition is Rendition.FULL


async def test_a_longer_way_costs_no_rendition(stream: LiveStream) -> None:
    subscription = stream.subscribe(Codec.H264)
    async with watching_through_relay(subscription) as (viewer, relay):
        relay.down.shape = Shape(delay=0.15)
        for _ in range(5):
            await moves(viewer)
        await sees(viewer, lambda width: width == WIDTH)


async def test_after_an_outage_the_picture_moves_again_and_is_full_again(stream: LiveStream) -> None:
    subscription = stream.subscribe(Codec.H264)
    async with watching_through_relay(subscription) as (viewer, relay):
        await moves(viewer)
        relay.down.shape = relay.up.shape = Shape(cut=True)
        await asyncio.sleep(2)
        lost = relay.down.lost
        assert lost > 0
        relay.down.shape, relay.up.shape = Shape(), Shape()
        await moves(viewer)
        await viewer.until(lambda: subscription.rendition is Rendition.FULL)
        await sees(viewer, lambda width: width == WIDTH)
        await moves(viewer)


async def test_a_viewer_on_a_bad_network_costs_another_nothing(stream: LiveStream) -> None:
    slow, fast = stream.subscribe(Codec.H264), stream.subscribe(Codec.H264)
    async with watching_through_relay(slow) as (far, relay), watching(fast) as (near, _):
        relay.down.shape = Shape(rate=400_000)
        await sees(far, lambda width: width == WIDTH // 2)
        await moves(far)
        await moves(near)
        assert near.picture is not None
        assert near.picture.width == WIDTH
        assert (fast.rendition, fast.dropped) == (Rendition.FULL, 0)
        full = stream.stats.renditions[EncodingKey(Codec.H264, Rendition.FULL)]
        assert full.joins == 0
        await near.until(lambda: full.bitrate == 2_500_000)
    assert stream.stats.encoded[Codec.VP8] == 0
