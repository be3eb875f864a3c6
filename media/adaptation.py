"""Which rendition each viewer gets. No I/O and no clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Generic, Protocol, TypeVar

from media.encoding import Encoding
from media.frames import Codec
from media.renditions import EncodingKey, Rendition
from media.rtp.bandwidth import BandwidthEstimator
from media.subscription import Subscription

SETTLE_SECONDS = 0.25
"""How often viewers are given their renditions: receivers report about once a second."""
NEAR = 0.75
"""A viewer stays with others that can take more if it can take this share of it: they lose no more than the rest."""
ENTRY = 1.25
"""How much more than its floor a rendition above asks of a newcomer, so that nobody falls out again at once."""


class Limited(Protocol):
    """A viewer with an estimate of the path to it."""

    @property
    def bandwidth(self) -> BandwidthEstimator: ...


V = TypeVar("V", bound=Limited)


@dataclass(slots=True)
class _Place:
    rendition: Rendition
    pinned: bool


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
        """Takes in a viewer and returns its rendition: everybody starts on the full one."""
        self._places[viewer] = _Place(Rendition.FULL, pinned)
        return Rendition.FULL

    def leave(self, viewer: V) -> None:
        """Forgets a viewer."""
        del self._places[viewer]

    def settle(self, now: float) -> list[tuple[V, Rendition]]:
        """Moves viewers and sets the targets; returns those that were moved, each with its new rendition."""
        limits = {viewer: viewer.bandwidth.limit_at(now) for viewer in self._places}
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

    def rendition(self, viewer: V) -> Rendition:
        """Returns the rendition that the viewer was given last."""
        return self._places[viewer].rendition

    def target(self, rendition: Rendition) -> int:
        """Returns what the rendition's encoder should aim at, as last settled."""
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


class Adaptation:
    """The encodings of one stream, and which of them each of its viewers is on. All times as for `Ladder`."""

    def __init__(self, *, bitrate: int, fps: int, on_request: Callable[[], None]) -> None:
        """
        Args:
            bitrate: ceiling of each codec, in bits per second.
            fps: pictures per second of the stream.
            on_request: called when somebody asks for a keyframe.
        """
        self._ladders: dict[Codec, Ladder[Subscription]] = {codec: Ladder(bitrate) for codec in Codec}
        keys = [EncodingKey(*key) for key in product(Codec, Rendition, (False, True))]
        self.encodings = {key: Encoding(key, bitrate=bitrate, fps=fps, on_request=on_request) for key in keys}
        self._bitrate = bitrate
        self._settle_at = 0.0
        self._behind: str | None = None

    def active(self) -> list[Encoding]:
        """Returns the encodings that somebody is on or joins."""
        return [encoding for encoding in self.encodings.values() if encoding.active]

    def subscriptions(self) -> list[Subscription]:
        """Returns all viewers."""
        return [subscription for encoding in self.encodings.values() for subscription in encoding.viewers]

    def viewers(self) -> dict[EncodingKey, int]:
        """Returns how many viewers each encoding has."""
        return {key: len(encoding.viewers) for key, encoding in self.encodings.items()}

    def join(
        self,
        codec: Codec,
        *,
        depth: int,
        pinned: bool,
        on_close: Callable[[Subscription], None],
        viewer: str | None = None,
    ) -> Subscription:
        """Makes a viewer's subscription; the arguments are those of `LiveStream.subscribe` and `Subscription`."""
        encoding = self.encodings[EncodingKey(codec, Rendition.FULL, self._sees_behind(viewer))]
        subscription = Subscription(
            encoding, codec, bitrate=self._bitrate, depth=depth, on_close=on_close, viewer=viewer
        )
        self._ladders[codec].join(subscription, pinned=pinned)
        encoding.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Takes a viewer off all encodings."""
        for encoding in self.encodings.values():
            encoding.remove(subscription)
        self._ladders[subscription.codec].leave(subscription)

    def settle(self, now: float) -> None:
        """Moves viewers to the renditions that they can take, four times a second at most."""
        if now < self._settle_at:
            return
        self._settle_at = now + SETTLE_SECONDS
        for ladder in self._ladders.values():
            for subscription, rendition in ladder.settle(now):
                self._move(subscription, rendition)

    def set_behind(self, viewer: str | None) -> None:
        """Has this viewer alone see what is behind the curtain; None: it is open.

        Whoever saw that before gets not one more picture of it.
        """
        self._behind = viewer
        for subscription in self.subscriptions():
            rendition = self._ladders[subscription.codec].rendition(subscription)
            if subscription.source.behind and not self._sees_behind(subscription.viewer):
                for encoding in self.encodings.values():
                    encoding.remove(subscription)
                front = self.encodings[EncodingKey(subscription.codec, rendition)]
                front.add(subscription)
                subscription.restart(front)
            else:
                self._move(subscription, rendition)

    def target(self, encoding: Encoding) -> int:
        """Returns what the viewers of an encoding take, in bits per second."""
        return self._ladders[encoding.key.codec].target(encoding.rendition)

    def _sees_behind(self, viewer: str | None) -> bool:
        return viewer is not None and viewer == self._behind

    def _move(self, subscription: Subscription, rendition: Rendition) -> None:
        """Keeps the viewer on its present rendition until the keyframe of the new one is there."""
        to = self.encodings[EncodingKey(subscription.codec, rendition, self._sees_behind(subscription.viewer))]
        for encoding in self.encodings.values():
            if subscription in encoding.joining:
                encoding.joining.remove(subscription)
        if subscription not in to.viewers:
            to.add_joining(subscription)
