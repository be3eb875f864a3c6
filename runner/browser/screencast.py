"""Pictures of the active page: Chromium's screencast into a FrameSink, at no more than a given rate."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from playwright.async_api import CDPSession, Page, ScreencastFrame
from playwright.async_api import Error as PlaywrightError

from control.protocol.actions import Size
from media.aio import TaskSet
from media.frames import FrameSink
from runner.browser.cover.covering_sink import CoveringSink
from runner.browser.cover.covers import Covers
from runner.log import ThrottledWarnings

logger = logging.getLogger(__name__)

_QUALITY, _SHORT_QUALITY = 80, 50
"""Of JPEG. The lower one, where the machine is short of CPU, saves about a sixth of what capture costs the browser."""
_SHORT = 0.75
"""Share of the rate that was asked for, below which the machine counts as short of CPU until all of it is back."""
_IN_FLIGHT = 3
"""With fewer, frames wait for the acknowledgement's way back; more only make them older."""
_FIRST_FRAME_SECONDS = 0.5
_STOP_SECONDS = 2.0
_PAUSES = (0.2, 1.0, 5.0)
"""Seconds between attempts to show a page that gave no pictures."""
_Pixels = tuple[int, int]
"""Width and height."""


class FramePacer:
    """Computes when the next frame may be acknowledged: evenly, no faster than ``fps``."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._next = 0.0

    def delay(self, now: float, wanted: float | None) -> float:
        """Returns the seconds from ``now`` until the frame that has just come may be acknowledged.

        Args:
            wanted: frames per second that are of use; None: ``fps``.
        """
        self._next = max(self._next + 1 / min(self._fps, wanted or self._fps), now)
        return self._next - now


def _viewport_of(page: Page) -> _Pixels:
    size = page.viewport_size
    return (size["width"], size["height"]) if size else (1280, 720)


class _Source(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Screencast:
    """Captures the page that it follows, between ``start`` and ``stop``."""

    def __init__(self, *, max_picture: Size | None = None, covers: Covers | None = None) -> None:
        """``covers``: covers what nobody is to see in the pictures; None: as it stands by itself."""
        self._max_picture = max_picture
        self._covers = covers or Covers()
        self._page: Page | None = None
        self._viewport: _Pixels | None = None
        self._sink: FrameSink | None = None
        self._fps = 30
        self._quality = _QUALITY
        self._source: _Source | None = None
        self._changing = asyncio.Lock()
        self._background = TaskSet(logger, expected=PlaywrightError)
        self._failures = ThrottledWarnings(logger.warning, more="{} more times there were no pictures of a page")

    async def start(self, sink: FrameSink, *, fps: int) -> None:
        """Starts the capture, or changes its sink and rate. Raises PlaywrightError where the page gives no pictures."""
        self._sink, self._fps = sink, fps
        await self._settle()

    async def stop(self) -> None:
        """Ends it; when this returns, no picture comes any more."""
        self._sink = None
        await self._settle()

    def follow(self, page: Page) -> None:
        """Captures another page from now on."""
        self._page = page
        self._viewport = None
        self.refresh()

    def refresh(self) -> None:
        """Takes the picture anew: another page is shown, or what may be seen in it has changed."""
        if self._sink is not None:
            self._background.spawn(self._settle_again())

    async def aclose(self) -> None:
        self._sink = None
        await self._background.aclose()
        self._failures.end()
        await self._settle()

    async def _settle(self) -> None:
        """Makes what runs what is wanted; whoever comes last finds the newest wish."""
        async with self._changing:
            if self._source is not None:
                source, self._source = self._source, None
                with suppress(PlaywrightError, TimeoutError):
                    await asyncio.wait_for(source.stop(), _STOP_SECONDS)
            if self._sink is None or self._page is None or self._page.is_closed():
                return
            source = self._new_source(self._page, self._sink)
            await source.start()
            self._source = source

    async def _settle_again(self) -> None:
        """Starts the capture in the background, and tries again after each pause until there are pictures."""
        for pause in _PAUSES:
            try:
                await self._settle()
                return
            except PlaywrightError as error:
                self._failures.warn(f"no pictures of this page: {error.message}")
            await asyncio.sleep(pause)
            if self._source is not None:
                return

    def _new_source(self, page: Page, sink: FrameSink) -> _Source:
        chromium = page.context.browser is not None and page.context.browser.browser_type.name == "chromium"
        viewport = self._viewport or _viewport_of(page)
        pictures = FrameForwarder(
            page, self._covers.sink(page, sink), viewport, self._quality, resized=self._resized, of_use=self._of_use
        )
        largest = (self._max_picture.width, self._max_picture.height) if self._max_picture else viewport
        return (CdpSource if chromium else PortableSource)(pictures, largest, FramePacer(self._fps), self._background)

    def _resized(self, viewport: _Pixels) -> None:
        """Starts anew: Chromium keeps to the size that it was given at the start."""
        if viewport != self._viewport and self._sink is not None:
            self._viewport = viewport
            self._background.spawn(self._settle_again())

    def _of_use(self, fps: float) -> None:
        """Starts anew with another quality, which Chromium takes at the start only."""
        quality = _SHORT_QUALITY if fps < self._fps * _SHORT else _QUALITY if fps >= self._fps else self._quality
        if quality != self._quality and self._sink is not None:
            self._quality = quality
            self._background.spawn(self._settle_again())


class FrameForwarder:
    """Passes one page's pictures on, while they are wanted."""

    def __init__(
        self,
        page: Page,
        sink: CoveringSink,
        viewport: _Pixels,
        quality: int,
        *,
        resized: Callable[[_Pixels], None],
        of_use: Callable[[float], None],
    ) -> None:
        self.page = page
        self.viewport = viewport
        """The page's size as it was when the pictures began, in CSS pixels."""
        self.quality = quality
        self.first = asyncio.Event()
        self._sink: CoveringSink | None = sink
        self._resized = resized
        self._of_use = of_use

    @property
    def fps(self) -> float | None:
        """Returns the sink's rate, see `media.frames.FrameSink`; None once no pictures are wanted."""
        return self._sink.fps if self._sink is not None else None

    def put(self, data: bytes, width: float, height: float, timestamp: float | None) -> None:
        if self._sink is None:
            return
        now = time.time()
        self.first.set()
        viewport = (round(width), round(height))
        if viewport != self.viewport:
            self._resized(viewport)
        if self._sink.fps is not None:
            self._of_use(self._sink.fps)
        captured_at = min(now, timestamp) if timestamp else now
        self._sink.put(data, width=viewport[0], height=viewport[1], captured_at=captured_at)

    async def put_first(self) -> None:
        """A page that stands still may send no frame of its own accord: then one picture is made."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.first.wait(), _FIRST_FRAME_SECONDS)
            return
        now = time.time()
        data = await self.page.screenshot(type="jpeg", quality=self.quality, scale="css", timeout=5000)
        if not self.first.is_set():
            self.put(data, *self.viewport, now)

    def close(self) -> None:
        if self._sink is not None:
            self._sink.close()
        self._sink = None


class CdpSource:
    """Runs Chromium's own screencast: fewer steps than Playwright's, and a limit of unacknowledged frames."""

    def __init__(self, pictures: FrameForwarder, largest: _Pixels, pace: FramePacer, background: TaskSet) -> None:
        self._pictures = pictures
        self._largest = largest
        self._pace = pace
        self._background = background
        self._session: CDPSession | None = None
        self._timers: dict[int, asyncio.TimerHandle] = {}

    async def start(self) -> None:
        page = self._pictures.page
        session = await page.context.new_cdp_session(page)
        self._session = session
        session.on("Page.screencastFrame", self._frame)
        await session.send(
            "Page.startScreencast",
            {
                "format": "jpeg",
                "quality": self._pictures.quality,
                "maxWidth": self._largest[0],
                "maxHeight": self._largest[1],
                "everyNthFrame": 1,
                "maxFramesInFlight": _IN_FLIGHT,
                "sendLastFrame": True,
            },
        )
        self._background.spawn(self._pictures.put_first())

    async def stop(self) -> None:
        self._pictures.close()
        for timer in self._timers.values():
            timer.cancel()
        session, self._session = self._session, None
        if session is not None:
            await session.detach()

    def _frame(self, event: dict[str, Any]) -> None:
        try:
            self._acknowledge_in_time(event["sessionId"])
        finally:
            metadata = event["metadata"]
            self._pictures.put(
                base64.b64decode(event["data"]),
                metadata["deviceWidth"],
                metadata["deviceHeight"],
                metadata.get("timestamp"),
            )

    def _acknowledge_in_time(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        delay = self._pace.delay(loop.time(), self._pictures.fps)
        if delay <= 0:
            self._acknowledge(number)
            return
        self._timers[number] = loop.call_later(delay, self._acknowledge, number)

    def _acknowledge(self, number: int) -> None:
        self._timers.pop(number, None)
        if self._session is not None:
            self._background.spawn(self._session.send("Page.screencastFrameAck", {"sessionId": number}))


class PortableSource:
    """Runs Playwright's screencast, for Firefox and WebKit: a callback's return acknowledges its frame."""

    def __init__(self, pictures: FrameForwarder, largest: _Pixels, pace: FramePacer, background: TaskSet) -> None:
        self._pictures = pictures
        self._largest = largest
        self._pace = pace
        self._background = background

    async def start(self) -> None:
        width, height = self._largest
        await self._pictures.page.screencast.start(
            on_frame=self._frame, quality=self._pictures.quality, size={"width": width, "height": height}
        )
        self._background.spawn(self._pictures.put_first())

    async def stop(self) -> None:
        self._pictures.close()
        await self._pictures.page.screencast.stop()

    async def _frame(self, frame: ScreencastFrame) -> None:
        self._pictures.put(frame["data"], frame["viewportWidth"], frame["viewportHeight"], frame["timestamp"] / 1000)
        await asyncio.sleep(self._pace.delay(asyncio.get_running_loop().time(), self._pictures.fps))
