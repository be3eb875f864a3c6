"""Who watches a stream, and when the first comes and the last has gone."""

import asyncio
from collections.abc import Callable
from types import TracebackType

from media.errors import StreamClosed
from media.stats import StreamStats


class StreamWatch:
    """Somebody who looks at the pictures before they are encoded (frame server); counts as a viewer until closed."""

    def __init__(self, on_close: Callable[[], None]) -> None:
        self._on_close: Callable[[], None] | None = on_close

    def close(self) -> None:
        """Stops watching. Safe to repeat."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def __enter__(self) -> "StreamWatch":
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()


class WatchCounter:
    """Counts viewers of all kinds in `StreamStats.viewers`, and reports the first and, after a while, the last one."""

    def __init__(self, stats: StreamStats, *, linger: float, on_watched: Callable[[bool], None] | None) -> None:
        """
        Args:
            stats: where the viewers are counted.
            linger: seconds from the last viewer's leaving to `on_watched(False)`.
            on_watched: called on the loop with True for the first viewer and False after the last one.
        """
        self._stats = stats
        self._linger = linger
        self._on_watched = on_watched
        self._watched = False
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def add(self) -> None:
        """Counts one more viewer.

        Raises:
            StreamClosed
        """
        if self._closed:
            raise StreamClosed("the stream has been closed")
        self._stats.viewers += 1
        self._set_watched(True)

    def remove(self) -> None:
        """Counts one viewer less."""
        self._stats.viewers -= 1
        if self._stats.viewers == 0 and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(self._linger, self._set_watched, False)

    def close(self) -> None:
        """Admits nobody any more; the stream counts as watched until `end`."""
        self._closed = True

    def end(self) -> None:
        """Reports that nobody watches any more. Safe to repeat."""
        self._set_watched(False)

    def _set_watched(self, watched: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if watched != self._watched:
            self._watched = watched
            if self._on_watched is not None:
                self._on_watched(watched)
