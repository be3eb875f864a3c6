"""One run's LiveKit room: it publishes the run, and connects the participants."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from livekit.api import ParticipantInfo

from control.event_log import Entry
from control.protocol.events import RunFinished, StreamAvailable, envelope
from media.aio import TaskSet, cancel_and_wait
from media.errors import RoomLost
from media.livekit.publisher import RoomPacket, RoomParticipant, RoomPublisher
from signaling.access.authentication import RequestContext
from signaling.config import Limits, LiveKit
from signaling.connections.connection import CloseReason
from signaling.connections.dispatcher import CommandDispatcher
from signaling.connections.registry import ConnectionRegistry
from signaling.livekit.participant import CONTROL, ParticipantConnection, pack
from signaling.livekit.room_tokens import PUBLISHER, ForeignToken, participant_context, publisher_token, room_name
from signaling.livekit.service import LiveKitService
from signaling.log_adapters import LogContext
from signaling.ports import RunHandle
from signaling.problems import Problem

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
_RETRY_DELAY = 0.5


class Reachability:
    """Logs when LiveKit fails and when it works again: once, however many rooms notice."""

    def __init__(self) -> None:
        self.reason: str | None = None
        """Why it fails now; None while it works, as far as is known."""

    def report_failure(self, reason: str) -> None:
        if reason != self.reason:
            logger.warning("%s; runs go on without it", reason)
        self.reason = reason

    def report_success(self) -> None:
        if self.reason is not None:
            logger.info("LiveKit works again")
        self.reason = None


class RunRoom:
    """Publishes one run to its room for as long as it lives, and lets participants steer it.

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
        self._participants: dict[str, ParticipantConnection] = {}
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

    async def run(self, *, linger: float) -> None:
        """Publishes until ``linger`` seconds after the run's end, so that everybody sees it; deletes the room."""
        stop = self._run.log.listen(self._on_event)
        publishing = asyncio.create_task(self._publisher.run())
        try:
            self._publisher.set_stream(self._run.stream)
            if not self._run.view().status.final:
                await self._ended.wait()
            await asyncio.sleep(linger if self._publisher.connected else 0)
        finally:
            stop()
            await cancel_and_wait(publishing)
            await self._close()

    def connect(self, info: ParticipantInfo) -> None:
        """Connects a participant whom a webhook or a request reports, which may be sooner than the room does."""
        participant = self._connect(RoomParticipant(info.identity, info.sid, info.name, dict(info.attributes)))
        if participant is not None:
            self._tasks.spawn(self._retry(lambda: self._service.announce(self.name, info.identity)))

    # The room's events

    def on_connected(self) -> None:
        self._reachability.report_success()

    def on_lost(self, reason: str) -> None:
        self._reachability.report_failure(reason)
        for participant in tuple(self._participants.values()):
            self._disconnect(participant)

    def on_subscribed(self) -> None:
        self._tasks.spawn(self._connect_present())

    def on_joined(self, joined: RoomParticipant) -> None:
        # Only now: what they answered before this moment would not reach us.
        self._connect(joined)
        participant = self._participants.get(joined.identity)
        if participant is not None:
            participant.send_hello()

    def on_left(self, session: str) -> None:
        for participant in tuple(self._participants.values()):
            if participant.session == session:
                self._disconnect(participant)

    def on_packet(self, packet: RoomPacket) -> None:
        participant = self._participants.get(packet.identity)
        if participant is not None:
            participant.on_packet(packet)

    def _connect(self, joined: RoomParticipant) -> ParticipantConnection | None:
        """Opens a connection for a participant who has none yet; removes one whose token is not ours."""
        known = self._participants.get(joined.identity)
        if joined.identity == PUBLISHER or (known and known.session == joined.session):
            return None
        if known:
            self._disconnect(known)
        try:
            context = participant_context(
                self._run, identity=joined.identity, name=joined.name, attributes=joined.attributes
            )
            return self._open(context, joined)
        except (ForeignToken, Problem) as error:
            LogContext(logger, self._run.id, joined.identity).info("is sent away: %s", error)
            self._tasks.spawn(self._remove(joined.identity))
            return None

    def _open(self, context: RequestContext, joined: RoomParticipant) -> ParticipantConnection:
        identity = joined.identity

        def request_close(reason: CloseReason) -> None:
            participant = self._participants.get(identity)
            if participant is not None:
                self._disconnect(participant)
            if reason is not CloseReason.GOING_AWAY:
                self._tasks.spawn(self._remove(identity))

        connection = self._connections.open(context, "livekit", request_close, takes_slot=False)
        participant = ParticipantConnection(
            joined.session,
            connection,
            dispatcher=self._dispatcher,
            limits=self._limits,
            send=lambda data: self._publisher.send(data, to=identity),
        )
        self._participants[identity] = participant
        return participant

    def _disconnect(self, participant: ParticipantConnection) -> None:
        self._participants.pop(participant.connection.context.actor.viewer_id, None)
        participant.connection.close()
        self._tasks.spawn(participant.aclose())

    async def _connect_present(self) -> None:
        """Connects those who joined before the room announced them."""
        try:
            for info in await self._service.participants(self.name):
                self.connect(info)
        except RoomLost as error:
            LogContext(logger, self._run.id).debug("%s", error)

    async def _remove(self, identity: str) -> None:
        await self._retry(lambda: self._service.remove(self.name, identity))

    async def _retry(self, call: Callable[[], Awaitable[None]]) -> None:
        """Calls a few times until it succeeds; a server that is down has forgotten its rooms when it is back."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await call()
                return
            except RoomLost as error:
                LogContext(logger, self._run.id).debug("attempt %d: %s", attempt, error)
            await asyncio.sleep(_RETRY_DELAY)

    # The run's events

    def _on_event(self, entry: Entry) -> None:
        body = entry.body
        if isinstance(body, StreamAvailable):
            self._publisher.set_stream(self._run.stream)
        message = envelope(body, run_id=entry.run_id, seq=entry.seq, at=entry.at)
        self._publisher.send(pack(message))
        if isinstance(body, RunFinished):
            self._ended.set()

    async def _close(self) -> None:
        for participant in tuple(self._participants.values()):
            self._disconnect(participant)
        if self._reachability.reason is None:
            await self._retry(lambda: self._service.delete(self.name))
        await self._tasks.aclose()
