"""One encoding of a stream: who gets its frames, and when it is due."""

from collections.abc import Callable

from media.frames import EncodedFrame
from media.rate.keyframe_gate import KeyframeGate
from media.rate.rate_control import RateControl
from media.renditions import EncodingKey, Rendition
from media.subscription import Subscription


class Encoding:
    """One rendition in one codec. All times in seconds of the loop's clock."""

    def __init__(self, key: EncodingKey, *, bitrate: int, fps: int, on_request: Callable[[], None]) -> None:
        """
        Args:
            key: codec and rendition.
            bitrate: the most that the stream's full rendition may have, in bits per second.
            fps: pictures per second of the stream.
            on_request: called when somebody asks for a keyframe.
        """
        self.key = key
        self.rendition: Rendition = key.rendition
        self.behind: bool = key.behind
        self.keyframe_gate = KeyframeGate()
        self.viewers: list[Subscription] = []
        """Who gets its frames."""
        self.joining: list[Subscription] = []
        """Who gets another encoding's frames until this one's next keyframe."""
        self.bitrate = key.rendition.ceiling(bitrate)
        """What the encoder aims at, in bits per second."""
        self._rate_control = RateControl(self.bitrate)
        self._on_request = on_request
        own = key.rendition.fps(fps)
        self._interval = 1 / own if own < fps else 0.0
        self._encoded_at = float("-inf")
        self._pending = False

    @property
    def active(self) -> bool:
        """Whether anybody gets its frames or waits for them."""
        return bool(self.viewers or self.joining)

    def add(self, subscription: Subscription) -> None:
        """Gives a newcomer its frames from the next keyframe on."""
        self.viewers.append(subscription)

    def add_joining(self, subscription: Subscription) -> None:
        """Moves a viewer of another encoding here at the next keyframe, which is asked for."""
        self.joining.append(subscription)
        self.keyframe_gate.request()

    def remove(self, subscription: Subscription) -> None:
        """Takes a viewer off this encoding, whether it is on it or joining."""
        for some in (self.viewers, self.joining):
            if subscription in some:
                some.remove(subscription)

    # When it is due

    def request_keyframe(self) -> None:
        """Has a keyframe made as soon as the limit of two a second allows."""
        self.keyframe_gate.request()
        self._on_request()

    def is_keyframe_due(self, now: float) -> bool:
        """Returns whether a keyframe has been asked for and may be made now."""
        allowed_at = self.keyframe_gate.allowed_at()
        return allowed_at is not None and allowed_at <= now

    def deadline(self) -> float | None:
        """Returns when it must be encoded even without a new picture, apart from the repetition of a still one."""
        times = [self.keyframe_gate.allowed_at(), self._encoded_at + self._interval if self._pending else None]
        return min((time for time in times if time is not None), default=None)

    def mark_pending(self) -> None:
        """Records that there is a picture that its viewers have not seen."""
        self._pending = True

    def is_due(self, now: float) -> bool:
        """Returns whether to encode now: a picture is pending and its frame rate allows it, or a keyframe is due."""
        return (self._pending and now >= self._encoded_at + self._interval) or self.is_keyframe_due(now)

    def begin(self, now: float, wanted: int) -> int:
        """Begins to encode the pending picture.

        Args:
            now: the time.
            wanted: what its viewers take, in bits per second.

        Returns:
            What the encoder is to aim at, in bits per second.
        """
        self._pending, self._encoded_at = False, now
        self.bitrate = self._rate_control.target(wanted, now)
        return self.bitrate

    # Delivery

    def on_keyframe(self, now: float) -> int:
        """Moves those who are joining here, before its keyframe is delivered; returns how many."""
        self.keyframe_gate.on_sent(now)
        joined, self.joining = self.joining, []
        for subscription in joined:
            subscription.source.remove(subscription)
            subscription.source = self
        self.viewers += joined
        return len(joined)

    def on_failure(self, now: float) -> None:
        """Records that the encoder has failed: its next one begins with a keyframe, no sooner than the gate allows."""
        self.keyframe_gate.on_sent(now)
        self.keyframe_gate.request()

    def deliver(self, frame: EncodedFrame, now: float) -> int:
        """Hands a frame to every viewer; returns how many frames were dropped for it, all viewers together."""
        bits, dropped = len(frame.data) * 8, 0
        for subscription in self.viewers:
            subscription.meter.add(bits, now)
            dropped += subscription.offer(frame)
        return dropped
