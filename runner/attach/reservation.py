"""Where an attach session will be found by its clients: known, and waiting for them, before it is there."""

from __future__ import annotations

import secrets
import select
import socket
from dataclasses import dataclass, field


def _unguessable() -> str:
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointReservation:
    """A socket on loopback that listens, and the names by which a session is found there.

    Clients that come before the session accepts them wait.
    """

    socket: socket.socket
    session_id: str = field(default_factory=_unguessable)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """The path of the address: whoever knows it can run code."""

    @classmethod
    def make(cls, port: int = 0) -> EndpointReservation:
        """Reserves the port, 0: any. Raises OSError where it cannot be had."""
        return cls(socket=socket.create_server(("127.0.0.1", port), backlog=128))

    @property
    def address(self) -> str:
        """The address for clients."""
        return f"ws://127.0.0.1:{self.socket.getsockname()[1]}/{self.token}"

    @property
    def is_called(self) -> bool:
        """True while somebody waits to be accepted."""
        waiting = select.poll()
        waiting.register(self.socket, select.POLLIN)
        return bool(waiting.poll(0))

    def close(self) -> None:
        """Gives the port back; who waits is refused. Safe to repeat."""
        self.socket.close()
