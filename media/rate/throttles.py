"""How many pictures a second are captured and encoded while the machine is short of CPU."""


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

    def on_encoded(self, busy: float, now: float) -> None:
        """Records that `busy` seconds have been spent on decoding and encoding up to `now`."""
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

    def on_pressure(self, waited: float, now: float) -> None:
        """Records in which share of the time since the last call something had to wait for a core."""
        if waited > self.SHORT:
            least = min(self.LEAST, self._most)
            self.fps = least if waited > self.VERY_SHORT else max(least, self.fps / 2)
            self._changed_at = now
        elif waited < self.PLENTY and now - self._changed_at >= self.CALM_SECONDS:
            self.fps = min(self._most, self.fps * 1.25)
            self._changed_at = now
