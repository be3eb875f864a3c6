"""Warnings that a page can bring about as often as it likes."""

from __future__ import annotations

from collections.abc import Callable


class ThrottledWarnings:
    """Tells the first of them as they come, counts the others, and tells at the end how many there were."""

    def __init__(self, warn: Callable[[str], object], *, more: str, most: int = 5) -> None:
        """
        Args:
            warn: writes one line.
            more: the line at the end, with ``{}`` for how many were not told.
            most: how many are told.
        """
        self._warn = warn
        self._more = more
        self._most = most
        self._heard = 0

    def tell(self, warning: str) -> None:
        self._heard += 1
        if self._heard <= self._most:
            self._warn(warning)

    def end(self) -> None:
        """Begins anew."""
        untold, self._heard = self._heard - self._most, 0
        if untold > 0:
            self._warn(self._more.format(untold))
