"""The way of captured pictures past what is to be covered in them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from media.aio import Backoff, TaskSet
from media.errors import DecodeError
from media.frames import FrameSink
from runner.browser.cover.page_cover import PageCover, PlacesUnknown

logger = logging.getLogger(__name__)


class _Picture(NamedTuple):
    data: bytes
    width: int
    height: int
    captured_at: float


class CoveringSink:
    """Passes one page's pictures on with boxes over its covered fields; at once while there is nothing to cover.

    The newest picture wins. One of which it is not known what to cover is not passed on.
    """

    def __init__(
        self, sink: FrameSink, cover: PageCover, background: TaskSet, *, lifted: Callable[[], bool] = lambda: False
    ) -> None:
        """``lifted``: says whether pictures are passed on as they are."""
        self._sink = sink
        self._cover = cover
        self._background = background
        self._lifted = lifted
        self._waiting: _Picture | None = None
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def fps(self) -> float | None:
        return self._sink.fps

    def put(self, data: bytes, *, width: int, height: int, captured_at: float) -> None:
        busy = self._working is not None and not self._working.done()
        if not busy and (self._lifted() or not self._cover.active):
            self._sink.put(data, width=width, height=height, captured_at=captured_at)
            return
        self._waiting = _Picture(data, width, height, captured_at)
        if not busy:
            self._working = self._background.spawn(self._work())

    def close(self) -> None:
        """Passes nothing on any more."""
        self._closed = True
        if self._working is not None:
            self._working.cancel()

    async def _work(self) -> None:
        backoff = Backoff(0.05, 1.0)
        while (picture := self._waiting) is not None and not self._closed:
            try:
                data = await self._cover.painted(
                    picture.data, since=picture.captured_at, viewport=(picture.width, picture.height)
                )
            except (PlacesUnknown, DecodeError) as error:
                logger.debug("a picture is held back: %s", error)
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()
            self._sink.put(data, width=picture.width, height=picture.height, captured_at=picture.captured_at)
            if self._waiting is picture:
                self._waiting = None
