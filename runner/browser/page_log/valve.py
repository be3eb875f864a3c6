"""The valve between a page and whoever listens to it: a flood is not listened to for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

_BURST: Final = 500
"""Messages that are heard however fast they come: a large page's first load."""
_RATE: Final = 50.0
"""Messages a second that are heard for ever: each costs Playwright's driver and this process half a millisecond."""
_PAUSE: Final = 2.0
"""Seconds."""


class Valve:
    """Listens by ``open``, and stops by ``close`` for a while when more comes than is of use to anybody."""

    def __init__(
        self, open: Callable[[], None], close: Callable[[], None], *, on_muted: Callable[[timedelta], None]
    ) -> None:
        """
        Args:
            open: begins to listen.
            close: ends that: nothing is sent to this process then.
            on_muted: gets how long nothing was listened to, once it is again.
        """
        self._open = open
        self._close = close
        self._on_muted = on_muted
        self._left = float(_BURST)
        self._loop = asyncio.get_running_loop()
        self._at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._closed_at = 0.0
        open()

    @property
    def is_open(self) -> bool:
        """True while messages are listened to."""
        return self._timer is None

    def take(self) -> None:
        """Counts a message that has come."""
        now = self._loop.time()
        self._left = min(_BURST, self._left + (now - self._at) * _RATE) - 1
        self._at = now
        if self._left < 0 and self._timer is None:
            self._close()
            self._closed_at = now
            self._timer = self._loop.call_later(_PAUSE, self._reopen)

    def end(self) -> None:
        """Stops for good; safe to repeat."""
        if self._timer is not None:
            self._timer.cancel()
            self._report_muted()
        else:
            self._close()

    def _reopen(self) -> None:
        self._report_muted()
        self._open()

    def _report_muted(self) -> None:
        self._timer = None
        self._on_muted(timedelta(seconds=self._loop.time() - self._closed_at))
