"""The one door through which every transport's control messages go."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Any

from control.errors import JumpseatError, ProtocolError, RateLimited, Refused, TooLarge
from control.protocol import commands as c
from control.protocol.events import Ack, ErrorReply, Reply
from control.roles import Actor, authorize
from media.aio import TaskSet
from signaling.access.rate_limits import RateMeter
from signaling.config import Limits
from signaling.log_adapters import LogContext
from signaling.metrics import Metrics
from signaling.ports import RunHandle

logger = logging.getLogger(__name__)

_IDS_PER_VIEWER = 256
_VIEWERS = 1024
_LAST_MOMENT = 1.0
"""Seconds."""

Message = str | bytes | dict[str, Any]
"""JSON text, or the object that it stands for."""


class IdempotencyCache:
    """The answers to each viewer's latest commands that had an id, so that one that comes twice is done once."""

    def __init__(self, *, ids: int = _IDS_PER_VIEWER, viewers: int = _VIEWERS) -> None:
        self._ids = ids
        self._viewers = viewers
        self._answers: OrderedDict[tuple[str, str], OrderedDict[str, asyncio.Task[Reply]]] = OrderedDict()

    def find(self, who: tuple[str, str], id: str) -> asyncio.Task[Reply] | None:
        answers = self._answers.get(who)
        return answers.get(id) if answers else None

    def keep(self, who: tuple[str, str], id: str, answer: asyncio.Task[Reply]) -> None:
        answers = self._answers.setdefault(who, OrderedDict())
        answers[id] = answer
        self._answers.move_to_end(who)
        if len(answers) > self._ids:
            answers.popitem(last=False)
        if len(self._answers) > self._viewers:
            self._answers.popitem(last=False)


class CommandDispatcher:
    """Parses, checks the role, does each command once, and words every answer.

    A command that has been let in is carried out even if its sender's connection ends meanwhile.
    """

    def __init__(self, metrics: Metrics, limits: Limits) -> None:
        self._metrics = metrics
        self._limits = limits
        self._meter = RateMeter(limits.message_rate)
        self._memory = IdempotencyCache()
        self._tasks = TaskSet(logger)

    def admit(self, run: RunHandle, who: str) -> float | None:
        """Counts one message of ``who``; or else the seconds after which there is room again."""
        return self._meter.take(f"{run.id}/{who}")

    def refuse(self, message: Message) -> ErrorReply:
        """What one is told who has said too much."""
        self._metrics.commands.labels("unknown", RateLimited.code).inc()
        text = f"too many messages: at most {self._limits.message_rate}, this one was not carried out"
        return ErrorReply(id=_id_of(message), code=RateLimited.code, message=text)

    def dropped_move(self) -> None:
        """A pointer move was replaced by a newer one, or is not allowed."""
        self._metrics.moves_dropped.inc()

    async def answer(self, message: Message, actor: Actor, run: RunHandle) -> Reply:
        """What to tell the sender; never raises but for cancellation.

        Messages are carried out in the order of the calls, up to the first wait of `RunHandle.submit`.
        """
        started = time.perf_counter()
        reply, kind = await self._answer(message, actor, run)
        outcome = reply.code if isinstance(reply, ErrorReply) else "done"
        self._metrics.commands.labels(kind, outcome).inc()
        self._metrics.command_seconds.observe(time.perf_counter() - started)
        return reply

    async def aclose(self) -> None:
        """Gives what has been let in a moment to end, and cancels the rest."""
        await self._tasks.join(timeout=_LAST_MOMENT)
        await self._tasks.aclose()

    async def _answer(self, message: Message, actor: Actor, run: RunHandle) -> tuple[Reply, str]:
        try:
            command = self._read(message)
        except ProtocolError as error:
            return ErrorReply(id=error.id, code=error.code, message=str(error), field=error.field), "unknown"
        return await asyncio.shield(self._once(command, actor, run)), command.type

    def _read(self, message: Message) -> c.Command:
        if isinstance(message, dict):
            return c.from_object(message)
        text = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
        size, most = len(text), self._limits.max_message
        if size > most:
            raise TooLarge(f"a message may have at most {most} bytes, this one has {size}")
        return c.parse(message)

    def _once(self, command: c.Command, actor: Actor, run: RunHandle) -> asyncio.Task[Reply]:
        who = (run.id, actor.viewer_id)
        known = self._memory.find(who, command.id) if command.id else None
        if known is not None:
            return known
        task = self._tasks.spawn(_carry_out(command, actor, run))
        if command.id:
            self._memory.keep(who, command.id, task)
        return task


async def _carry_out(command: c.Command, actor: Actor, run: RunHandle) -> Reply:
    try:
        authorize(actor, command.type)
        reply = await run.submit(command, actor)
    except Refused as error:
        return ErrorReply(id=command.id, code=error.code, message=str(error))
    except ProtocolError as error:
        return ErrorReply(id=command.id, code=error.code, message=str(error), field=error.field)
    except Exception:
        LogContext(logger, run.id, actor.viewer_id).error("%s has failed", command.type, exc_info=True)
        code = JumpseatError.code
        return ErrorReply(id=command.id, code=code, message="the server has failed at this; its log says why")
    return _with_id(reply, command.id)


def _id_of(message: Message) -> str | None:
    try:
        return (c.from_object(message) if isinstance(message, dict) else c.parse(message)).id
    except ProtocolError as error:
        return error.id


def _with_id(reply: Reply | None, id: str | None) -> Reply:
    """The answer carries the command's id, whether or not the run has put it there."""
    if reply is None:
        return Ack(id=id)
    return reply.model_copy(update={"id": id}) if "id" in type(reply).model_fields else reply
