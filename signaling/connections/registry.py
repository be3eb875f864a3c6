"""The registry of all open connections: it limits them per run and viewer, and closes them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

from control.protocol.shape import Clock, utc_now
from signaling.access.audit import Audit
from signaling.access.authentication import RequestContext, link_revoked
from signaling.connections.connection import CloseReason, Connection
from signaling.connections.slots import Party, ViewerSlots
from signaling.log_adapters import LogContext
from signaling.metrics import Metrics
from signaling.problems import Problem

logger = logging.getLogger(__name__)

_REVOKED_TOKENS = 10_000
"""Revoked tokens that are kept here, for requests that were authorised just before; the store keeps all."""


class ConnectionRegistry:
    """Holds every open connection, and closes those whose token expires or is revoked, or all when the server stops."""

    def __init__(self, slots: ViewerSlots, metrics: Metrics, audit: Audit, *, clock: Clock = utc_now) -> None:
        self._slots = slots
        self._audit = audit
        self._metrics = metrics
        self._clock = clock
        self._open: set[Connection] = set()
        self._revoked: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._closed = asyncio.Event()
        self._stopping = False

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
        """Registers a connection, takes a slot, and joins the run.

        Args:
            request_close: has the transport close the connection soon. It is called at most once for each reason, and
                must not wait.
            takes_slot: False where another server carries the connection's traffic.
            joins: False where the run does not count the connection as a viewer: it is one of many short ones.

        Raises Busy, or Problem where the token has just been revoked (401) or the server is stopping (503).
        """
        if self._stopping:
            raise Problem(503, "the server is stopping", headers={"Retry-After": "5"})
        if any((context.run.id, id) in self._revoked for id in context.credential.token_ids):
            raise link_revoked()
        if takes_slot:
            self._slots.take(context.run.id, Party.of(context))
        elif not joins:
            self._slots.take_poll(context.run.id, context.credential.identity)
        connection = Connection(
            context, transport, request_close, takes_slot=takes_slot, joins=joins, on_closed=self._on_closed
        )
        claims = context.credential.claims
        if claims is not None:
            seconds = (claims.opened_until - self._clock()).total_seconds()
            connection.expire_after(seconds, lambda: self._request_close(connection, CloseReason.EXPIRED))
        self._open.add(connection)
        self._metrics.connections.labels(transport).inc()
        if joins:
            self._audit.watched(context, transport)
            context.run.join(context.actor)
            LogContext(logger, context.run.id, context.actor.viewer_id).info("%s open", transport)
        return connection

    def revoke(self, run_id: str, token_id: str) -> None:
        """Closes every connection that was opened with this token or with one that was derived from it."""
        self._revoked[(run_id, token_id)] = None
        if len(self._revoked) > _REVOKED_TOKENS:
            self._revoked.popitem(last=False)
        for connection in tuple(self._open):
            if connection.context.run.id == run_id and token_id in connection.context.credential.token_ids:
                self._request_close(connection, CloseReason.REVOKED)

    def revoke_owner(self, identity: str) -> None:
        """Closes every connection of an owner who has no valid key any more, tickets of its keys included."""
        for connection in tuple(self._open):
            if connection.context.credential.identity == identity:
                self._request_close(connection, CloseReason.KEY_GONE)

    async def aclose(self) -> None:
        """Closes every connection, accepts no new one, and waits; safe to repeat."""
        self._stopping = True
        for connection in tuple(self._open):
            self._request_close(connection, CloseReason.GOING_AWAY)
        while self._open:
            self._closed.clear()
            await self._closed.wait()

    def _request_close(self, connection: Connection, reason: CloseReason) -> None:
        self._metrics.connections_cut.labels(reason.name.lower()).inc()
        connection.request_close(reason)

    def _on_closed(self, connection: Connection) -> None:
        context = connection.context
        self._open.discard(connection)
        self._closed.set()
        self._metrics.connections.labels(connection.transport).dec()
        if connection.takes_slot:
            self._slots.release(context.run.id, Party.of(context))
        elif not connection.joins:
            self._slots.release_poll(context.run.id, context.credential.identity)
        if connection.joins:
            context.run.leave(context.actor.viewer_id)
            LogContext(logger, context.run.id, context.actor.viewer_id).info("%s closed", connection.transport)
