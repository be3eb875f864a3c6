"""One open connection of a viewer, why the server closes it, and the signal that does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from enum import Enum
from types import TracebackType
from typing import Any

from media.aio import race
from signaling.access.authentication import RequestContext


class CloseReason(Enum):
    """Why the server closes a connection, with the WebSocket close code that says so (RFC 6455 §7.4.1)."""

    REVOKED = (1008, "this link has been revoked")
    EXPIRED = (1008, "this link has expired")
    KEY_GONE = (1008, "this key is no longer valid")
    TOO_SLOW = (1013, "too slow: come back with since")
    GOING_AWAY = (1001, "the server is stopping")

    @property
    def code(self) -> int:
        return self.value[0]

    @property
    def text(self) -> str:
        return self.value[1]


class CloseSignal:
    """Stops the work of one connection when the server wants it closed."""

    def __init__(self) -> None:
        self._set = asyncio.Event()
        self.reason: CloseReason | None = None
        """Why the server closes the connection; None until it does, and where the other side has closed it."""

    def set(self, reason: CloseReason) -> None:
        """Asks for the connection to be closed; the first reason counts."""
        self.reason = self.reason or reason
        self._set.set()

    async def wait(self) -> None:
        """Waits until the server wants the connection closed."""
        await self._set.wait()

    async def run_until_set(self, *work: Coroutine[Any, Any, None]) -> None:
        """Runs the coroutines until one of them ends or the signal is set; the others are cancelled then."""
        await race(*work, self.wait())


class Connection:
    """An open connection of one viewer. It holds a viewer slot, and has joined the run, until it is closed."""

    def __init__(
        self,
        context: RequestContext,
        transport: str,
        request_close: Callable[[CloseReason], None],
        *,
        takes_slot: bool,
        joins: bool,
        on_closed: Callable[[Connection], None],
    ) -> None:
        """
        Args:
            request_close: see `ConnectionRegistry.open`.
            on_closed: called once, when the connection has been closed.
        """
        self.context = context
        self.transport = transport
        self.takes_slot = takes_slot
        self.joins = joins
        self.request_close = request_close
        """Asks the transport to close the connection soon; safe to repeat."""
        self._on_closed: Callable[[Connection], None] | None = on_closed
        self._expiry: asyncio.TimerHandle | None = None

    def expire_after(self, seconds: float, on_expired: Callable[[], None]) -> None:
        """Calls ``on_expired`` when the connection's token expires, unless the connection has been closed by then."""
        self._expiry = asyncio.get_running_loop().call_later(max(seconds, 0), on_expired)

    def close(self) -> None:
        """Reports that the transport has ended; safe to repeat."""
        on_closed, self._on_closed = self._on_closed, None
        if self._expiry is not None:
            self._expiry.cancel()
        if on_closed is not None:
            on_closed(self)

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()
