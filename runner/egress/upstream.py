"""The way out of a company's network: its HTTP proxy, asked for a tunnel (CONNECT, RFC 9110 §9.3.6)."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from urllib.parse import unquote, urlsplit

from runner.egress.policy import Address, is_localhost
from runner.egress.socks import TunnelEnd

_LONGEST_HEAD = 16_384
"""Bytes that the proxy may answer before the tunnel."""


class UpstreamProxy:
    """One HTTP proxy, and what is reached without it: loopback always, and what ``direct`` names."""

    def __init__(self, proxy: str, *, direct: Sequence[str] = ()) -> None:
        """
        Args:
            proxy: ``http://[user:password@]host[:port]``.
            direct: names (with all below them), addresses and networks. Raises ValueError for what is none of these.
        """
        parts = urlsplit(proxy)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError("give the address of an HTTP proxy, such as http://proxy.example.com:3128")
        self._address = parts.hostname, parts.port or 80
        login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        self._login = base64.b64encode(login.encode()).decode() if parts.username else None
        self._networks = [ip_network(each, strict=False) for each in direct if re.match(r"[\d.]+(/\d+)?$|.*:", each)]
        self._names = [each.lower().lstrip("*.") for each in direct if not re.match(r"[\d.]+(/\d+)?$|.*:", each)]

    def handles(self, host: str, addresses: Sequence[Address]) -> bool:
        """Returns whether that host, whose addresses may not be known here, is reached by way of the proxy."""
        if is_localhost(host) or any(address.is_loopback for address in addresses):
            return False
        if any(address in network for address in addresses for network in self._networks):
            return False
        name = host.lower().removesuffix(".")
        return not any(name == each or name.endswith(f".{each}") for each in self._names)

    async def dial(self, factory: Callable[[], TunnelEnd], host: str, port: int) -> None:
        """Opens a tunnel to that host and port. Raises OSError."""
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self._login:
            lines.append(f"Proxy-Authorization: Basic {self._login}")
        request = _ConnectRequest("\r\n".join([*lines, "", ""]).encode("ascii", "replace"), factory)
        try:
            transport, _ = await asyncio.get_running_loop().create_connection(lambda: request, *self._address)
        except OSError as error:
            raise OSError("the proxy (JUMPSEAT_PROXY) cannot be reached") from error
        try:
            await request.established
        except BaseException:
            transport.abort()
            raise


class _ConnectRequest(asyncio.Protocol):
    """Waits for the proxy's answer, then hands the connection over to the tunnel."""

    def __init__(self, request: bytes, factory: Callable[[], TunnelEnd]) -> None:
        self._request = request
        self._factory = factory
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.established: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.\d (\d{3})", head)
        if self.established.done() or (not end and len(head) < _LONGEST_HEAD):
            return
        if not end or status is None or not status[1].startswith(b"2"):
            code = status[1].decode() if status else "nothing that is HTTP"
            self.established.set_exception(OSError(f"the proxy (JUMPSEAT_PROXY) answered {code}"))
            return
        assert self._transport is not None
        pipe = self._factory()
        self._transport.set_protocol(pipe)
        pipe.connection_made(self._transport)
        if rest:
            pipe.data_received(rest)
        self.established.set_result(None)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.established.done():
            self.established.set_exception(OSError("the proxy (JUMPSEAT_PROXY) hung up"))
