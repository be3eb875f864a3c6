"""Every open connection, and what ends it: its token's expiry or revocation, a viewer too slow, the server's end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine
from enum import Enum
from types import TracebackType
from typing import Any

from control.errors import Busy
from control.protocol.shape import Clock, utc_now
from media.aio import race
from signaling.access.authentication import RequestContext
from signaling.config import Limits
from signaling.log_adapters import LogContext
from signaling.metrics import Metrics
from signaling.problems import Problem

logger = logging.getLogger(__name__)

_REMEMBERED = 10_000


class CloseReason(Enum):
    """Why the server ends a connection, with the WebSocket close code that says so (RFC 6455 §7.4.1)."""

    REVOKED = (1008, "this link has been revoked")
    EXPIRED = (1008, "this link has expired")
    TOO_SLOW = (1013, "too slow: come back with since")
    GOING_AWAY = (1001, "the server is stopping")

    @property
    def code(self) -> int:
        return self.value[0]

    @property
    def text(self) -> str:
        return self.value[1]


class CloseSignal:
    """The end of one connection, whoever brings it about."""

    def __init__(self) -> None:
        self._said = asyncio.Event()
        self.reason: CloseReason | None = None
        """The server's reason; None where the other side has ended it."""

    def request_close(self, reason: CloseReason) -> None:
        """The first reason counts."""
        self.reason = self.reason or reason
        self._said.set()

    async def during(self, *work: Coroutine[Any, Any, None]) -> None:
        """Does the work until one part of it ends or somebody hangs up; nothing of it goes on after that."""
        await race(*work, self.said())

    async def said(self) -> None:
        """Until the server hangs up."""
        await self._said.wait()


class Connection:
    """One open connection of one viewer; a seat is taken and the run has been joined until it is closed."""

    def __init__(
        self,
        context: RequestContext,
        transport: str,
        request_close: Callable[[CloseReason], None],
        *,
        takes_slot: bool = True,
        joins: bool = True,
    ) -> None:
        self.context = context
        self.transport = transport
        self.takes_slot = takes_slot
        self.joins = joins
        self._request_close = request_close
        self._on_close: Callable[[], None] | None = None
        self._expiry: asyncio.TimerHandle | None = None

    def arm(self, *, clock: Clock, cut: Callable[[CloseReason], None], on_close: Callable[[], None]) -> None:
        """Lets the connection end with its token, and says what closing it does."""
        self._on_close = on_close
        claims = self.context.credential.claims
        if claims is not None:
            left = (claims.expires_at - clock()).total_seconds()
            self._expiry = asyncio.get_running_loop().call_later(max(left, 0), cut, CloseReason.EXPIRED)

    def request_close(self, reason: CloseReason) -> None:
        """Has the connection end, soon; safe to repeat."""
        self._request_close(reason)

    def close(self) -> None:
        """The connection has ended; safe to repeat."""
        on_close, self._on_close = self._on_close, None
        if self._expiry is not None:
            self._expiry.cancel()
        if on_close is not None:
            on_close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()


class ViewerSlots:
    """Counts people per run, and each person's connections."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._runs: dict[str, Counter[str]] = {}

    def take(self, run_id: str, viewer_id: str) -> None:
        """Raises Busy where the run, or the person, has as many as it may."""
        seats = self._runs.get(run_id, Counter[str]())
        if viewer_id not in seats and len(seats) >= self._limits.max_viewers:
            raise Busy(f"this run has {len(seats)} viewers, which is as many as it may have: try again later")
        if seats[viewer_id] >= self._limits.max_connections:
            raise Busy(f"you have {seats[viewer_id]} connections to this run already: close one first")
        seats[viewer_id] += 1
        self._runs[run_id] = seats

    def leave(self, run_id: str, viewer_id: str) -> None:
        seats = self._runs[run_id]
        seats[viewer_id] -= 1
        if not seats[viewer_id]:
            del seats[viewer_id]
        if not seats:
            del self._runs[run_id]


class ConnectionRegistry:
    """The books of all open connections."""

    def __init__(self, slots: ViewerSlots, metrics: Metrics, *, clock: Clock = utc_now) -> None:
        self._slots = slots
        self._metrics = metrics
        self._clock = clock
        self._open: set[Connection] = set()
        self._revoked: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._closed = asyncio.Event()
        self.closing = asyncio.Event()
        """Set once the server is stopping."""

    def __len__(self) -> int:
        return len(self._open)

    def open(
        self,
        context: RequestContext,
        transport: str,
        request_close: Callable[[CloseReason], None],
        *,
        takes_slot: bool = True,
        joins: bool = True,
    ) -> Connection:
        """Takes a seat and joins the run; ``hang_up`` is called at most once for each reason, and must not wait.

        Without ``seated`` it takes none: the connection is another server's, and costs us nothing. Without ``joins``
        nobody is told of it: it is one of many short ones.

        Raises Busy, or Problem where the token was revoked in this very moment or the server is stopping.
        """
        if self.closing.is_set():
            raise Problem(503, "the server is stopping", headers={"Retry-After": "5"})
        if any((context.run.id, id) in self._revoked for id in context.credential.token_ids):
            raise Problem(401, "this link has been revoked: ask for a new one", code="unauthorized")
        if takes_slot:
            self._slots.take(context.run.id, context.actor.viewer_id)
        connection = Connection(context, transport, request_close, takes_slot=takes_slot, joins=joins)
        connection.arm(
            clock=self._clock,
            cut=lambda reason: self._cut(connection, reason),
            on_close=lambda: self._close(connection),
        )
        self._open.add(connection)
        self._metrics.connections.labels(transport).inc()
        if joins:
            context.run.join(context.actor)
            LogContext(logger, context.run.id, context.actor.viewer_id).info("%s open", transport)
        return connection

    def revoke(self, run_id: str, token_id: str) -> None:
        """Cuts every connection that lives by this token or by one derived from it."""
        self._revoked[(run_id, token_id)] = None
        if len(self._revoked) > _REMEMBERED:
            self._revoked.popitem(last=False)
        for connection in tuple(self._open):
            if connection.context.run.id == run_id and token_id in connection.context.credential.token_ids:
                self._cut(connection, CloseReason.REVOKED)

    async def aclose(self) -> None:
        """The server is stopping: ends every connection, opens none any more, and waits."""
        self.closing.set()
        for connection in tuple(self._open):
            self._cut(connection, CloseReason.GOING_AWAY)
        while self._open:
            self._closed.clear()
            await self._closed.wait()

    def _cut(self, connection: Connection, reason: CloseReason) -> None:
        self._metrics.connections_cut.labels(reason.name.lower()).inc()
        connection.request_close(reason)

    def _close(self, connection: Connection) -> None:
        context = connection.context
        self._open.discard(connection)
        self._closed.set()
        self._metrics.connections.labels(connection.transport).dec()
        if connection.takes_slot:
            self._slots.leave(context.run.id, context.actor.viewer_id)
        if connection.joins:
            context.run.leave(context.actor.viewer_id)
            LogContext(logger, context.run.id, context.actor.viewer_id).info("%s closed", connection.transport)
