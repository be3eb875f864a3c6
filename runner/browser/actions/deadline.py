"""The deadline of an action, and how much of its time is left."""

from __future__ import annotations

import time

_SLICE_MS = 500.0
_LEAST_MS = 100.0
"""The last look before the deadline is a real one."""


class Deadline:
    """A moment, as far away as it was given at the start."""

    def __init__(self, timeout_ms: float) -> None:
        self.given_ms = timeout_ms
        self._end = time.monotonic() + timeout_ms / 1000

    @property
    def left_ms(self) -> float:
        """Milliseconds until then, at least 1: to Playwright 0 means to wait for ever."""
        return max(1.0, (self._end - time.monotonic()) * 1000)

    @property
    def slice_ms(self) -> float:
        """What one look at the page may take of the time that is left."""
        return min(_SLICE_MS, max(_LEAST_MS, self.left_ms))

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._end

    @property
    def spoken(self) -> str:
        """The whole time as a person says it: ``15 s``, ``500 ms``."""
        return f"{self.given_ms / 1000:g} s" if self.given_ms >= 1000 else f"{self.given_ms:g} ms"
