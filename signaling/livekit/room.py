"""One run's LiveKit room: who is in it, what they say, what they are told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from livekit.api import ParticipantInfo

from control.errors import TooLarge
from control.event_log import Entry
from control.protocol.events import Ack, ErrorReply, Reply, RunFinished, StreamAvailable, envelope
from media.aio import TaskSet, cancel_and_wait
from media.errors import RoomLost
from media.livekit.publisher import MESSAGE_BYTES, RoomPacket, RoomParticipant, RoomPublisher
from signaling.access.authentication import RequestContext
from signaling.config import Limits, LiveKit
from signaling.connections.connection import CloseReason, Connection
from signaling.connections.conversation import Conversation, PointerMoveCoalescer
from signaling.connections.dispatcher import CommandDispatcher
from signaling.connections.registry import ConnectionRegistry
from signaling.livekit.room_tokens import PUBLISHER, NotOurs, context_of, publisher_token, room_name
from signaling.livekit.service import LiveKitService
from signaling.log_adapters import LogContext
from signaling.ports import RunHandle
from signaling.problems import Problem

logger = logging.getLogger(__name__)

CONTROL, INPUT = "test-control", "test-input"
_REMOVALS = 3
_REMOVAL_DELAY = 0.5


class Reachability:
    """Says in the log when LiveKit fails and when it is back: once, however many rooms notice."""

    def __init__(self) -> None:
        self.reason: str | None = None
        """Why it fails now; None while it works, as far as is known."""

    def failed(self, reason: str) -> None:
        if reason != self.reason:
            logger.warning("%s; runs go on without it", reason)
        self.reason = reason

    def works(self) -> None:
        if self.reason is not None:
            logger.info("LiveKit works again")
        self.reason = None


class Guest:
    """One participant: their line, and their side of the conversation."""

    def __init__(
        self,
        session: str,
        connection: Connection,
        *,
        dispatcher: CommandDispatcher,
        limits: Limits,
        send: Callable[[bytes], None],
    ) -> None:
        self.session = session
        self.connection = connection
        self._send = send
        self._greeted = False
        self._conversation = Conversation(connection.context, dispatcher, self, in_flight=limits.in_flight)
        self._moves = PointerMoveCoalescer(connection.context, dispatcher)

    def greet(self) -> None:
        """Says hello, once; a run of very many steps is told without them, for they would not fit into a message."""
        if self._greeted:
            return
        self._greeted = True
        context = self.connection.context
        hello = context.run.hello(context.actor)
        if len(_pack(context.run.log.reply(hello))) > MESSAGE_BYTES:
            hello = hello.model_copy(update={"run": hello.run.model_copy(update={"steps": ()})})
        self.reply(hello)

    def hear(self, packet: RoomPacket) -> None:
        if packet.topic == INPUT or (packet.topic == CONTROL and packet.lossy):
            self._moves.put(packet.data)
        elif packet.topic == CONTROL:
            self._conversation.on_message(packet.data)

    def reply(self, body: Reply) -> None:
        """Answers this participant alone."""
        if isinstance(body, Ack) and body.id is None:
            return
        data = _pack(self.connection.context.run.log.reply(body))
        if len(data) > MESSAGE_BYTES:
            text = "the answer is too long for a LiveKit message: ask over WebSocket or HTTP"
            too_long = ErrorReply(id=getattr(body, "id", None), code=TooLarge.code, message=text)
            data = _pack(self.connection.context.run.log.reply(too_long))
        self._send(data)

    async def aclose(self) -> None:
        self.connection.close()
        await self._conversation.aclose()
        await self._moves.aclose()


class RunRoom:
    """Publishes one run to its room for as long as it lives, and lets those in the room steer it.

    Implements ``media.livekit.publisher.RoomListener``. Participants are known by what LiveKit says of them, never by
    what they say.
    """

    def __init__(
        self,
        run: RunHandle,
        livekit: LiveKit,
        *,
        service: LiveKitService,
        reachability: Reachability,
        dispatcher: CommandDispatcher,
        connections: ConnectionRegistry,
        limits: Limits,
    ) -> None:
        self.name = room_name(run.id)
        self._run = run
        self._service = service
        self._reachability = reachability
        self._dispatcher = dispatcher
        self._connections = connections
        self._limits = limits
        self._guests: dict[str, Guest] = {}
        self._tasks = TaskSet(logger, expected=RoomLost)
        self._ended = asyncio.Event()
        self._publisher = RoomPublisher(
            url=livekit.url,
            token=lambda: publisher_token(livekit, run.id),
            listener=self,
            prepare=lambda: service.create(self.name),
            topic=CONTROL,
            codec=livekit.codec,
            fps=livekit.fps,
            bitrate=livekit.bitrate,
            backlog=limits.backlog,
        )

    async def live(self, *, farewell: float) -> None:
        """From now to the end of the run, and ``farewell`` seconds more so that everybody sees it; deletes the room."""
        stop = self._run.log.listen(self._on_event)
        publishing = asyncio.create_task(self._publisher.run())
        try:
            self._publisher.set_stream(self._run.stream)
            if not self._run.view().status.final:
                await self._ended.wait()
            await asyncio.sleep(farewell if self._publisher.connected else 0)
        finally:
            stop()
            await cancel_and_wait(publishing)
            await self._empty()

    def admit(self, info: ParticipantInfo) -> None:
        """Somebody has joined, as a webhook or a look-up says, which may be sooner than the room does."""
        guest = self._admit(RoomParticipant(info.identity, info.sid, info.name, dict(info.attributes)))
        if guest is not None:
            self._tasks.spawn(self._insist(lambda: self._service.announce(self.name, info.identity)))

    # The room's events

    def on_connected(self) -> None:
        self._reachability.works()

    def on_lost(self, reason: str) -> None:
        self._reachability.failed(reason)
        for guest in tuple(self._guests.values()):
            self._part(guest)

    def on_subscribed(self) -> None:
        self._tasks.spawn(self._look_around())

    def on_joined(self, member: RoomParticipant) -> None:
        # Only now: what they answered before this moment would not reach us.
        self._admit(member)
        guest = self._guests.get(member.identity)
        if guest is not None:
            guest.greet()

    def on_left(self, session: str) -> None:
        for guest in tuple(self._guests.values()):
            if guest.session == session:
                self._part(guest)

    def on_packet(self, packet: RoomPacket) -> None:
        guest = self._guests.get(packet.identity)
        if guest is not None:
            guest.hear(packet)

    def _admit(self, member: RoomParticipant) -> Guest | None:
        """Opens a line for one who was not known yet, or sends them away again."""
        known = self._guests.get(member.identity)
        if member.identity == PUBLISHER or (known and known.session == member.session):
            return None
        if known:
            self._part(known)
        try:
            context = context_of(self._run, identity=member.identity, name=member.name, attributes=member.attributes)
            return self._welcome(context, member)
        except (NotOurs, Problem) as error:
            LogContext(logger, self._run.id, member.identity).info("is sent away: %s", error)
            self._tasks.spawn(self._remove(member.identity))
            return None

    def _welcome(self, context: RequestContext, member: RoomParticipant) -> Guest:
        identity = member.identity

        def request_close(reason: CloseReason) -> None:
            guest = self._guests.get(identity)
            if guest is not None:
                self._part(guest)
            if reason is not CloseReason.GOING_AWAY:
                self._tasks.spawn(self._remove(identity))

        connection = self._connections.open(context, "livekit", request_close, takes_slot=False)
        guest = Guest(
            member.session,
            connection,
            dispatcher=self._dispatcher,
            limits=self._limits,
            send=lambda data: self._publisher.send(data, to=identity),
        )
        self._guests[identity] = guest
        return guest

    def _part(self, guest: Guest) -> None:
        self._guests.pop(guest.connection.context.actor.viewer_id, None)
        guest.connection.close()
        self._tasks.spawn(guest.aclose())

    async def _look_around(self) -> None:
        """Finds out who has come before the room has announced them."""
        try:
            for info in await self._service.participants(self.name):
                self.admit(info)
        except RoomLost as error:
            LogContext(logger, self._run.id).debug("%s", error)

    async def _remove(self, identity: str) -> None:
        await self._insist(lambda: self._service.remove(self.name, identity))

    async def _insist(self, call: Callable[[], Awaitable[None]]) -> None:
        """Tries a few times; a server that is down has forgotten its rooms when it is back."""
        for attempt in range(1, _REMOVALS + 1):
            try:
                await call()
                return
            except RoomLost as error:
                LogContext(logger, self._run.id).debug("attempt %d: %s", attempt, error)
            await asyncio.sleep(_REMOVAL_DELAY)

    # The run's events

    def _on_event(self, entry: Entry) -> None:
        body = entry.body
        if isinstance(body, StreamAvailable):
            self._publisher.set_stream(self._run.stream)
        message = envelope(body, run_id=entry.run_id, seq=entry.seq, at=entry.at)
        self._publisher.send(_pack(message))
        if isinstance(body, RunFinished):
            self._ended.set()

    async def _empty(self) -> None:
        for guest in tuple(self._guests.values()):
            self._part(guest)
        if self._reachability.reason is None:
            await self._insist(lambda: self._service.delete(self.name))
        await self._tasks.aclose()


def _pack(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
