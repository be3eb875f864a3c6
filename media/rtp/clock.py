"""The 90 kHz clock of RTP video (RFC 3551 §5)."""

from fractions import Fraction

from media.frames import CLOCK_RATE

TIME_BASE = Fraction(1, CLOCK_RATE)
"""Seconds per tick."""


class RtpClock:
    """Turns capture times into timestamps that always rise, whatever the wall clock does.

    Timestamps are ticks of `time.time()`, so those of all codecs of one stream compare. When the wall clock is set
    back or forth by more than `JUMP`, the offset moves and the timestamps go on without a gap: a receiver would
    otherwise hold the next picture back for as long as the jump.
    """

    STEP = CLOCK_RATE // 1000
    JUMP = 10 * CLOCK_RATE

    def __init__(self) -> None:
        self._offset = 0
        self._last: int | None = None

    def stamp(self, captured_at: float) -> int:
        """Returns the timestamp, in ticks, of a picture taken at `captured_at` seconds of `time.time()`."""
        pts = round(captured_at * CLOCK_RATE) + self._offset
        if self._last is not None:
            least = self._last + self.STEP
            if abs(pts - self._last) > self.JUMP:
                self._offset += least - pts
                pts = least
            pts = max(pts, least)
        self._last = pts
        return pts
