"""The SOCKS5 handshake (RFC 1928) on the proxy's side, and the ends of the tunnel that follows it."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

SUCCEEDED, NOT_ALLOWED, HOST_UNREACHABLE = 0, 2, 4
"""Replies (RFC 1928 §6)."""
_VERSION = 5
_NO_AUTHENTICATION = 0
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4


class BadHandshake(Exception):
    """Raised for anything but a SOCKS5 client that asks for a connection."""


class Handshake:
    """Reads the client's side of the handshake, in pieces as they arrive."""

    def __init__(self) -> None:
        self._received = b""
        self._greeted = False
        self.target: tuple[str, int] | None = None
        """Host and port, once the client has said them."""

    def feed(self, data: bytes) -> bytes:
        """Takes the next bytes, and returns what is to be answered at once. Raises BadHandshake."""
        self._received += data
        if self._received[:1] not in {b"", bytes([_VERSION])} or self.target is not None:
            raise BadHandshake
        answer = b"" if self._greeted else self._greeting()
        if self._greeted:
            self._request()
        return answer

    def _greeting(self) -> bytes:
        methods = self._received[1] if len(self._received) > 1 else 255
        if len(self._received) < 2 + methods:
            return b""
        if _NO_AUTHENTICATION not in self._received[2 : 2 + methods]:
            raise BadHandshake
        self._received = self._received[2 + methods :]
        self._greeted = True
        return bytes([_VERSION, _NO_AUTHENTICATION])

    def _request(self) -> None:
        if len(self._received) < 5:
            return
        kind = self._received[3]
        start, length = {_IPV4: (4, 4), _IPV6: (4, 16), _NAME: (5, self._received[4])}.get(kind, (0, 0))
        if self._received[1] != _CONNECT or start == 0:
            raise BadHandshake
        end = start + length
        if len(self._received) < end + 2:
            return
        if len(self._received) > end + 2:
            raise BadHandshake
        self.target = _host(kind, self._received[start:end]), int.from_bytes(self._received[end:])


def _host(kind: int, raw: bytes) -> str:
    try:
        return raw.decode("ascii") if kind == _NAME else str(ip_address(raw))
    except UnicodeDecodeError:
        raise BadHandshake from None


def build_reply(code: int) -> bytes:
    """Returns the reply to a request (RFC 1928 §6); its bound address is zero, as browsers do not use it."""
    return bytes([_VERSION, code, 0, _IPV4, 0, 0, 0, 0, 0, 0])


class TunnelEnd(asyncio.Protocol):
    """One end of a tunnel: forwards every byte to its peer, no faster than the peer's transport takes it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        """None before the connection is made, and once it has ended."""
        self._peer: TunnelEnd | None = None
        self._ended = False

    def join(self, peer: TunnelEnd) -> None:
        """Makes the two ends one tunnel; the peer may have closed already."""
        self._peer, peer._peer = peer, self
        if peer.transport is None:
            self.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if (peer_transport := self._peer_transport) is not None:
            peer_transport.write(data)

    def eof_received(self) -> bool:
        """Returns True while the other half is open: a server may end its half first."""
        self._ended = True
        peer_transport = self._peer_transport
        if self._peer is None or self._peer._ended or peer_transport is None or peer_transport.is_closing():
            return False
        peer_transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if (peer_transport := self._peer_transport) is not None:
            peer_transport.pause_reading()

    def resume_writing(self) -> None:
        if (peer_transport := self._peer_transport) is not None:
            peer_transport.resume_reading()

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        if (peer_transport := self._peer_transport) is not None:
            peer_transport.close()

    def abort(self) -> None:
        """Cuts the connection at once, without sending what is buffered."""
        if self.transport is not None:
            self.transport.abort()

    @property
    def _peer_transport(self) -> asyncio.Transport | None:
        return self._peer.transport if self._peer is not None else None
