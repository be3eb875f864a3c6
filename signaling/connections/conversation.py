"""One connection's control messages, on whatever transport: what comes in is answered on the feed."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from control.errors import ProtocolError, RateLimited
from control.protocol.commands import Input, parse
from control.protocol.events import Ack, ErrorReply, Reply
from media.aio import TaskSet, cancel_and_wait
from signaling.access.authentication import RequestContext
from signaling.connections.dispatcher import CommandDispatcher

logger = logging.getLogger(__name__)


class Answers(Protocol):
    """Where answers to one client go."""

    def reply(self, body: Reply) -> None: ...


class Conversation:
    """Lets messages in at once and in order; a slow command does not hold up the next one."""

    def __init__(self, visit: RequestContext, door: CommandDispatcher, feed: Answers, *, in_flight: int) -> None:
        self._visit = visit
        self._door = door
        self._feed = feed
        self._in_flight = in_flight
        self._moves = PointerMoveCoalescer(visit, door)
        self._tasks = TaskSet(logger)

    def hear(self, message: str | bytes) -> float:
        """Takes one message; its answer goes to the feed.

        Returns the seconds for which one who can hold the sender back should take no more.
        """
        wait = self._door.admit(self._visit.run, self._visit.actor.viewer_id)
        if wait is None:
            self._moves.forget()
            self._take(message)
        else:
            self._too_much(message)
        return wait or 0.0

    def _take(self, message: str | bytes) -> None:
        if len(self._tasks) >= self._in_flight:
            text = f"{self._in_flight} commands wait for an answer already: wait for some of them"
            self._feed.reply(ErrorReply(id=_id_of(message), code=RateLimited.code, message=text))
            return
        self._tasks.spawn(self._answer(message))

    def _too_much(self, message: str | bytes) -> None:
        """Of too many pointer moves only the newest counts; anything else is refused."""
        if _is_move(message):
            self._moves.hear(message)
            self._feed.reply(Ack(id=parse(message).id))
        else:
            self._feed.reply(self._door.refuse(message))

    async def aclose(self) -> None:
        """Waits for no answer any more."""
        await self._moves.aclose()
        await self._tasks.aclose()

    async def _answer(self, message: str | bytes) -> None:
        self._feed.reply(await self._door.answer(message, self._visit.actor, self._visit.run))


def _id_of(message: str | bytes) -> str | None:
    try:
        return parse(message).id
    except ProtocolError as error:
        return error.id


class PointerMoveCoalescer:
    """Pointer moves, of which only the newest counts: one is carried out at a time, and one waits."""

    def __init__(self, visit: RequestContext, door: CommandDispatcher) -> None:
        self._visit = visit
        self._door = door
        self._waiting: str | bytes | None = None
        self._task: asyncio.Task[None] | None = None

    def hear(self, message: str | bytes) -> None:
        """Takes one message; it is not answered, and anything but a move is dropped.

        It is not even read before its turn, so that a flood costs nothing.
        """
        self.forget()
        self._waiting = message
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._carry_out())

    def forget(self) -> None:
        """Something newer was said: the move that waits is out of date."""
        if self._waiting is not None:
            self._waiting = None
            self._door.dropped_move()

    async def aclose(self) -> None:
        if self._task is not None:
            await cancel_and_wait(self._task)

    async def _carry_out(self) -> None:
        while self._waiting is not None:
            message, self._waiting = self._waiting, None
            if not await self._moved(message):
                self._door.dropped_move()

    async def _moved(self, message: str | bytes) -> bool:
        if not _is_move(message):
            return False
        return not isinstance(await self._door.answer(message, self._visit.actor, self._visit.run), ErrorReply)


def _is_move(message: str | bytes) -> bool:
    try:
        command = parse(message)
    except ProtocolError:
        return False
    return isinstance(command, Input) and command.kind == "move"
