"""The SOCKS5 proxy on loopback that stands between one driven browser and the network.

Everything that a page can send by TCP comes through here: pages and what they load, redirects, frames, workers,
WebSockets, and TURN over TCP; QUIC and WebTransport do not pass a proxy at all. The browser names the host and asks no
name server itself. Here the name is looked up once, the answer is checked, and the connection is made to the very
address that was checked, so that an answer that changes in between (DNS rebinding) changes nothing. Rules of the
browser's own by name or by address cannot do that, and interception of requests by Playwright switches the HTTP cache
off, does not see WebSockets' addresses, and costs a round trip for every request.

It is in the way always, because a name may lead to a cloud's metadata service whatever ``JUMPSEAT_ALLOW_PRIVATE`` is.
That costs a copy of each byte, and a page cannot hold more than 96 connections at a time.

Behind a company's proxy the connection is made by that: a name that can be looked up here is checked as any other, and
asked for by name; which address it then leads to, and names that only the proxy knows, are for the proxy to judge.

Not covered: WebRTC's UDP where private addresses are allowed (a page then reaches only hosts that answer STUN), and a
browser on another machine that a run is attached to, which cannot come through here.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from media.aio import cancel_and_wait
from runner.egress.dns import DnsCache, Resolver
from runner.egress.policy import Address, EgressPolicy, host_and_port, origin
from runner.egress.socks import (
    HOST_UNREACHABLE,
    NOT_ALLOWED,
    SUCCEEDED,
    BadHandshake,
    Handshake,
    TunnelEnd,
    build_reply,
)
from runner.egress.upstream import UpstreamProxy

logger = logging.getLogger(__name__)

Dial = Callable[[Callable[[], TunnelEnd], Address, int], Awaitable[None]]
"""Makes a connection to exactly this address and port. Raises OSError."""

_HANDSHAKE_SECONDS = 10.0
_DIAL_SECONDS = 30.0
_LOOKUP_SECONDS = 3.0
"""Where a proxy may know a name that this machine does not."""
_NEXT_ADDRESS_SECONDS = 5.0
"""An address that does not answer is given up after this where there is another."""
_MAX_CONNECTIONS = 96
"""Each takes two file descriptors; with the usual 1024 of them, four hostile pages leave enough to the server."""
_MAX_REMEMBERED = 256
_MAX_REPORTED = 200
"""Hosts and ports that are reported; the log writes fewer of them, and counts the others."""
_ERRORS = {
    errno.ECONNREFUSED: "nothing answers there; is the server running?",
    errno.ENETUNREACH: "its network cannot be reached",
    errno.EHOSTUNREACH: "its network cannot be reached",
}


class EgressRefused(Exception):
    """Raised where the policy does not allow a connection; the message is the end of a sentence."""


async def dial(factory: Callable[[], TunnelEnd], address: Address, port: int) -> None:
    """Opens the connection by the operating system. Raises OSError."""
    await asyncio.get_running_loop().create_connection(factory, str(address), port)


class EgressProxy:
    """Listens for one browser, and connects it to what the policy allows; close it with `aclose`."""

    def __init__(
        self,
        policy: EgressPolicy | None = None,
        *,
        resolver: Resolver | None = None,
        dial: Dial = dial,
        upstream: UpstreamProxy | None = None,
    ) -> None:
        """
        Args:
            policy: which addresses may be reached; by default all but those that are never allowed.
            resolver: looks names up; by default the operating system.
            dial: opens connections; tests lead them elsewhere.
            upstream: the proxy by which other networks are reached, where there is one.
        """
        self.on_refused: Callable[[str], None] = logger.warning
        """Called with one sentence for each host and port that is refused, the first time, without path or query."""
        self.policy = policy or EgressPolicy()
        """Which addresses may be reached; the ports of the server itself are added once it listens."""
        self._dns = DnsCache(resolver)
        self._dial = dial
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._open: set[ClientEnd] = set()
        self._failures: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._refused: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._reported: set[tuple[str, int]] = set()

    @property
    def url(self) -> str | None:
        """Returns the proxy's address for the browser, ``socks5://127.0.0.1:PORT``; None before `start`."""
        return f"socks5://127.0.0.1:{self._port}" if self._server is not None else None

    async def start(self) -> None:
        """Listens on a free port of loopback."""
        self._server = await asyncio.get_running_loop().create_server(lambda: ClientEnd(self), "127.0.0.1", 0)

    async def aclose(self) -> None:
        """Cuts every connection, and waits until all have ended. Safe to repeat."""
        if self._server is not None:
            self._server.close()
        await cancel_and_wait(*filter(None, [client.cancel() for client in tuple(self._open)]))
        await self._dns.aclose()

    def refusal(self, url: str) -> str | None:
        """Returns one sentence where the newest connection to this URL's host and port was refused, else None."""
        reason = self._refused.get(host_and_port(urlsplit(url)))
        return f"{origin(url)} is not opened: {reason}" if reason else None

    def failure(self, url: str) -> str | None:
        """Returns why the newest connection to this URL's host and port could not be made; None where it was made."""
        return self._failures.get(host_and_port(urlsplit(url)))

    # For the client ends

    def admit(self, client: ClientEnd) -> bool:
        """Counts the connection in, or returns False where there are too many."""
        if len(self._open) >= _MAX_CONNECTIONS:
            return False
        self._open.add(client)
        return True

    def release(self, client: ClientEnd) -> None:
        """Counts the connection out."""
        self._open.discard(client)

    async def connect(self, client: ClientEnd, host: str, port: int) -> None:
        """Joins the client with that host, or remembers why not and raises EgressRefused or OSError."""
        self._failures.pop((host, port), None)
        self._refused.pop((host, port), None)
        try:
            async with asyncio.timeout(_DIAL_SECONDS):
                await self._connect(client, host, port)
        except EgressRefused as refused:
            self._refuse(host, port, str(refused))
            raise
        except OSError as error:
            _remember(self._failures, (host, port), _explain_error(error))
            raise

    async def _connect(self, client: ClientEnd, host: str, port: int) -> None:
        if (reason := self.policy.refusal_of_name(host)) is not None:
            raise EgressRefused(reason)
        addresses = await self._addresses(host)
        reasons = [self._refusal(address, port) for address in addresses]
        allowed = [address for address, reason in zip(addresses, reasons, strict=True) if reason is None]
        if self._upstream is not None and self._upstream.handles(host, addresses):
            # The proxy looks the name up by itself: it may choose any of its addresses.
            if len(allowed) < len(addresses):
                raise EgressRefused(next(filter(None, reasons)))
            await self._upstream.dial(lambda: ServerEnd(client), host, port)
            return
        if not allowed:
            raise EgressRefused(next(filter(None, reasons), "it has no address"))
        await self._dial_first_reachable(client, allowed, port)

    async def _addresses(self, host: str) -> tuple[Address, ...]:
        """Looks the host up; returns no address where only the upstream proxy knows it. Raises OSError."""
        if self._upstream is None or not self._upstream.handles(host, ()):
            return await self._dns.addresses(host)
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                return await self._dns.addresses(host)
        except OSError:
            return ()

    def _refusal(self, address: Address, port: int) -> str | None:
        if port == self._port and address.is_loopback:
            return f"{address} with port {port} is this jumpseat server itself, which no page may reach"
        return self.policy.refusal(address, port)

    async def _dial_first_reachable(self, client: ClientEnd, addresses: list[Address], port: int) -> None:
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(_NEXT_ADDRESS_SECONDS):
                    await self._dial(lambda: ServerEnd(client), address, port)
                return
            except OSError:
                continue
        await self._dial(lambda: ServerEnd(client), addresses[-1], port)

    def _refuse(self, host: str, port: int, reason: str) -> None:
        _remember(self._refused, (host, port), reason)
        if (host, port) not in self._reported and len(self._reported) < _MAX_REPORTED:
            self._reported.add((host, port))
            self.on_refused(f"the page was kept from {host} port {port}: {reason}")

    @property
    def _port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1]) if self._server and self._server.sockets else 0


class ClientEnd(TunnelEnd):
    """The browser's end of a tunnel: takes the SOCKS handshake first, then forwards bytes."""

    def __init__(self, proxy: EgressProxy) -> None:
        super().__init__()
        self._proxy = proxy
        self._handshake = Handshake()
        self._connecting: asyncio.Task[None] | None = None
        self._handshake_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._proxy.admit(self):
            self.abort()
            return
        self._handshake_timer = asyncio.get_running_loop().call_later(_HANDSHAKE_SECONDS, self.abort)

    def data_received(self, data: bytes) -> None:
        if self._peer is not None:
            super().data_received(data)
            return
        try:
            answer = self._handshake.feed(data)
        except BadHandshake:
            self.abort()
            return
        if self.transport is not None:
            self.transport.write(answer)
        if self._handshake.target is not None:
            self._stop_handshake_timer()
            self._connecting = asyncio.ensure_future(self._connect(*self._handshake.target))

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._stop_handshake_timer()
        self._proxy.release(self)
        if self._connecting is not None:
            self._connecting.cancel()

    def cancel(self) -> asyncio.Task[None] | None:
        """Cuts the connection; returns the task to wait for, if one still connects."""
        self.abort()
        if self._connecting is not None:
            self._connecting.cancel()
        return self._connecting

    def _stop_handshake_timer(self) -> None:
        if self._handshake_timer is not None:
            self._handshake_timer.cancel()

    async def _connect(self, host: str, port: int) -> None:
        try:
            await self._proxy.connect(self, host, port)
        except (EgressRefused, OSError) as error:
            if self.transport is not None:
                self.transport.write(build_reply(NOT_ALLOWED if isinstance(error, EgressRefused) else HOST_UNREACHABLE))
                self.transport.close()


class ServerEnd(TunnelEnd):
    """The network's end of a tunnel; the SOCKS reply goes to the browser before any byte from the network."""

    def __init__(self, client: ClientEnd) -> None:
        super().__init__()
        self._client = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._client.transport is not None:
            self._client.transport.write(build_reply(SUCCEEDED))
        self.join(self._client)


def _remember(known: OrderedDict[tuple[str, int], str], key: tuple[str, int], words: str) -> None:
    known[key] = words
    known.move_to_end(key)
    if len(known) > _MAX_REMEMBERED:
        known.popitem(last=False)


def _explain_error(error: OSError) -> str:
    """Returns what went wrong, in words for a person."""
    if isinstance(error, TimeoutError):
        return "nothing answers there"
    if isinstance(error, socket.gaierror):
        return "no such host is known"
    return _ERRORS.get(error.errno or 0, error.strerror or str(error))
