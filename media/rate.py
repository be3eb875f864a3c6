"""How fast one encoder may send when several viewers have told how much they can take."""

from collections import deque

FRESH_SECONDS = 10.0
"""An estimate that has not been repeated for this long no longer counts: receivers repeat theirs every second or so."""

FLOOR = 300_000
"""Bits per second below which text at 1280x720 cannot be read any more."""

CALM_SECONDS = 2.0
"""Pause before the rate goes up again, because for VP8 each change costs a keyframe."""


class RateControl:
    """Follows the lowest fresh estimate, within floor and ceiling, without reacting to every wobble."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._floor = min(FLOOR, ceiling)
        self._target = ceiling
        self._changed_at = float("-inf")
        self._estimates: dict[object, tuple[int, float]] = {}

    def report(self, viewer: object, bitrate: int, now: float) -> None:
        """Notes what `viewer` can take, in bits per second; `now` in seconds of any steady clock."""
        self._estimates[viewer] = (bitrate, now)

    def forget(self, viewer: object) -> None:
        self._estimates.pop(viewer, None)

    def target(self, now: float) -> int:
        """What the encoder should aim at, in bits per second."""
        wanted = self._wanted(now)
        falls = wanted < self._target * 0.9
        rises = wanted > self._target * 1.25 or wanted == self._ceiling > self._target
        if falls or (rises and now - self._changed_at >= CALM_SECONDS):
            self._target = wanted
            self._changed_at = now
        return self._target

    def _wanted(self, now: float) -> int:
        self._estimates = {v: (rate, at) for v, (rate, at) in self._estimates.items() if now - at < FRESH_SECONDS}
        lowest = min((rate for rate, _ in self._estimates.values()), default=self._ceiling)
        return max(self._floor, min(lowest, self._ceiling))


class KeyframeGate:
    """Lets through at most two keyframes a second; a request that comes too early is kept, not lost.

    All times in seconds of one steady clock.
    """

    PER_SECOND = 2

    def __init__(self) -> None:
        self._sent: list[float] = []
        self._wanted = False

    def request(self) -> None:
        self._wanted = True

    def due(self) -> float | None:
        """When the keyframe that was asked for may be made, or None when nobody asks."""
        if not self._wanted:
            return None
        return float("-inf") if len(self._sent) < self.PER_SECOND else self._sent[0] + 1.0

    def sent(self, now: float) -> None:
        """Notes that a keyframe went out; it answers every request made up to now."""
        self._wanted = False
        self._sent = [*self._sent, now][-self.PER_SECOND :]


class Budget:
    """Tells when an encoder has spent so much more than its rate that pictures must be left out.

    libvpx keeps to no rate at all on a picture that is too hard for its coarsest quantiser. A keyframe within the
    rate control window is never too much.
    """

    SECONDS = 1.0
    """How far ahead of its rate an encoder may be."""

    def __init__(self) -> None:
        self._debt = 0.0
        self._at: float | None = None

    def overspent(self, at: float, bitrate: int) -> bool:
        """Whether the picture at `at` (seconds of a rising clock) must be left out at `bitrate` bits per second."""
        if self._at is not None:
            self._debt = max(0.0, self._debt - (at - self._at) * bitrate)
        self._at = at
        return self._debt > self.SECONDS * bitrate

    def spend(self, bits: int) -> None:
        self._debt += bits


class Meter:
    """Bits per second over the last two seconds; times in seconds of one steady clock."""

    WINDOW = 2.0

    def __init__(self) -> None:
        self._spent: deque[tuple[float, int]] = deque()
        self._bits = 0

    def add(self, bits: int, now: float) -> None:
        self._spent.append((now, bits))
        self._bits += bits
        self._forget(now)

    def rate(self, now: float) -> int:
        self._forget(now)
        return round(self._bits / self.WINDOW)

    def _forget(self, now: float) -> None:
        while self._spent and self._spent[0][0] <= now - self.WINDOW:
            self._bits -= self._spent.popleft()[1]


class RembGuard:
    """Tells what a receiver's estimates (REMB) mean for a sender that is often idle.

    A receiver measures what arrives: on a still page Chromium's first estimate is some 30 kbit/s, and from there it
    only rises, by 8 % a second. Such an estimate says nothing about the path. One that falls while we send at more
    than half of our target does; from then on the estimates are followed upwards, too.
    """

    def __init__(self) -> None:
        self._previous: int | None = None
        self._limit: int | None = None

    def heard(self, estimate: int, *, sent: int, target: int) -> int | None:
        """What the path allows after this estimate, or None while nothing shows that it is limited.

        Args:
            estimate: the receiver's, in bits per second.
            sent: what has been sent lately, in bits per second.
            target: what the encoder aims at, in bits per second.
        """
        before, self._previous = self._previous, estimate
        falling = estimate < (sent * 0.9 if before is None else before * 0.97)
        if falling and sent >= target / 2:
            self._limit = estimate
        elif self._limit is not None:
            self._limit = max(self._limit, estimate)
        return self._limit
