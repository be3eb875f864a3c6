"""Bit rates of one encoder and one viewer: what to aim at, what has been overspent, and what was sent."""

from collections import deque

CALM_SECONDS = 1.0
"""Pause before the rate goes up again, because for VP8 each change costs a keyframe."""


class RateControl:
    """Follows what is wanted without reacting to every wobble; rates in bits per second."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._target = ceiling
        self._changed_at = float("-inf")

    def target(self, wanted: int, now: float) -> int:
        """Returns what the encoder should aim at; `now` in seconds of any steady clock."""
        falls = wanted < self._target * 0.9
        rises = wanted > self._target * 1.25 or wanted == self._ceiling > self._target
        if falls or (rises and now - self._changed_at >= CALM_SECONDS):
            self._target = wanted
            self._changed_at = now
        return self._target


class OvershootGuard:
    """Finds out when an encoder has spent so much more than its rate that pictures must be left out.

    libvpx keeps to no rate at all on a picture that is too hard for its coarsest quantiser. A keyframe within the
    rate control window is never too much.
    """

    SECONDS = 1.0
    """How far ahead of its rate an encoder may be."""

    def __init__(self) -> None:
        self._debt = 0.0
        self._at: float | None = None

    def overspent(self, at: float, bitrate: int) -> bool:
        """Returns whether the picture at `at` must be left out.

        Args:
            at: seconds of a rising clock.
            bitrate: bits per second that the encoder may spend.
        """
        if self._at is not None:
            self._debt = max(0.0, self._debt - (at - self._at) * bitrate)
        self._at = at
        return self._debt > self.SECONDS * bitrate

    def spend(self, bits: int) -> None:
        """Records the size of a frame that went out."""
        self._debt += bits


class BitrateMeter:
    """Measures bits per second over the last two seconds; times in seconds of one steady clock."""

    WINDOW = 2.0

    def __init__(self) -> None:
        self._spent: deque[tuple[float, int]] = deque()
        self._bits = 0

    def add(self, bits: int, now: float) -> None:
        """Records bits that were sent at `now`."""
        self._spent.append((now, bits))
        self._bits += bits
        self._forget(now)

    def rate(self, now: float) -> int:
        """Returns the bits per second of the two seconds before `now`."""
        self._forget(now)
        return round(self._bits / self.WINDOW)

    def _forget(self, now: float) -> None:
        while self._spent and self._spent[0][0] <= now - self.WINDOW:
            self._bits -= self._spent.popleft()[1]
