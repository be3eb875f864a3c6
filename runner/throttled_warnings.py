"""Warnings that a page can bring about as often as it likes."""

from __future__ import annotations

from collections.abc import Callable


class ThrottledWarnings:
    """Logs the first warnings as they come, counts the others, and logs at the end how many there were."""

    def __init__(self, log: Callable[[str], object], *, more: str, most: int = 5) -> None:
        """
        Args:
            log: writes one line.
            more: the line at the end, with ``{}`` for how many were not logged.
            most: how many are logged.
        """
        self._log = log
        self._more = more
        self._most = most
        self._count = 0

    def warn(self, warning: str) -> None:
        """Logs the warning, or counts it where there were enough."""
        self._count += 1
        if self._count <= self._most:
            self._log(warning)

    def end(self) -> None:
        """Logs how many were not logged, and begins anew."""
        dropped, self._count = self._count - self._most, 0
        if dropped > 0:
            self._log(self._more.format(dropped))
