"""Playwright's tracing of one run's pages: what it writes down while the run goes on, and of which calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import playwright
from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from media.aio import TaskSet
from runner.browser.internal_calls import internal_calls
from runner.driver import StepFailed

logger = logging.getLogger(__name__)

_CAPTURE_SECONDS: Final = 2.0
"""For the DOM of one step: a page that does not answer is left out."""
_STOP_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 2.0
"""How often it is looked at how much has been written."""


def trace_viewer_files() -> Path | None:
    """Returns where the installed Playwright has its trace viewer; None where it comes without."""
    folder = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "vite" / "traceViewer"
    return folder if (folder / "index.html").is_file() else None


class PageTrace:
    """Has DOM, console and network of a context's pages written into a folder. Implements ``runner.driver.Trace``.

    Playwright takes the DOM of all frames before, during and after each call, and a step of ours is dozens: those are
    marked as internal (`internal_calls`), and one more call is made for each step to have the DOM taken.
    """

    def __init__(self, context: BrowserContext, folder: Path, *, page: Callable[[], Page], most_bytes: int) -> None:
        """
        Args:
            context: whose pages are traced.
            folder: the one that the browser was launched with for traces.
            page: returns the active page. Raises StepFailed where there is none.
            most_bytes: once more is written nothing is added.
        """
        self._context = context
        self._folder = folder
        self._page = page
        self._most_bytes = most_bytes
        self._lock = asyncio.Lock()
        self._on = False
        self._stopped = False
        self._count = 0
        self.spoilt = False
        self._calls = TaskSet(logger)
        self._watching = TaskSet(logger)

    async def start(self) -> None:
        """Begins to trace. To be called once."""
        await self.resume()
        self._watching.spawn(self._watch())

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        if not self._on:
            yield
            return
        # Nothing waits for these calls but the next of them: Playwright takes them in their order.
        await self._calls.join()
        with internal_calls():
            self._call(self._context.tracing.group(title))
        try:
            yield
            with suppress(StepFailed):  # no page is open
                # It does nothing: the DOM is taken around it.
                self._call(self._page().wait_for_timeout(0))
        finally:
            with internal_calls():
                self._call(self._context.tracing.group_end())

    async def pause(self) -> None:
        async with self._lock:
            if self._on:
                self._on = False
                await self._calls.join()
                try:
                    await asyncio.wait_for(self._context.tracing.stop(), _STOP_SECONDS)
                except TimeoutError:
                    self._stopped = self.spoilt = True
                except PlaywrightError:  # the browser has gone, and nothing is added any more
                    self._stopped = True

    async def resume(self) -> None:
        async with self._lock:
            if self._on or self._stopped:
                return
            self._on = True
            self._count += 1
            with suppress(PlaywrightError):
                await self._context.tracing.start(name=f"{self._count:04}", snapshots=True)

    async def stop(self) -> None:
        self._stopped = True
        await self._watching.aclose()
        await self.pause()
        await self._calls.aclose()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if await asyncio.to_thread(self._size) > self._most_bytes:
                break
        logger.warning("the trace ends here: it has grown beyond %d bytes (JUMPSEAT_MAX_TRACE)", self._most_bytes)
        self._stopped = True
        await self.pause()

    def _size(self) -> int:
        sizes = 0
        for file in self._folder.rglob("*"):
            with suppress(FileNotFoundError):
                sizes += file.stat().st_size
        return sizes

    def _call(self, call: Awaitable[object]) -> None:
        """Makes a call whose failure changes nothing but the trace."""

        async def bounded() -> None:
            with suppress(PlaywrightError, TimeoutError):
                await asyncio.wait_for(call, _CAPTURE_SECONDS)

        self._calls.spawn(bounded())
