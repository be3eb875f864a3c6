"""The renditions of one codec, and which of them each viewer gets. No I/O and no clock of its own."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from media.rtp.bandwidth import BandwidthEstimator

V = TypeVar("V")

CAP_SECONDS = 10.0
"""A bit rate that somebody outside asked for and has not repeated for this long no longer counts."""
NEAR = 0.75
"""A viewer stays with others that can take more if it can take this share of it: they lose no more than the rest."""
ENTRY = 1.25
"""How much more than its floor a rendition above asks of a newcomer, so that nobody falls out again at once."""


class Rendition(StrEnum):
    """The rungs of the ladder, best first."""

    FULL = "full"
    HALF = "half"
    SLOW = "slow"

    @property
    def divisor(self) -> int:
        """By what width and height are divided."""
        return 1 if self is Rendition.FULL else 2

    def fps(self, most: int) -> int:
        """Pictures per second where the stream has `most` of them."""
        return min(most, 5) if self is Rendition.SLOW else most

    def ceiling(self, bitrate: int) -> int:
        """The most it may have, in bits per second, where the stream may have `bitrate`."""
        return int(bitrate * _SHARES[self][1])

    def floor(self, bitrate: int) -> int:
        """The least that it is worth having at, in bits per second."""
        return int(bitrate * _SHARES[self][0])


_SHARES = {Rendition.FULL: (0.24, 1.0), Rendition.HALF: (0.08, 0.4), Rendition.SLOW: (0.03, 0.1)}
"""Of the stream's bit rate: 600, 200 and 75 kbit/s at least and 2500, 1000 and 250 at most at the default."""


@dataclass
class _Place:
    rendition: Rendition
    path: BandwidthEstimator
    pinned: bool
    cap: tuple[int, float] | None = field(default=None)


class Ladder(Generic[V]):
    """Gives each viewer the best rendition that its path takes, and each rendition the bit rate that its viewers take.

    Nobody pays for a slower viewer: one that can take less than three quarters of what the best on its rendition can
    moves down, and those that are as good as alike get what the least of them takes. A pinned viewer never moves, so
    that all on the full rendition share its limit.

    All times in seconds of one steady clock, all rates in bits per second.
    """

    def __init__(self, bitrate: int) -> None:
        """
        Args:
            bitrate: the most that the full rendition may have.
        """
        self._bitrate = bitrate
        self._places: dict[V, _Place] = {}
        self._targets = {rendition: rendition.ceiling(bitrate) for rendition in Rendition}

    def join(self, viewer: V, *, pinned: bool = False) -> Rendition:
        """Everybody starts on the full rendition."""
        self._places[viewer] = _Place(Rendition.FULL, BandwidthEstimator(self._bitrate), pinned)
        return Rendition.FULL

    def leave(self, viewer: V) -> None:
        del self._places[viewer]

    def path(self, viewer: V) -> BandwidthEstimator:
        """Where to note what the viewer's receiver reports."""
        return self._places[viewer].path

    def cap(self, viewer: V, bitrate: int, now: float) -> None:
        """Notes a limit that somebody else has found; it holds for ten seconds."""
        self._places[viewer].cap = bitrate, now

    def settle(self, now: float) -> list[tuple[V, Rendition]]:
        """Moves viewers and sets the targets; returns those that were moved, each with its new rendition."""
        limits = {viewer: self._limit(place, now) for viewer, place in self._places.items()}
        moved = []
        for viewer, place in self._places.items():
            if place.pinned or (place.rendition is Rendition.FULL and limits[viewer] >= self._bitrate):
                continue
            best = self._best(viewer, limits)
            if best is not place.rendition:
                place.rendition = best
                moved.append((viewer, best))
        self._targets = {rendition: self._target(rendition, limits) for rendition in Rendition}
        return moved

    def target(self, rendition: Rendition) -> int:
        """What the rendition's encoder should aim at, as last settled."""
        return self._targets[rendition]

    def _target(self, rendition: Rendition, limits: dict[V, float]) -> int:
        ceiling, floor = rendition.ceiling(self._bitrate), rendition.floor(self._bitrate)
        on_it = (limits[viewer] for viewer, place in self._places.items() if place.rendition is rendition)
        return int(max(floor, min(ceiling, min(on_it, default=ceiling))))

    def _best(self, viewer: V, limits: dict[V, float]) -> Rendition:
        return next((each for each in Rendition if self._takes(viewer, each, limits)), Rendition.SLOW)

    def _takes(self, viewer: V, rendition: Rendition, limits: dict[V, float]) -> bool:
        order = list(Rendition)
        rises = order.index(rendition) < order.index(self._places[viewer].rendition)
        others = (limits[v] for v, place in self._places.items() if v is not viewer and place.rendition is rendition)
        ceiling, floor = rendition.ceiling(self._bitrate), rendition.floor(self._bitrate)
        company = min(ceiling, max(others, default=0.0)) * (1.0 if rises else NEAR)
        return min(limits[viewer], ceiling) >= max(company, floor * (ENTRY if rises else 1.0))

    def _limit(self, place: _Place, now: float) -> float:
        limits = [float(self._bitrate)]
        if place.path.limit is not None:
            limits.append(place.path.limit)
        if place.cap is not None and now - place.cap[1] < CAP_SECONDS:
            limits.append(place.cap[0])
        return min(limits)
