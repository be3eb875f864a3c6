"""What a browser says to a SOCKS5 proxy (RFC 1928), and the tunnel after it."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

DONE, NOT_ALLOWED, UNREACHABLE = 0, 2, 4
"""Replies (RFC 1928 §6)."""
_VERSION = 5
_NO_AUTHENTICATION = 0
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4


class BadHandshake(Exception):
    """Something else than a SOCKS5 client that wants a connection."""


class Handshake:
    """The client's side of the conversation, in pieces as they come."""

    def __init__(self) -> None:
        self._heard = b""
        self._greeted = False
        self.target: tuple[str, int] | None = None
        """Host and port, once the client has said them."""

    def feed(self, data: bytes) -> bytes:
        """What is to be answered at once. Raises BadHandshake."""
        self._heard += data
        if self._heard[:1] not in {b"", bytes([_VERSION])} or self.target is not None:
            raise BadHandshake
        answer = b"" if self._greeted else self._greeting()
        if self._greeted:
            self._request()
        return answer

    def _greeting(self) -> bytes:
        methods = self._heard[1] if len(self._heard) > 1 else 255
        if len(self._heard) < 2 + methods:
            return b""
        if _NO_AUTHENTICATION not in self._heard[2 : 2 + methods]:
            raise BadHandshake
        self._heard = self._heard[2 + methods :]
        self._greeted = True
        return bytes([_VERSION, _NO_AUTHENTICATION])

    def _request(self) -> None:
        if len(self._heard) < 5:
            return
        kind = self._heard[3]
        start, length = {_IPV4: (4, 4), _IPV6: (4, 16), _NAME: (5, self._heard[4])}.get(kind, (0, 0))
        if self._heard[1] != _CONNECT or start == 0:
            raise BadHandshake
        end = start + length
        if len(self._heard) < end + 2:
            return
        if len(self._heard) > end + 2:
            raise BadHandshake
        self.target = _host(kind, self._heard[start:end]), int.from_bytes(self._heard[end:])


def _host(kind: int, raw: bytes) -> str:
    try:
        return raw.decode("ascii") if kind == _NAME else str(ip_address(raw))
    except UnicodeDecodeError:
        raise BadHandshake from None


def reply(code: int) -> bytes:
    """The answer to the request; the address that it carries is of no use to a browser."""
    return bytes([_VERSION, code, 0, _IPV4, 0, 0, 0, 0, 0, 0])


class Pipe(asyncio.Protocol):
    """One end of a tunnel: what it hears the other end says, no faster than that one can."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        """None before the connection is made, and once it has ended."""
        self._other: Pipe | None = None
        self._ended = False

    def join(self, other: Pipe) -> None:
        """From now on the two are one tunnel; the other end may have gone already."""
        self._other, other._other = other, self
        if other.transport is None:
            self.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if (beyond := self._beyond) is not None:
            beyond.write(data)

    def eof_received(self) -> bool:
        """A server may end its half first; the tunnel ends with the second half."""
        self._ended = True
        beyond = self._beyond
        if self._other is None or self._other._ended or beyond is None or beyond.is_closing():
            return False
        beyond.write_eof()
        return True

    def pause_writing(self) -> None:
        if (beyond := self._beyond) is not None:
            beyond.pause_reading()

    def resume_writing(self) -> None:
        if (beyond := self._beyond) is not None:
            beyond.resume_reading()

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        if (beyond := self._beyond) is not None:
            beyond.close()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    @property
    def _beyond(self) -> asyncio.Transport | None:
        return self._other.transport if self._other is not None else None
