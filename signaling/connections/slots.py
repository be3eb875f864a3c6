"""Who finds a place to watch a run: places by run, by link and by viewer, with some for its owner and controllers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from control.errors import Busy
from control.protocol.wording import counted
from control.roles import Role
from signaling.access.authentication import RequestContext
from signaling.config import Limits


@dataclass(frozen=True, slots=True)
class Party:
    """A viewer as it counts: by which link it came, and as whom."""

    viewer_id: str
    link: str
    """The identity of its credential, the same for all that was derived from one link or key."""
    role: Role

    @classmethod
    def of(cls, context: RequestContext) -> Party:
        return cls(context.actor.viewer_id, context.credential.identity, context.credential.role)


@dataclass(slots=True)
class _Places:
    """The places of one run that are taken."""

    connections: Counter[str] = field(default_factory=Counter)
    """By viewer."""
    by_link: Counter[str] = field(default_factory=Counter)
    polls: Counter[str] = field(default_factory=Counter)
    """Requests that wait for a picture, by link."""

    @property
    def viewers(self) -> int:
        return len(self.connections)


class ViewerSlots:
    """Counts the viewers of each run by link, and the connections of each viewer."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._runs: dict[str, _Places] = {}

    def take(self, run_id: str, party: Party) -> None:
        """Takes a slot. Raises Busy where there is none for this party, or the viewer has ``max_connections``."""
        places = self._runs.get(run_id) or _Places()
        held = places.connections[party.viewer_id]
        if not held:
            self._refuse_when_full(places, party)
            places.by_link[party.link] += 1
        elif held >= self._limits.max_connections:
            raise Busy(f"you have {counted(held, 'connection')} to this run already: close one first")
        places.connections[party.viewer_id] += 1
        self._runs[run_id] = places

    def release(self, run_id: str, party: Party) -> None:
        """Gives back a slot that was taken."""
        places = self._runs[run_id]
        _decrement(places.connections, party.viewer_id)
        if party.viewer_id not in places.connections:
            _decrement(places.by_link, party.link)
        self._forget_when_empty(run_id, places)

    def take_poll(self, run_id: str, link: str) -> None:
        """Counts a request that waits for a picture. Raises Busy where a link has twice as many as it has viewers."""
        places = self._runs.get(run_id) or _Places()
        if places.polls[link] >= 2 * self._limits.max_viewers:
            raise Busy(f"{places.polls[link]} requests by this link wait for a picture already", retry_after=1)
        places.polls[link] += 1
        self._runs[run_id] = places

    def release_poll(self, run_id: str, link: str) -> None:
        """Gives back what `take_poll` has counted."""
        places = self._runs[run_id]
        _decrement(places.polls, link)
        self._forget_when_empty(run_id, places)

    def _refuse_when_full(self, places: _Places, party: Party) -> None:
        limits, viewers, of_link = self._limits, places.viewers, places.by_link[party.link]
        beyond = {Role.VIEWER: 0, Role.CONTROLLER: limits.reserve, Role.OWNER: 2 * limits.reserve}[party.role]
        if viewers >= limits.max_viewers + beyond:
            raise Busy(f"this run has {counted(viewers, 'viewer')}, which is as many as it may have: try again later")
        if party.role is Role.OWNER:
            return
        # In the reserve a link of a controller gets no more than half.
        most = limits.viewers_by_link if viewers < limits.max_viewers else limits.reserve // 2
        if of_link >= most:
            raise Busy(f"{counted(of_link, 'viewer')} came by this link, and it may bring no more: ask for another one")

    def _forget_when_empty(self, run_id: str, places: _Places) -> None:
        if not places.connections and not places.polls:
            del self._runs[run_id]


def _decrement(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
