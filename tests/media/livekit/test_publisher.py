"""The publisher against a real LiveKit server: what receivers see, and what happens when nobody is there."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections.abc import AsyncIterator, Callable

import pytest
from livekit import api
from livekit.rtc import _ffi_client
from livekit.rtc._proto.ffi_pb2 import FfiEvent

from media.errors import RoomLost
from media.frames import Codec, LatestFrame
from media.livekit.publisher import _CONNECT_SECONDS, _LONGEST_DELAY, RoomPacket, RoomParticipant, RoomPublisher
from media.stream import LiveStream
from tests.livekit_client import Participant
from tests.livekit_server import LiveKitServer
from tests.media.pictures import put, quarters

ROOM = "jumpseat-test"


class Notes:
    """Implements media.livekit.publisher.RoomListener; notes everything."""

    def __init__(self) -> None:
        self.connected = 0
        self.lost: list[str] = []
        self.here: dict[str, RoomParticipant] = {}
        self.packets: list[RoomPacket] = []
        self._changed = asyncio.Event()

    def on_connected(self) -> None:
        self.connected += 1
        self._changed.set()

    def on_lost(self, reason: str) -> None:
        self.lost.append(reason)
        self.here.clear()
        self._changed.set()

    def on_subscribed(self) -> None:
        self._changed.set()

    def on_joined(self, member: RoomParticipant) -> None:
        self.here[member.session] = member
        self._changed.set()

    def on_left(self, session: str) -> None:
        self.here.pop(session, None)
        self._changed.set()

    def on_packet(self, packet: RoomPacket) -> None:
        self.packets.append(packet)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(40):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class Studio:
    """A stream with one picture, and its publisher."""

    def __init__(self, server: LiveKitServer, codec: Codec) -> None:
        self.server = server
        self.latest = LatestFrame()
        self.watched: list[bool] = []
        self.stream = LiveStream(self.latest, linger=0.0, on_watched=self.watched.append)
        self.notes = Notes()
        self.refusals = 0
        self.publisher = RoomPublisher(
            url=server.url,
            token=lambda: self.token("jumpseat", publishes=True),
            listener=self.notes,
            prepare=self.prepare,
            topic="test-control",
            codec=codec,
        )
        put(self.latest, quarters(640, 360))
        self.publisher.set_stream(self.stream)

    async def prepare(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise RoomLost("not yet")

    def token(self, identity: str, *, publishes: bool = False) -> str:
        token = api.AccessToken(self.server.key, self.server.secret).with_identity(identity)
        return token.with_grants(api.VideoGrants(room_join=True, room=ROOM, can_publish=publishes)).to_jwt()

    @contextlib.asynccontextmanager
    async def viewer(self, identity: str) -> AsyncIterator[Participant]:
        async with Participant.joined(self.server.url, self.token(identity)) as viewer:
            yield viewer

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.publisher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.stream.aclose()


@pytest.fixture(params=list(Codec))
async def studio(request: pytest.FixtureRequest, livekit_server: LiveKitServer) -> AsyncIterator[Studio]:
    studio = Studio(livekit_server, request.param)
    async with studio.running():
        await studio.notes.until(lambda: studio.notes.connected == 1)
        yield studio


async def test_both_codecs_are_seen_and_sizes_may_change(studio: Studio) -> None:
    async with studio.viewer("one") as viewer:
        for width, height in ((640, 360), (800, 600), (320, 240)):
            put(studio.latest, quarters(width, height))
            await viewer.until(lambda size=(height, width): viewer.picture is not None and viewer.picture.shape == size)  # type: ignore[misc]
        assert viewer.tracks == 1


async def test_a_late_viewer_of_a_still_page_gets_a_keyframe(studio: Studio) -> None:
    async with studio.viewer("one") as first:
        await first.new_pictures()
        async with studio.viewer("two") as second:
            await second.new_pictures()


async def test_nothing_is_encoded_while_nobody_is_there(studio: Studio) -> None:
    assert studio.stream.stats.viewers == 0
    assert studio.watched == []
    async with studio.viewer("one") as viewer:
        await viewer.new_pictures()
        await studio.notes.until(lambda: len(studio.notes.here) == 1)
        assert studio.stream.stats.viewers == 1
    await studio.notes.until(lambda: not studio.notes.here)
    assert studio.watched[0] is True


async def test_it_comes_back_after_the_server_and_after_refusals(livekit_server: LiveKitServer) -> None:
    """Within the fifteen seconds that are promised, where the machine is not late."""
    assert _LONGEST_DELAY + _CONNECT_SECONDS < 15
    studio = Studio(livekit_server, Codec.H264)
    studio.refusals = 1
    async with studio.running():
        await studio.notes.until(lambda: studio.notes.connected == 1)
        assert studio.notes.lost == ["not yet"]
        await livekit_server.restart()
        async with studio.viewer("one") as viewer:
            await viewer.new_pictures()


def panic() -> None:
    """What the SDK does when its native part has panicked, by its own callback."""
    event = FfiEvent()
    event.panic.message = "called `Option::unwrap()` on a `None` value"
    data = event.SerializeToString()
    _ffi_client.ffi_event_callback((ctypes.c_uint8 * len(data)).from_buffer_copy(data), len(data))


async def test_a_panic_in_the_sdk_loses_the_room_and_not_the_process(livekit_server: LiveKitServer) -> None:
    studio = Studio(livekit_server, Codec.H264)
    async with studio.running():
        await studio.notes.until(lambda: studio.notes.connected == 1)
        await asyncio.to_thread(panic)
        await studio.notes.until(lambda: studio.notes.connected == 2)
        assert studio.notes.lost == ["the LiveKit client has broken down"]
        async with studio.viewer("one") as viewer:
            await viewer.new_pictures()


async def test_a_message_that_is_too_long_is_counted_and_not_sent(livekit_server: LiveKitServer) -> None:
    studio = Studio(livekit_server, Codec.H264)
    studio.publisher.send(b"nobody is there")
    async with studio.running():
        await studio.notes.until(lambda: studio.notes.connected == 1)
        async with studio.viewer("one") as viewer:
            await studio.notes.until(lambda: len(studio.notes.here) == 1)
            studio.publisher.send(b'"%s"' % (b"x" * 70_000))
            studio.publisher.send(b'{"type": "short"}')
            assert (await viewer.message(type="short")) == {"type": "short"}
            assert viewer.messages == [{"type": "short"}]
    assert studio.publisher.dropped == 1
