"""The curtain in front of the encoder: one viewer sees the pictures, all others a still one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from av import Packet
from av.video.codeccontext import VideoCodecContext

from media.frames import Codec, EncodedFrame, LatestFrame
from media.stream import LiveStream
from media.subscription import Subscription
from tests.media.pictures import flat

STILL, PAGE, SECRET = 40, 120, 220
"""How bright each picture is."""


@pytest.fixture
async def stream() -> AsyncIterator[LiveStream]:
    stream = LiveStream(LatestFrame(), linger=0, idle_fps=20)
    put(stream, PAGE)
    yield stream
    await stream.aclose()


def put(stream: LiveStream, brightness: int, *, captured_at: float | None = None) -> None:
    """Captures the picture, now unless another time is given."""
    stream.sink.put(flat(brightness), width=64, height=48, captured_at=captured_at or time.time())


def close(stream: LiveStream, viewer: str = "ada") -> None:
    stream.close_curtain(viewer, flat(STILL), width=64, height=48)


class Eyes:
    """One viewer, who decodes everything that comes."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.seen: list[int] = []
        self._decoder = VideoCodecContext.create("h264" if subscription.codec is Codec.H264 else "libvpx", "r")

    def _look(self, frame: EncodedFrame) -> None:
        for picture in self._decoder.decode(Packet(frame.data)):
            brightness = float(np.mean(picture.to_ndarray(format="gray")))
            self.seen.append(min((STILL, PAGE, SECRET), key=lambda each: abs(each - brightness)))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                self._look(await self.subscription.recv())

    async def one_more(self) -> None:
        """Looks at one more picture."""
        count = len(self.seen)
        await self.until(lambda: len(self.seen) > count)

    async def see(self, brightness: int) -> None:
        """Looks until the newest picture is this one."""
        await self.until(lambda: self.seen[-1:] == [brightness])


@pytest.mark.parametrize("codec", [Codec.VP8, Codec.H264])
async def test_all_others_see_a_still_picture_while_it_is_closed(stream: LiveStream, codec: Codec) -> None:
    ada, bob = (Eyes(stream.subscribe(codec, viewer=name)) for name in ("ada", "bob"))
    room = Eyes(stream.subscribe(codec, pinned=True))
    for eyes in (ada, bob, room):
        await eyes.see(PAGE)
    close(stream)
    put(stream, SECRET)
    await ada.see(SECRET)
    for eyes in (bob, room):
        await eyes.see(STILL)
    late = Eyes(stream.subscribe(codec, viewer="late"))
    await late.see(STILL)
    for _ in range(5):
        put(stream, SECRET)
        await ada.one_more()
    stream.open_curtain()
    put(stream, PAGE)
    for eyes in (ada, bob, room, late):
        await eyes.see(PAGE)
    assert all(SECRET not in eyes.seen for eyes in (bob, room, late))


async def test_a_picture_from_behind_that_comes_late_stays_there(stream: LiveStream) -> None:
    bob = Eyes(stream.subscribe(Codec.VP8, viewer="bob"))
    close(stream)
    put(stream, SECRET)
    await bob.see(STILL)
    stream.open_curtain()
    put(stream, SECRET, captured_at=1.0)
    bob.seen.clear()
    await bob.until(lambda: len(bob.seen) > 3)
    assert set(bob.seen) == {STILL}


async def test_whoever_hands_control_over_sees_nothing_more_of_what_is_behind(stream: LiveStream) -> None:
    ada, bob = (Eyes(stream.subscribe(Codec.VP8, viewer=name)) for name in ("ada", "bob"))
    close(stream)
    put(stream, PAGE)
    await ada.see(PAGE)
    stream.open_curtain()
    close(stream, "bob")
    put(stream, SECRET)
    await bob.see(SECRET)
    await ada.see(STILL)
    assert SECRET not in ada.seen


async def test_pictures_that_are_not_encoded_are_behind_it_too(stream: LiveStream) -> None:
    waiting = asyncio.create_task(stream.frames_for("bob").after(1))
    await asyncio.sleep(0)
    close(stream)
    put(stream, SECRET)
    assert (await waiting).data == flat(STILL)
    newest = stream.frames_for("ada").newest
    assert newest is not None
    assert newest.data == flat(SECRET)
    assert stream.latest.newest is not None
    assert newest.seq > stream.latest.newest.seq
    stream.open_curtain()
    put(stream, PAGE)
    assert (await stream.frames_for("ada").after(newest.seq)).data == flat(PAGE)
