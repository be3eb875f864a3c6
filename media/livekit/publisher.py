"""A picture and messages in a LiveKit room: the frames of the shared encoder, not encoded a second time."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from livekit import rtc
from livekit.rtc.participant import PublishDataError

from media.aio import Backoff, race
from media.errors import RoomLost, StreamClosed
from media.frames import Codec
from media.livekit.panic_guard import panics
from media.livekit.track import ScreenTrack, publish_options
from media.stream import LiveStream
from media.subscription import Subscription

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 60_000
"""The most that one message may have: the SDK negotiates 64 000 bytes a data packet, headers included."""

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 4.0
"""Seconds between two attempts to join; short enough that viewers are back soon after the server is."""

_CONNECT_SECONDS = 5.0
_LEAVE_SECONDS = 4.0
_ANNOUNCED_SECONDS = 10.0
"""The server announces those who only watch in batches, every three seconds; after this nobody is coming any more."""


@dataclass(frozen=True, slots=True)
class RoomParticipant:
    """Somebody in the room, as the server vouches for them."""

    identity: str
    session: str
    """Another one each time that they join."""
    name: str
    attributes: Mapping[str, str]
    """Those of their token."""


@dataclass(frozen=True, slots=True)
class RoomPacket:
    """Data that a member has sent."""

    identity: str
    data: bytes
    topic: str
    lossy: bool


class RoomListener(Protocol):
    """Receives what happens in the room; must neither block nor raise."""

    def on_connected(self) -> None: ...
    def on_lost(self, reason: str) -> None:
        """Is called when joining has failed or the room was left; it is tried again."""

    def on_subscribed(self) -> None:
        """Is called when somebody watches who was not announced yet."""

    def on_joined(self, member: RoomParticipant) -> None:
        """Is called up to three seconds late for those who only watch; what they have sent before is lost."""

    def on_left(self, session: str) -> None: ...
    def on_packet(self, packet: RoomPacket) -> None: ...


class RoomPublisher:
    """Stays in a room, publishes one track to it while somebody is there, and carries messages.

    While nobody is in the room it has no subscription to the stream, so nothing is captured or encoded for it.
    Sizes may change from frame to frame: a keyframe carries its own, and receivers follow without a new track.
    """

    def __init__(
        self,
        *,
        url: str,
        token: Callable[[], str],
        listener: RoomListener,
        prepare: Callable[[], Awaitable[None]],
        topic: str,
        codec: Codec = Codec.H264,
        fps: int = 30,
        bitrate: int = 2_500_000,
        backlog: int = 4000,
    ) -> None:
        """
        Args:
            url: ``wss://…``
            token: gives a fresh one, which may publish and send data, for each attempt to join.
            prepare: awaited before each attempt to join; raises RoomLost with the reason why there is no use.
            topic: of the data that is sent.
            codec: the room's only one: a LiveKit server does not transcode.
            fps: what the track announces, pictures per second.
            bitrate: the most that the bandwidth estimation may go to, bits per second.
            backlog: how many messages may wait to be sent.
        """
        self._url = url
        self._token = token
        self._listener = listener
        self._prepare = prepare
        self._topic = topic
        self._codec = codec
        self._options = publish_options(codec, fps=fps, bitrate=bitrate)
        self._outbox: deque[tuple[bytes, str | None]] = deque()
        self._backlog = backlog
        self._dropped = 0
        self._posted = asyncio.Event()
        self._stream: LiveStream | None = None
        self._members: set[str] = set()
        self._expected = False
        self._connected = False
        self._changed = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._connected

    @property
    def dropped(self) -> int:
        """How many messages were too many or too long to be sent."""
        return self._dropped

    def set_stream(self, stream: LiveStream | None) -> None:
        """Sets what to publish from now on."""
        self._stream = stream
        self._notify()

    def send(self, data: bytes, *, to: str | None = None) -> None:
        """Sends a message to one member, by identity, or to all; nobody gets it while the room is lost."""
        if not self._connected:
            return
        if len(data) > MESSAGE_BYTES or len(self._outbox) >= self._backlog:
            self._dropped += 1
            return
        self._outbox.append((data, to))
        self._posted.set()

    async def run(self) -> None:
        """Joins, and joins again whenever the room is lost, until it is cancelled."""
        backoff = Backoff(_FIRST_DELAY, _LONGEST_DELAY)
        while True:
            try:
                await self._run_once()
            except RoomLost as error:
                if self._connected:
                    backoff.reset()
                self._listener.on_lost(str(error))
            except Exception as error:  # whatever the SDK raises, it must not reach the run
                logger.warning("the LiveKit room was lost", exc_info=True)
                self._listener.on_lost(f"{type(error).__name__}: {error}")
            finally:
                self._reset()
            await asyncio.sleep(backoff.next())

    async def _run_once(self) -> None:
        await self._prepare()
        room = _Room()
        lost = asyncio.get_running_loop().create_future()
        self._add_handlers(room, lost)
        with panics(lambda: _lose(lost, "the LiveKit client has broken down")):
            await _first(self._run_in_room(room), _ended(lost))

    async def _run_in_room(self, room: "_Room") -> None:
        async with _joined(room, self._url, self._token()):
            self._connected = True
            self._listener.on_connected()
            for participant in tuple(room.remote_participants.values()):
                self._on_joined(participant)
            await _first(self._send_messages(room), self._publish(room))

    def _add_handlers(self, room: "_Room", lost: "asyncio.Future[str]") -> None:
        def on_disconnected(reason: rtc.DisconnectReason.ValueType) -> None:
            _lose(lost, rtc.DisconnectReason.Name(reason).lower().replace("_", " "))

        room.on("participant_connected", self._on_joined)
        room.on("participant_disconnected", self._on_left)
        room.on("data_received", self._on_data)
        room.on("disconnected", on_disconnected)
        room.on_subscribed = self._on_subscribed

    def _on_joined(self, participant: rtc.RemoteParticipant) -> None:
        self._members.add(participant.sid)
        self._notify()
        attributes = participant.attributes
        self._listener.on_joined(RoomParticipant(participant.identity, participant.sid, participant.name, attributes))

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        self._members.discard(participant.sid)
        self._expected = False
        self._notify()
        self._listener.on_left(participant.sid)

    def _on_data(self, packet: rtc.DataPacket) -> None:
        if packet.participant is not None:
            lossy = packet.kind == rtc.DataPacketKind.KIND_LOSSY
            self._listener.on_packet(RoomPacket(packet.participant.identity, packet.data, packet.topic or "", lossy))

    def _on_subscribed(self) -> None:
        self._expected = True
        self._notify()
        self._listener.on_subscribed()
        asyncio.get_running_loop().call_later(_ANNOUNCED_SECONDS, self._stop_expecting)

    def _stop_expecting(self) -> None:
        self._expected = False
        self._notify()

    def _reset(self) -> None:
        self._connected = self._expected = False
        self._members.clear()
        self._outbox.clear()

    # Messages

    async def _send_messages(self, room: rtc.Room) -> None:
        while True:
            while not self._outbox:
                self._posted.clear()
                await self._posted.wait()
            data, to = self._outbox.popleft()
            try:
                await room.local_participant.publish_data(
                    data, topic=self._topic, destination_identities=[to] if to else []
                )
            except PublishDataError as error:
                self._dropped += 1
                logger.debug("a message was not sent: %s", error.message)

    # The picture

    async def _publish(self, room: rtc.Room) -> None:
        """Publishes one track after another: only for a new one is its first subscriber announced at once."""
        while True:
            track = await ScreenTrack.publish(room, self._codec, self._options)
            try:
                await self._until(lambda: self._watched)
                await self._publish_while_watched(track)
            finally:
                await track.unpublish()

    async def _publish_while_watched(self, track: "ScreenTrack") -> None:
        while self._watched:
            stream = self._stream
            if stream is None:
                await self._wait_for_change()
            else:
                await self._publish_stream(stream, track)

    async def _publish_stream(self, stream: LiveStream, track: "ScreenTrack") -> None:
        """Publishes until nobody watches, or there is another stream to show."""
        try:
            subscription = stream.subscribe(self._codec, pinned=True)
        except StreamClosed:
            self._stream = None
            return
        try:
            await _first(
                self._forward(subscription, track), self._until(lambda: not self._watched or self._stream is not stream)
            )
        finally:
            subscription.close()

    async def _forward(self, subscription: Subscription, track: "ScreenTrack") -> None:
        limit: int | None = None
        while True:
            try:
                frame = await subscription.recv()
            except StreamClosed:
                self._stream = None
                return
            wants_keyframe, estimate = track.send(frame)
            if wants_keyframe:
                subscription.request_keyframe()
            if estimate is not None and _is_meaningful(estimate, limit, *subscription.load):
                limit = estimate
            if limit is not None:
                subscription.set_target_bitrate(limit)

    @property
    def _watched(self) -> bool:
        return bool(self._members) or self._expected

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _wait_for_change(self) -> None:
        await self._changed.wait()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._wait_for_change()


class _Room(rtc.Room):
    """The SDK's room, mended: it raises KeyError on a subscription that is faster than the answer to our publishing."""

    def __init__(self) -> None:
        super().__init__()
        self.on_subscribed: Callable[[], None] = lambda: None

    def _on_room_event(self, event: Any) -> None:  # noqa: ANN401 - a generated message
        if event.WhichOneof("message") == "local_track_subscribed":
            self.on_subscribed()
        else:
            super()._on_room_event(event)


@asynccontextmanager
async def _joined(room: rtc.Room, url: str, token: str) -> AsyncIterator[None]:
    """Raises RoomLost. An attempt that is cancelled is waited for: it would go on by itself and join after all."""
    options = rtc.RoomOptions(auto_subscribe=False, connect_timeout=_CONNECT_SECONDS)
    joining = asyncio.create_task(room.connect(url, token, options))
    try:
        await asyncio.shield(joining)
        yield
    except rtc.ConnectError as error:
        raise RoomLost(error.message) from None
    finally:
        await asyncio.shield(asyncio.create_task(_leave(room, joining)))


async def _leave(room: rtc.Room, joining: "asyncio.Task[None]") -> None:
    try:
        await asyncio.wait([joining], timeout=4 * _CONNECT_SECONDS)
        async with asyncio.timeout(_LEAVE_SECONDS):
            await room.disconnect()
    except TimeoutError:
        logger.debug("the LiveKit server did not answer our leaving")


def _is_meaningful(estimate: int, limit: int | None, sent: int, target: int) -> bool:
    """Returns whether an estimate says something about the path: it sinks by itself while little is sent."""
    return sent >= target / 2 or (limit is not None and estimate > limit)


def _lose(lost: "asyncio.Future[str]", reason: str) -> None:
    if not lost.done():
        lost.set_result(reason)


async def _ended(lost: "asyncio.Future[str]") -> None:
    raise RoomLost(await lost)


async def _first(*work: Coroutine[Any, Any, None]) -> None:
    """Runs until one part of the work ends or raises; nothing of it goes on after that."""
    for task in await race(*work):
        task.result()
