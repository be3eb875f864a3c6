"""The one way of every transport's commands to a run: parsed once, authorized once, carried out once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Any

from control.errors import Forbidden, JumpseatError, ProtocolError, RateLimited, Refused
from control.protocol import commands as c
from control.protocol.audit import AuditAction
from control.protocol.events import Ack, ErrorReply, Reply
from control.roles import authorize
from media.aio import TaskSet
from signaling.access.audit import Audit
from signaling.access.authentication import RequestContext
from signaling.access.rate_limits import RateMeter
from signaling.config import Limits
from signaling.log_adapters import LogContext
from signaling.metrics import Metrics
from signaling.ports import RunHandle

logger = logging.getLogger(__name__)

_IDS_PER_VIEWER = 256
_VIEWERS = 1024
_CLOSE_SECONDS = 1.0
"""How long commands that are under way may go on once the server is stopping."""

Message = str | bytes | dict[str, Any]
"""JSON text, or the object that it stands for."""


class IdempotencyCache:
    """Holds the answers to each viewer's latest commands that had an id, so that one that comes twice is done once."""

    def __init__(self, *, ids: int = _IDS_PER_VIEWER, viewers: int = _VIEWERS) -> None:
        """``ids``: how many answers are kept for each of ``viewers`` viewers; the oldest are forgotten."""
        self._ids = ids
        self._viewers = viewers
        self._answers: OrderedDict[tuple[str, str], OrderedDict[str, asyncio.Task[Reply]]] = OrderedDict()

    def get(self, sender: tuple[str, str], id: str) -> asyncio.Task[Reply] | None:
        """Returns the answer to this sender's command of that id, which may still be under way."""
        answers = self._answers.get(sender)
        return answers.get(id) if answers else None

    def put(self, sender: tuple[str, str], id: str, answer: asyncio.Task[Reply]) -> None:
        """Keeps the answer for the next time that the command comes."""
        answers = self._answers.setdefault(sender, OrderedDict())
        answers[id] = answer
        self._answers.move_to_end(sender)
        if len(answers) > self._ids:
            answers.popitem(last=False)
        if len(self._answers) > self._viewers:
            self._answers.popitem(last=False)


class CommandDispatcher:
    """Parses each message, checks the sender's role, has each command carried out once, and words every answer.

    A command that was begun is carried out even if its sender's connection ends meanwhile.
    """

    def __init__(self, metrics: Metrics, limits: Limits, audit: Audit) -> None:
        self._metrics = metrics
        self._audit = audit
        self._limits = limits
        self._meter = RateMeter(limits.message_rate)
        self._cache = IdempotencyCache()
        self._tasks = TaskSet(logger)

    def admit(self, run: RunHandle, sender: str) -> float | None:
        """Counts one message of the sender; returns the seconds to wait where it is one too many, else None."""
        return self._meter.take(f"{run.id}/{sender}")

    def refuse(self, id: str | None = None) -> ErrorReply:
        """Returns the answer to a message that was one too many; ``id`` is the message's own."""
        self._metrics.commands.labels("unknown", RateLimited.code).inc()
        text = f"too many messages: at most {self._limits.message_rate}, this one was not carried out"
        return ErrorReply(id=id, code=RateLimited.code, message=text)

    def count_dropped_move(self) -> None:
        """Counts a pointer move that was replaced by a newer one, or is not allowed."""
        self._metrics.moves_dropped.inc()

    def parse(self, message: Message) -> c.Command:
        """Returns the command that the message holds. Raises ProtocolError."""
        if isinstance(message, dict):
            return c.from_object(message)
        return c.parse(message, max_bytes=self._limits.max_message)

    async def dispatch(self, message: Message | c.Command, context: RequestContext) -> Reply:
        """Has the run carry out the command and returns the answer for its sender; raises CancelledError only.

        A command that its transport had to parse already is taken as it is. Commands are carried out in the order of
        the calls, up to the first wait of `RunHandle.submit`.
        """
        started = time.perf_counter()
        reply, kind = await self._dispatch(message, context)
        outcome = reply.code if isinstance(reply, ErrorReply) else "done"
        self._metrics.commands.labels(kind, outcome).inc()
        self._metrics.command_seconds.observe(time.perf_counter() - started)
        return reply

    async def aclose(self) -> None:
        """Gives the commands that are under way a moment to end, and cancels the rest."""
        await self._tasks.join(_CLOSE_SECONDS)
        await self._tasks.aclose()

    async def _dispatch(self, message: Message | c.Command, context: RequestContext) -> tuple[Reply, str]:
        """Returns the answer, and the command's type for the metrics."""
        try:
            command = self.parse(message) if isinstance(message, str | bytes | dict) else message
        except ProtocolError as error:
            return _error(error, error.id), "unknown"
        try:
            authorize(context.actor, command.type)
        except Forbidden as error:
            return _error(error, command.id), command.type
        return await asyncio.shield(self._once(command, context)), command.type

    def _once(self, command: c.Command, context: RequestContext) -> asyncio.Task[Reply]:
        sender = (context.run.id, context.actor.viewer_id)
        known = self._cache.get(sender, command.id) if command.id else None
        if known is not None:
            return known
        task = self._tasks.spawn(self._submit(command, context))
        if command.id:
            self._cache.put(sender, command.id, task)
        return task

    async def _submit(self, command: c.Command, context: RequestContext) -> Reply:
        run, actor = context.run, context.actor
        try:
            reply = await run.submit(command, actor)
        except (Refused, ProtocolError) as error:
            return _error(error, command.id)
        except Exception:
            LogContext(logger, run.id, actor.viewer_id).error("%s has failed", command.type, exc_info=True)
            code = JumpseatError.code
            return ErrorReply(id=command.id, code=code, message="the server has failed at this; its log says why")
        if isinstance(command, c.LiftCovers):
            self._audit.record(AuditAction.LIFTED_COVERS, context, "shown" if command.lifted else "covered")
        if not (isinstance(command, c.Pick) and command.preview):
            self._audit.steered(context, command.type)
        return _with_id(reply, command.id)


def _error(error: JumpseatError, id: str | None) -> ErrorReply:
    field = error.field if isinstance(error, ProtocolError) else None
    return ErrorReply(id=id, code=error.code, message=str(error), field=field)


def _with_id(reply: Reply | None, id: str | None) -> Reply:
    """Returns the answer with the command's id, whether or not the run has put it there."""
    if reply is None:
        return Ack(id=id)
    return reply.model_copy(update={"id": id}) if "id" in type(reply).model_fields else reply
