"""The LiveKit rooms of all live runs, and the webhook by which LiveKit reports who joins and leaves."""

from __future__ import annotations

import logging

from aiohttp import web
from livekit.api import TokenVerifier, WebhookEvent, WebhookReceiver

from media.aio import TaskSet
from signaling.config import Limits, LiveKit
from signaling.connections.dispatcher import CommandDispatcher
from signaling.connections.registry import ConnectionRegistry
from signaling.livekit.room import Reachability, RunRoom
from signaling.livekit.service import LiveKitService, unreachable
from signaling.ports import RunHandle
from signaling.problems import Problem, read_text

logger = logging.getLogger(__name__)

_LINGER = 1.5
"""Seconds that a room outlives its run, for the last messages to arrive."""

_PATIENCE = 3.0
"""Seconds that rooms get to close when the server stops."""


class Rooms:
    """Keeps a room for each live run; it closes with the run."""

    def __init__(
        self, livekit: LiveKit, *, dispatcher: CommandDispatcher, connections: ConnectionRegistry, limits: Limits
    ) -> None:
        self._livekit = livekit
        self._dispatcher = dispatcher
        self._connections = connections
        self._limits = limits
        self._service = LiveKitService(livekit)
        self._reachability = Reachability()
        self._verifier = TokenVerifier(livekit.api_key, livekit.api_secret)
        self._webhooks = WebhookReceiver(self._verifier)
        self._rooms: dict[str, RunRoom] = {}
        self._tasks = TaskSet(logger)

    @property
    def open_count(self) -> int:
        """How many rooms are open or being closed."""
        return len(self._tasks)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/livekit/webhook", self.webhook)]

    def open(self, run: RunHandle) -> None:
        """Publishes this run from now to its end."""
        room = RunRoom(
            run,
            self._livekit,
            service=self._service,
            reachability=self._reachability,
            dispatcher=self._dispatcher,
            connections=self._connections,
            limits=self._limits,
        )
        self._rooms[room.name] = room
        task = self._tasks.spawn(room.run(linger=_LINGER), name=f"LiveKit room of run {run.id}")
        task.add_done_callback(lambda _: self._rooms.pop(room.name, None))

    async def check(self) -> str | None:
        """Returns None where LiveKit answers and takes our key, else the reason."""
        return await unreachable(self._livekit)

    async def webhook(self, request: web.Request) -> web.Response:
        """Takes an event that LiveKit has signed with our key; it comes sooner than the room's own."""
        signature = request.headers.get("Authorization", "")
        try:
            self._verifier.verify(signature)  # before the body is read, of which it holds the digest
            event = self._webhooks.receive(await read_text(request, limit=self._limits.max_body), signature)
        except Problem:
            raise
        except Exception as error:  # those of the receiver have no type of their own
            raise Problem(401, "this is not signed with our LiveKit key", code="unauthorized") from error
        self._on_webhook_event(event)
        return web.Response()

    async def aclose(self) -> None:
        """Leaves and deletes all rooms, and waits for some seconds; safe to repeat."""
        for task in self._tasks:
            task.cancel()
        if late := await self._tasks.join(_PATIENCE):
            logger.warning("%d LiveKit rooms were not closed in time", len(late))
        await self._service.aclose()

    def _on_webhook_event(self, event: WebhookEvent) -> None:
        room = self._rooms.get(event.room.name)
        if room is None:
            return
        if event.event == "participant_joined":
            room.connect(event.participant)
        elif event.event in {"participant_left", "participant_connection_aborted"}:
            room.on_left(event.participant.sid)
