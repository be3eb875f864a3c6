"""Stands between a driven browser and the network: a SOCKS5 proxy of ours on loopback, one for each browser.

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

from runner.egress.dns import DnsCache, Lookup
from runner.egress.policy import Address, EgressPolicy, host_and_port, origin
from runner.egress.socks import DONE, NOT_ALLOWED, UNREACHABLE, BadHandshake, Handshake, Pipe, reply
from runner.egress.upstream import Upstream

logger = logging.getLogger(__name__)

Dial = Callable[[Callable[[], Pipe], Address, int], Awaitable[None]]
"""Makes a connection to exactly this address and port. Raises OSError."""

_HANDSHAKE_SECONDS = 10.0
_DIAL_SECONDS = 30.0
_LOOKUP_SECONDS = 3.0
"""Where a proxy may know a name that this machine does not."""
_NEXT_ADDRESS_SECONDS = 5.0
"""An address that does not answer is given up after this where there is another."""
_MOST_CONNECTIONS = 96
"""Each takes two file descriptors; with the usual 1024 of them, four hostile pages leave enough to the server."""
_MOST_REMEMBERED = 256
_MOST_TOLD = 200
"""The log tells fewer of them, and counts the others."""
_ERRORS = {
    errno.ECONNREFUSED: "nothing answers there; is the server running?",
    errno.ENETUNREACH: "its network cannot be reached",
    errno.EHOSTUNREACH: "its network cannot be reached",
}


class Refused(Exception):
    """The rules do not allow the connection; the message is the end of a sentence."""


async def dial(factory: Callable[[], Pipe], address: Address, port: int) -> None:
    """By the system."""
    await asyncio.get_running_loop().create_connection(factory, str(address), port)


class EgressProxy:
    """One browser's way to the network."""

    def __init__(
        self,
        reach: EgressPolicy | None = None,
        *,
        lookup: Lookup | None = None,
        dial: Dial = dial,
        upstream: Upstream | None = None,
    ) -> None:
        """``upstream``: the proxy by which other networks are reached, where there is one."""
        self.on_refused: Callable[[str], None] = logger.warning
        """Called with one sentence for each host and port that is refused, the first time, without path or query."""
        self.reach = reach or EgressPolicy()
        """The rules."""
        self._names = DnsCache(lookup)
        self._dial = dial
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._open: set[ClientEnd] = set()
        self._failures: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._refused: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._told: set[tuple[str, int]] = set()

    @property
    def proxy(self) -> str | None:
        """Its address for the browser; None where it was not started."""
        return f"socks5://127.0.0.1:{self._port}" if self._server is not None else None

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(lambda: ClientEnd(self), "127.0.0.1", 0)

    async def aclose(self) -> None:
        """Cuts every connection, and waits; safe to repeat."""
        if self._server is not None:
            self._server.close()
        tasks = [task for inlet in tuple(self._open) if (task := inlet.give_up()) is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._names.aclose()

    def refusal(self, url: str) -> str | None:
        """One sentence where the newest connection to the host and port of this address was refused."""
        reason = self._refused.get(host_and_port(urlsplit(url)))
        return f"{origin(url)} is not opened: {reason}" if reason else None

    def failure(self, url: str) -> str | None:
        """Why the newest connection to the host and port of this address could not be made, where it could not."""
        return self._failures.get(host_and_port(urlsplit(url)))

    # What inlets ask

    def entered(self, inlet: ClientEnd) -> bool:
        """False where there are too many."""
        if len(self._open) >= _MOST_CONNECTIONS:
            return False
        self._open.add(inlet)
        return True

    def left(self, inlet: ClientEnd) -> None:
        self._open.discard(inlet)

    async def connect(self, inlet: ClientEnd, host: str, port: int) -> None:
        """Joins the inlet with that host. Raises Refused or OSError, and remembers why."""
        self._failures.pop((host, port), None)
        self._refused.pop((host, port), None)
        try:
            async with asyncio.timeout(_DIAL_SECONDS):
                await self._connect(inlet, host, port)
        except Refused as refused:
            self._refuse(host, port, str(refused))
            raise
        except OSError as error:
            _remember(self._failures, (host, port), _words(error))
            raise

    async def _connect(self, inlet: ClientEnd, host: str, port: int) -> None:
        if (reason := self.reach.refusal_of_name(host)) is not None:
            raise Refused(reason)
        addresses = await self._addresses(host)
        reasons = [self._refusal(address, port) for address in addresses]
        allowed = [address for address, reason in zip(addresses, reasons, strict=True) if reason is None]
        if self._upstream is not None and self._upstream.takes(host, addresses):
            # The proxy looks the name up by itself: it may choose any of its addresses.
            if len(allowed) < len(addresses):
                raise Refused(next(filter(None, reasons)))
            await self._upstream.dial(lambda: ServerEnd(inlet), host, port)
            return
        if not allowed:
            raise Refused(next(filter(None, reasons), "it has no address"))
        await self._reach_first(inlet, allowed, port)

    async def _addresses(self, host: str) -> tuple[Address, ...]:
        """None where only the proxy knows them. Raises OSError."""
        if self._upstream is None or not self._upstream.takes(host, ()):
            return await self._names.addresses(host)
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                return await self._names.addresses(host)
        except OSError:
            return ()

    def _refusal(self, address: Address, port: int) -> str | None:
        if port == self._port and address.is_loopback:
            return f"{address} with port {port} is this jumpseat server itself, which no page may reach"
        return self.reach.refusal(address, port)

    async def _reach_first(self, inlet: ClientEnd, addresses: list[Address], port: int) -> None:
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(_NEXT_ADDRESS_SECONDS):
                    await self._dial(lambda: ServerEnd(inlet), address, port)
                return
            except OSError:
                continue
        await self._dial(lambda: ServerEnd(inlet), addresses[-1], port)

    def _refuse(self, host: str, port: int, reason: str) -> None:
        _remember(self._refused, (host, port), reason)
        if (host, port) not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add((host, port))
            self.on_refused(f"the page was kept from {host} port {port}: {reason}")

    @property
    def _port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1]) if self._server and self._server.sockets else 0


class ClientEnd(Pipe):
    """The browser's end of a tunnel: first says where to, then is a pipe."""

    def __init__(self, guard: EgressProxy) -> None:
        super().__init__()
        self._guard = guard
        self._handshake = Handshake()
        self._connecting: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._guard.entered(self):
            self.abort()
            return
        self._patience = asyncio.get_running_loop().call_later(_HANDSHAKE_SECONDS, self.abort)

    def data_received(self, data: bytes) -> None:
        if self._other is not None:
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
            self._end_patience()
            self._connecting = asyncio.ensure_future(self._connect(*self._handshake.target))

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._end_patience()
        self._guard.left(self)
        if self._connecting is not None:
            self._connecting.cancel()

    def give_up(self) -> asyncio.Task[None] | None:
        """Cuts it; what is to be waited for, if anything."""
        self.abort()
        if self._connecting is not None:
            self._connecting.cancel()
        return self._connecting

    def _end_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    async def _connect(self, host: str, port: int) -> None:
        try:
            await self._guard.connect(self, host, port)
        except (Refused, OSError) as error:
            if self.transport is not None:
                self.transport.write(reply(NOT_ALLOWED if isinstance(error, Refused) else UNREACHABLE))
                self.transport.close()


class ServerEnd(Pipe):
    """The network's end of a tunnel; the browser is told of it before it hears anything from it."""

    def __init__(self, inlet: ClientEnd) -> None:
        super().__init__()
        self._inlet = inlet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._inlet.transport is not None:
            self._inlet.transport.write(reply(DONE))
        self.join(self._inlet)


def _remember(known: OrderedDict[tuple[str, int], str], key: tuple[str, int], words: str) -> None:
    known[key] = words
    known.move_to_end(key)
    if len(known) > _MOST_REMEMBERED:
        known.popitem(last=False)


def _words(error: OSError) -> str:
    """For a person."""
    if isinstance(error, TimeoutError):
        return "nothing answers there"
    if isinstance(error, socket.gaierror):
        return "no such host is known"
    return _ERRORS.get(error.errno or 0, error.strerror or str(error))
