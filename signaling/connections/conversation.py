"""One connection's control messages, on whatever transport: what comes in is answered on the feed."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from control.errors import ProtocolError, RateLimited
from control.protocol.commands import Command, Input
from control.protocol.events import Ack, ErrorReply, Reply
from media.aio import TaskSet, cancel_and_wait
from signaling.access.authentication import RequestContext
from signaling.connections.dispatcher import CommandDispatcher

logger = logging.getLogger(__name__)


class ReplySink(Protocol):
    """Takes the answers to one client."""

    def reply(self, body: Reply) -> None:
        """Sends the answer, or drops it where the client has gone."""


class Conversation:
    """Hands the messages of one connection to the dispatcher, at once and in order.

    A command that takes its time does not hold up the next one.
    """

    def __init__(
        self, context: RequestContext, dispatcher: CommandDispatcher, replies: ReplySink, *, in_flight: int
    ) -> None:
        """``in_flight``: how many commands may wait for their answers at the same time."""
        self._context = context
        self._dispatcher = dispatcher
        self._replies = replies
        self._in_flight = in_flight
        self._moves = PointerMoveCoalescer(context, dispatcher)
        self._tasks = TaskSet(logger)

    def on_message(self, message: str | bytes) -> float:
        """Takes one message; its answer goes to the feed.

        Returns the seconds for which a transport that can hold its sender back should take no more.
        """
        wait = self._dispatcher.admit(self._context.run, self._context.actor.viewer_id)
        if wait is None:
            self._moves.discard()
            self._start(message)
        else:
            self._over_rate(message)
        return wait or 0.0

    async def aclose(self) -> None:
        """Stops waiting for answers; what the dispatcher has begun goes on."""
        await self._moves.aclose()
        await self._tasks.aclose()

    def _start(self, message: str | bytes) -> None:
        if len(self._tasks) < self._in_flight:
            self._tasks.spawn(self._answer(message))
            return
        try:
            id = self._dispatcher.parse(message).id
        except ProtocolError as error:
            id = error.id
        text = f"{self._in_flight} commands wait for an answer already: wait for some of them"
        self._replies.reply(ErrorReply(id=id, code=RateLimited.code, message=text))

    def _over_rate(self, message: str | bytes) -> None:
        """Keeps only the newest of too many pointer moves; anything else is refused."""
        try:
            command = self._dispatcher.parse(message)
        except ProtocolError as error:
            self._replies.reply(self._dispatcher.refuse(error.id))
            return
        if _is_move(command):
            self._moves.put(command)
            self._replies.reply(Ack(id=command.id))
        else:
            self._replies.reply(self._dispatcher.refuse(command.id))

    async def _answer(self, message: str | bytes) -> None:
        self._replies.reply(await self._dispatcher.dispatch(message, self._context))


class PointerMoveCoalescer:
    """Carries out pointer moves, of which only the newest counts: one is under way at a time, and one waits."""

    def __init__(self, context: RequestContext, dispatcher: CommandDispatcher) -> None:
        self._context = context
        self._dispatcher = dispatcher
        self._waiting: str | bytes | Command | None = None
        self._task: asyncio.Task[None] | None = None

    def put(self, message: str | bytes | Command) -> None:
        """Takes one message in place of the one that waits; it is not answered, and anything but a move is dropped.

        It is not even parsed before its turn, so that a flood costs nothing.
        """
        self.discard()
        self._waiting = message
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._drain())

    def discard(self) -> None:
        """Drops the move that waits: something newer has come."""
        if self._waiting is not None:
            self._waiting = None
            self._dispatcher.count_dropped_move()

    async def aclose(self) -> None:
        """Ends the move that is under way, and waits for that."""
        if self._task is not None:
            await cancel_and_wait(self._task)

    async def _drain(self) -> None:
        while self._waiting is not None:
            message, self._waiting = self._waiting, None
            if not await self._move(message):
                self._dispatcher.count_dropped_move()

    async def _move(self, message: str | bytes | Command) -> bool:
        """Returns whether the message was a move and was carried out."""
        try:
            command = self._dispatcher.parse(message) if isinstance(message, str | bytes) else message
        except ProtocolError:
            return False
        if not _is_move(command):
            return False
        reply = await self._dispatcher.dispatch(command, self._context)
        return not isinstance(reply, ErrorReply)


def _is_move(command: Command) -> bool:
    return isinstance(command, Input) and command.kind == "move"
