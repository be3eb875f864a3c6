"""One rendition in one codec: who is on it, and when it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from media.adaptation import Rendition
from media.frames import Codec
from media.rate.keyframe_gate import KeyframeGate
from media.rate.rate_control import RateControl

if TYPE_CHECKING:
    from media.subscription import Subscription


class EncodingKey(NamedTuple):
    """Identifies one encoding of a stream."""

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
        self.keyframe_gate = KeyframeGate()
        self.rate_control = RateControl(key.rendition.ceiling(bitrate))
        self.viewers: list[Subscription] = []
        """Who gets its frames."""
        self.joining: list[Subscription] = []
        """Who gets another encoding's frames until this one's next keyframe."""
        own = key.rendition.fps(fps)
        self._interval = 1 / own if own < fps else 0.0
        self._encoded_at = float("-inf")
        self._pending = False

    @property
    def active(self) -> bool:
        return bool(self.viewers or self.joining)

    def is_keyframe_due(self, now: float) -> bool:
        due = self.keyframe_gate.allowed_at()
        return due is not None and due <= now

    def deadline(self) -> float | None:
        """When it must be encoded even if no new picture comes, apart from the repetition of a still picture."""
        dues = [self.keyframe_gate.allowed_at(), self._encoded_at + self._interval if self._pending else None]
        return min((due for due in dues if due is not None), default=None)

    def mark_pending(self) -> None:
        """Notes a picture that its viewers have not seen."""
        self._pending = True

    def is_due(self, now: float) -> bool:
        """Whether to encode now: a picture is owed and its frame rate allows it, or a keyframe is due."""
        return (self._pending and now >= self._encoded_at + self._interval) or self.is_keyframe_due(now)

    def mark_encoded(self, now: float) -> None:
        self._pending, self._encoded_at = False, now

    def remove(self, subscription: Subscription) -> None:
        """Takes a viewer off this encoding, whether it is on it or joining."""
        for some in (self.viewers, self.joining):
            if subscription in some:
                some.remove(subscription)

    def promote_joining(self) -> list[Subscription]:
        """Those who go over to this encoding, at its keyframe."""
        joined, self.joining = self.joining, []
        self.viewers += joined
        return joined
