"""The one door through which every transport's control messages go."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Any

from control import commands as c
from control.errors import JumpseatError, ProtocolError, Refused
from control.events import Ack, ErrorReply, Reply
from control.roles import Actor, authorize
from signaling.metrics import Metrics
from signaling.ports import RunHandle

logger = logging.getLogger(__name__)

_IDS_PER_VIEWER = 256
_VIEWERS = 1024
_LAST_MOMENT = 1.0
"""Seconds."""

Message = str | bytes | dict[str, Any]
"""JSON text, or the object that it stands for."""


class Memory:
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


class Door:
    """Parses, checks the role, does each command once, and words every answer.

    A command that has been let in is carried out even if its sender's connection ends meanwhile.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._memory = Memory()
        self._tasks: set[asyncio.Task[Reply]] = set()

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
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_LAST_MOMENT)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _answer(self, message: Message, actor: Actor, run: RunHandle) -> tuple[Reply, str]:
        try:
            command = c.from_object(message) if isinstance(message, dict) else c.parse(message)
        except ProtocolError as error:
            return ErrorReply(id=error.id, code=error.code, message=str(error), field=error.field), "unknown"
        return await asyncio.shield(self._once(command, actor, run)), command.type

    def _once(self, command: c.Command, actor: Actor, run: RunHandle) -> asyncio.Task[Reply]:
        who = (run.id, actor.viewer_id)
        known = self._memory.find(who, command.id) if command.id else None
        if known is not None:
            return known
        task = asyncio.get_running_loop().create_task(_carry_out(command, actor, run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
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
        logger.error("[run %s] %s has failed", run.id, command.type, exc_info=True)
        code = JumpseatError.code
        return ErrorReply(id=command.id, code=code, message="the server has failed at this; its log says why")
    return _with_id(reply, command.id)


def _with_id(reply: Reply | None, id: str | None) -> Reply:
    """The answer carries the command's id, whether or not the run has put it there."""
    if reply is None:
        return Ack(id=id)
    return reply.model_copy(update={"id": id}) if "id" in type(reply).model_fields else reply
