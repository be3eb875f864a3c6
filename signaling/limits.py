"""How much one server takes from its visitors, and who has a seat."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from control.errors import Busy
from control.protocol.commands import MAX_MESSAGE_BYTES
from signaling.access.rate_limits import Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Ceilings; beyond them there is an answer that says so, and nothing is queued."""

    viewers: int = 64
    """People per run."""
    connections: int = 16
    """Of one person to one run."""
    body_bytes: int = 2 * 1024 * 1024
    """Of a JSON request."""
    sdp_bytes: int = 128 * 1024
    """Of an offer or a trickled fragment."""
    in_flight: int = 256
    """Commands of one connection that are not answered yet."""
    backlog: int = 4000
    """Messages that wait for one connection, more than a run's log keeps; beyond them it is closed and may come back
    with ``since``."""
    socket_bytes: int = 1024 * 1024
    """A WebSocket message above this ends the connection; one above the protocol's 64 KiB is only refused."""
    connect_seconds: float = 10.0
    """From a WHEP answer to the connection."""
    message_bytes: int = MAX_MESSAGE_BYTES
    """Of a control message."""
    runs: Rate = field(default_factory=lambda: Rate(240, 60))
    """Runs that one credential, and one address, may start."""
    watches: Rate = field(default_factory=lambda: Rate(1200, 60))
    """WHEP sessions that one credential, and one address, may open: a hundred people may share either."""
    tokens: Rate = field(default_factory=lambda: Rate(240, 60))
    """Share tokens that one credential, and one address, may have made."""
    failures: Rate = field(default_factory=lambda: Rate(60, 60))
    """Wrong keys that one address may show."""
    messages: Rate = field(default_factory=lambda: Rate(200, 1))
    """Control messages of one viewer on all transports; pointer moves beyond them are replaced by newer ones."""


class ViewerSlots:
    """Counts people per run, and each person's connections."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._runs: dict[str, Counter[str]] = {}

    def take(self, run_id: str, viewer_id: str) -> None:
        """Raises Busy where the run, or the person, has as many as it may."""
        seats = self._runs.get(run_id, Counter[str]())
        if viewer_id not in seats and len(seats) >= self._limits.viewers:
            raise Busy(f"this run has {len(seats)} viewers, which is as many as it may have: try again later")
        if seats[viewer_id] >= self._limits.connections:
            raise Busy(f"you have {seats[viewer_id]} connections to this run already: close one first")
        seats[viewer_id] += 1
        self._runs[run_id] = seats

    def leave(self, run_id: str, viewer_id: str) -> None:
        seats = self._runs[run_id]
        seats[viewer_id] -= 1
        if not seats[viewer_id]:
            del seats[viewer_id]
        if not seats:
            del self._runs[run_id]
