"""The listening sockets of one port: what is accepted, and what is done where the system can give no more."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from media.aio import TaskSet
from signaling.access.proxies import TrustedProxies
from signaling.access.rate_limits import network
from signaling.http.http_connections import HttpConnection, HttpConnections
from signaling.metrics import Metrics

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
"""How long nothing is accepted once the system has no descriptor or memory left for a connection."""
_TELL_SECONDS = 60.0
"""How often, at most, such a lack is logged; each time is counted."""


class Listener:
    """Accepts the connections of one port, and hands each to aiohttp's protocol.

    asyncio's own server would print a traceback for each of 128 attempts a second while there is no descriptor left,
    and would count no connection before its TLS handshake has ended.
    """

    def __init__(
        self,
        factory: Callable[[], asyncio.Protocol],
        connections: HttpConnections,
        *,
        proxies: TrustedProxies,
        tls: ssl.SSLContext | None,
        handshake_seconds: float,
        metrics: Metrics,
    ) -> None:
        """``factory`` makes aiohttp's protocol for one connection."""
        self._factory = factory
        self._connections = connections
        self._proxies = proxies
        self._tls = tls
        self._handshake_seconds = handshake_seconds
        self._metrics = metrics
        self._sockets: list[socket.socket] = []
        self._tasks = TaskSet(logger)
        self._told_at: float | None = None

    def serve(self, sockets: Sequence[socket.socket]) -> int:
        """Accepts what comes to these sockets, which listen already, and returns their port."""
        for listening in sockets:
            listening.setblocking(False)
            self._sockets.append(listening)
            self._tasks.spawn(self._accept(listening))
        return int(self._sockets[0].getsockname()[1])

    async def aclose(self) -> None:
        """Stops listening; what was accepted goes on. Safe to repeat."""
        await self._tasks.aclose()
        for listening in self._sockets:
            listening.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError as error:
                self._metrics.accept_errors.labels(errno.errorcode.get(error.errno or 0, "other")).inc()
                if error.errno != errno.ECONNABORTED:
                    self._tell(error)
                    await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._open(accepted, str(address[0]))

    def _open(self, accepted: socket.socket, address: str) -> None:
        party = None if self._proxies.trusts(address) else network(address)
        connection = self._connections.admit(self._factory(), party)
        if connection is None:
            accepted.close()
            return
        connection.opening = self._tasks.spawn(self._connect(accepted, connection))

    async def _connect(self, accepted: socket.socket, connection: HttpConnection) -> None:
        loop = asyncio.get_running_loop()
        seconds = self._handshake_seconds if self._tls else None
        try:
            with suppress(OSError):  # of a client that leaves, or speaks no TLS
                await loop.connect_accepted_socket(
                    lambda: connection, accepted, ssl=self._tls, ssl_handshake_timeout=seconds
                )
        finally:
            connection.opened()

    def _tell(self, error: OSError) -> None:
        now = time.monotonic()
        if self._told_at is None or now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            logger.warning(
                "no connection can be accepted: %s; see jumpseat_accept_errors_total in /metrics", error.strerror
            )
