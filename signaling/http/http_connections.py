"""HTTP connections below aiohttp: how many there may be, and how long each may do nothing for a known person."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import web

from signaling.config import Limits
from signaling.metrics import Metrics

_MOST_THROWN_AWAY = 64 * 1024
"""Bytes."""


@dataclass(frozen=True, slots=True)
class ConnectionQuota:
    """How many connections there may be at once."""

    in_all: int
    by_address: int
    """Of those from one address that wait, or whose credential has not been checked."""

    @classmethod
    def of(cls, limits: Limits, descriptors: int) -> ConnectionQuota:
        """Returns what the limits allow of so many descriptors.

        Half of them are left to browsers, the database and ICE, and one address takes half of the rest.
        """
        in_all = max(4, min(limits.max_http_connections, descriptors // 2))
        return cls(in_all, max(2, min(limits.max_http_connections_per_address, in_all // 2)))


class HttpConnections:
    """Holds the connections of all ports, and makes room for a new one by closing the one that has waited longest.

    A connection waits unless a request on it has shown a right credential and is being answered.
    """

    def __init__(self, quota: ConnectionQuota, limits: Limits, metrics: Metrics) -> None:
        self._quota = quota
        self._limits = limits
        self._metrics = metrics
        self._networks: dict[HttpConnection, str | None] = {}
        self._waiting: OrderedDict[HttpConnection, None] = OrderedDict()
        self._waiting_by_network: dict[str, OrderedDict[HttpConnection, None]] = {}

    def __len__(self) -> int:
        return len(self._networks)

    def admit(self, inner: asyncio.Protocol, network: str | None) -> HttpConnection | None:
        """Returns a new connection around aiohttp's protocol, or None where there is no room.

        Args:
            network: the party that is counted; None for a trusted proxy, whose connections are those of many.
        """
        waiting_there = self._waiting_by_network.get(network, ()) if network is not None else ()
        if len(waiting_there) >= self._quota.by_address:
            self._cut(next(iter(waiting_there)), "crowded")
        elif len(self) >= self._quota.in_all:
            if not self._waiting:
                self._metrics.connections_cut.labels("refused").inc()
                return None
            self._cut(next(iter(self._waiting)), "crowded")
        connection = HttpConnection(inner, self, self._limits, is_proxy=network is None)
        self._networks[connection] = network
        self._metrics.http_connections.set(len(self))
        self.wait(connection)
        return connection

    def wait(self, connection: HttpConnection) -> None:
        """Notes that the connection waits, from now on."""
        if connection not in self._networks:
            return
        network = self._networks[connection]
        self._waiting[connection] = None
        self._waiting.move_to_end(connection)
        if network is not None:
            waiting_there = self._waiting_by_network.setdefault(network, OrderedDict())
            waiting_there[connection] = None
            waiting_there.move_to_end(connection)

    def serve(self, connection: HttpConnection) -> None:
        """Notes that the connection serves somebody who is known."""
        self._waiting.pop(connection, None)
        network = self._networks.get(connection)
        waiting_there = self._waiting_by_network.get(network) if network is not None else None
        if network is not None and waiting_there is not None:
            waiting_there.pop(connection, None)
            if not waiting_there:
                del self._waiting_by_network[network]

    def forget(self, connection: HttpConnection) -> None:
        """Notes that the connection has ended; safe to repeat."""
        self.serve(connection)
        self._networks.pop(connection, None)
        self._metrics.http_connections.set(len(self))

    def expire(self, connection: HttpConnection, reason: str) -> None:
        """Cuts a connection whose time is up."""
        self._cut(connection, reason)

    def _cut(self, connection: HttpConnection, reason: str) -> None:
        self._metrics.connections_cut.labels(reason).inc()
        self.forget(connection)
        connection.abort()


class HttpConnection(asyncio.Protocol):
    """One connection: aiohttp's protocol, with deadlines around it."""

    def __init__(
        self, inner: asyncio.Protocol, connections: HttpConnections, limits: Limits, *, is_proxy: bool
    ) -> None:
        self._inner = inner
        self._connections = connections
        self._limits = limits
        self._idle_seconds = limits.proxy_idle_seconds if is_proxy else limits.idle_seconds
        self.opening: asyncio.Task[None] | None = None
        """What makes a transport of the socket, TLS included."""
        self._transport: asyncio.Transport | None = None
        self._idle = False
        self._known = False
        self._thrown_away: int | None = None
        """Bytes, once nothing more is read."""
        self._lost = asyncio.Event()
        self._deadline = self._within(limits.header_seconds, "silent")

    @classmethod
    def of(cls, request: web.Request) -> HttpConnection | None:
        """Returns the connection that the request came by; None where it has ended."""
        protocol = request.transport.get_protocol() if request.transport is not None else None
        return protocol if isinstance(protocol, cls) else None

    @property
    def is_known(self) -> bool:
        """Whether the request under way has shown a right credential."""
        return self._known

    def know(self) -> None:
        """Takes the deadlines from the request under way: its credential has been checked."""
        self._known = True
        self._deadline.cancel()
        self._connections.serve(self)

    def begin_answer(self) -> None:
        """Begins to answer a request, in aiohttp's task for it: somebody who is not known has to take it in time."""
        self._idle = False
        self._renew(self._limits.answer_seconds, "slow")
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(self._end_answer)

    def _end_answer(self, _: asyncio.Task[None]) -> None:
        self._known = False
        if not self._lost.is_set():
            self._idle = True
            self._renew(self._idle_seconds, "idle")
            self._connections.wait(self)

    async def end_unread(self) -> None:
        """Ends the connection of somebody unknown whose body has not come whole.

        What was sent of an answer is lost where the connection is cut too soon after it, hence the wait. Meanwhile a
        little is thrown away unread, so that the end of one who has sent little is noticed; no more is received.
        """
        if self._transport is None:
            return
        self._thrown_away = 0
        if self._transport.can_write_eof():
            self._transport.write_eof()
        try:
            async with asyncio.timeout(self._limits.refused_seconds):
                await self._lost.wait()
        except TimeoutError:
            self.abort()
            await self._lost.wait()

    def abort(self) -> None:
        """Cuts the connection, at whatever stage it is; safe to repeat."""
        self._deadline.cancel()
        if self._transport is not None:
            self._transport.abort()
        elif self.opening is not None:
            self.opening.cancel()

    def opened(self) -> None:
        """Reports that ``opening`` has ended, with a transport or without one."""
        if self._transport is None:
            self._deadline.cancel()
            self._connections.forget(self)

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost.set()
        self._deadline.cancel()
        self._connections.forget(self)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._thrown_away is not None:
            self._throw_away(data)
            return
        if self._idle:
            self._idle = False
            self._renew(self._limits.header_seconds, "slow")
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._thrown_away is not None else self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def _throw_away(self, data: bytes) -> None:
        assert self._thrown_away is not None
        assert self._transport is not None
        self._thrown_away += len(data)
        if self._thrown_away > _MOST_THROWN_AWAY:
            self._transport.pause_reading()

    def _renew(self, seconds: float, reason: str) -> None:
        self._deadline.cancel()
        self._deadline = self._within(seconds, reason)

    def _within(self, seconds: float, reason: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self._connections.expire, self, reason)
