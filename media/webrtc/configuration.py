"""What a peer is configured with, in plain types: no import of aiortc or aioice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class IceServerLike(Protocol):
    """One STUN or TURN server, as an ``RTCIceServer`` dictionary has it (W3C WebRTC 1.0 §4.2.2)."""

    @property
    def urls(self) -> tuple[str, ...]:
        """``stun:``, ``turn:`` and ``turns:`` addresses."""
        ...

    @property
    def username(self) -> str | None: ...
    @property
    def credential(self) -> str | None: ...


def _always() -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class PeerConfiguration:
    """How one peer reaches its viewer."""

    ice_servers: tuple[IceServerLike, ...] = ()
    """Servers that this end asks for reflexive and relayed candidates; empty: none is asked."""
    ice_addresses: tuple[str, ...] = ()
    """Addresses to offer as host candidates; empty: those of this machine."""
    ice_ports: tuple[int, int] | None = None
    """Lowest and highest UDP port; None: any."""
    may_check: Callable[[], bool] = _always
    """Asked before each connectivity check to an address that has neither answered nor asked; False: it is not sent."""
    connect_seconds: float = 10.0
    """How long the viewer may take to connect after the answer."""
