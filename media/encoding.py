"""One rendition in one codec: who is on it, and when it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from media.adaptation import Rendition
from media.frames import Codec
from media.rate import KeyframeGate, RateControl

if TYPE_CHECKING:
    from media.subscription import Subscription


class EncodingKey(NamedTuple):
    """What tells the encoders of one stream apart."""

    codec: Codec
    rendition: Rendition


class Encoding:
    """Belongs to a stream; all times in seconds of its loop's clock."""

    def __init__(self, key: EncodingKey, *, bitrate: int, fps: int) -> None:
        """
        Args:
            key: codec and rendition.
            bitrate: the most that the stream's full rendition may have, in bits per second.
            fps: pictures per second of the stream.
        """
        self.key = key
        self.gate = KeyframeGate()
        self.rate = RateControl(key.rendition.ceiling(bitrate))
        self.viewers: list[Subscription] = []
        """Who gets its frames."""
        self.joining: list[Subscription] = []
        """Who gets another lane's frames until this one's next keyframe."""
        own = key.rendition.fps(fps)
        self._interval = 1 / own if own < fps else 0.0
        self._encoded_at = float("-inf")
        self._owes = False

    @property
    def active(self) -> bool:
        return bool(self.viewers or self.joining)

    def keyframe_due(self, now: float) -> bool:
        due = self.gate.due()
        return due is not None and due <= now

    def due(self) -> float | None:
        """When it must be encoded even if no new picture comes, apart from the repetition of a still picture."""
        dues = [self.gate.due(), self._encoded_at + self._interval if self._owes else None]
        return min((due for due in dues if due is not None), default=None)

    def owe(self) -> None:
        """Notes a picture that its viewers have not seen."""
        self._owes = True

    def ready(self, now: float) -> bool:
        """Whether to encode now: a picture is owed and its frame rate allows it, or a keyframe is due."""
        return (self._owes and now >= self._encoded_at + self._interval) or self.keyframe_due(now)

    def encoding(self, now: float) -> None:
        self._owes, self._encoded_at = False, now

    def forget(self, subscription: Subscription) -> None:
        """Whatever its part in this lane was."""
        for some in (self.viewers, self.joining):
            if subscription in some:
                some.remove(subscription)

    def take_joining(self) -> list[Subscription]:
        """Those who go over to this lane, at its keyframe."""
        joined, self.joining = self.joining, []
        self.viewers += joined
        return joined
