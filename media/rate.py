"""How fast one encoder sends, and how often it makes a keyframe."""

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
        """What the encoder should aim at; `now` in seconds of any steady clock."""
        falls = wanted < self._target * 0.9
        rises = wanted > self._target * 1.25 or wanted == self._ceiling > self._target
        if falls or (rises and now - self._changed_at >= CALM_SECONDS):
            self._target = wanted
            self._changed_at = now
        return self._target


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


class OvershootGuard:
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


class BitrateMeter:
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


class EncodeThrottle:
    """Lowers the frame rate while decoding and encoding take too much of a core: the run itself comes first.

    Times in seconds of one steady clock.
    """

    WINDOW = 2.0
    TOO_MUCH, LITTLE = 0.75, 0.4
    """Shares of the time. A quarter more pictures of `LITTLE` are well below `TOO_MUCH`."""
    LEAST = 8.0
    """Pictures per second: fewer would not look alive."""

    def __init__(self, fps: int) -> None:
        self._most = float(fps)
        self._least = min(self.LEAST, self._most)
        self._busy = 0.0
        self._since: float | None = None
        self.fps = self._most
        """Pictures per second to encode at most."""

    def note(self, busy: float, now: float) -> None:
        """Notes that `busy` seconds have been spent up to `now`."""
        if self._since is None or now - self._since > 2 * self.WINDOW:
            self._since, self._busy = now, 0.0
        self._busy += busy
        passed = now - self._since
        if passed < self.WINDOW:
            return
        share = self._busy / passed
        if share > self.TOO_MUCH:
            self.fps = max(self._least, self.fps * 0.7)
        elif share < self.LITTLE:
            self.fps = min(self._most, self.fps * 1.25)
        self._since, self._busy = now, 0.0


class CaptureThrottle:
    """Lowers the capture rate while the machine is short of CPU, and raises it slowly: the run itself comes first.

    Capture is what watching costs a run: Chromium spends most of a core on 30 JPEGs a second. Times in seconds of one
    steady clock.
    """

    VERY_SHORT, SHORT, PLENTY = 0.45, 0.3, 0.15
    """Shares of the time in which something had to wait for a core."""
    CALM_SECONDS = 2.0
    """Between one raise and the next, and after a cut."""
    LEAST = 8.0
    """Pictures per second."""

    def __init__(self, fps: int) -> None:
        self._most = float(fps)
        self._changed_at = float("-inf")
        self.fps = self._most
        """Pictures per second to capture at most."""

    def note(self, waited: float, now: float) -> None:
        """Notes in which share of the time since the last note something had to wait."""
        if waited > self.SHORT:
            least = min(self.LEAST, self._most)
            self.fps = least if waited > self.VERY_SHORT else max(least, self.fps / 2)
            self._changed_at = now
        elif waited < self.PLENTY and now - self._changed_at >= self.CALM_SECONDS:
            self.fps = min(self._most, self.fps * 1.25)
            self._changed_at = now
