"""Playwright's own process, of which a server has one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright, async_playwright

from runner.browser.internal_calls import internal_calls
from runner.browser.locate import register_engines

_CLOSE_SECONDS = 3.0


class PlaywrightProcess:
    """Starts Playwright when it is first wanted, and anew where it has ended."""

    def __init__(self) -> None:
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self.on_ended: Callable[[], None] = lambda: None
        """Called once Playwright has ended, with all its browsers."""

    async def running(self) -> Playwright:
        """Returns Playwright, with our selector engines."""
        async with self._starting:
            if self._playwright is None:
                with internal_calls():  # what its events lead to is no step of anybody's
                    playwright = await async_playwright().start()
                await register_engines(playwright)
                # Playwright reports the end of its own process nowhere else.
                playwright._impl_obj._connection.on("close", self._ended)
                self._playwright = playwright
            return self._playwright

    async def aclose(self) -> None:
        """Ends Playwright, once it has started where it is about to. Safe to repeat."""
        async with self._starting:
            playwright, self._playwright = self._playwright, None
        if playwright is not None:
            with suppress(TimeoutError, PlaywrightError):
                await asyncio.wait_for(playwright.stop(), _CLOSE_SECONDS)

    def _ended(self, *_: object) -> None:
        self._playwright = None
        self.on_ended()
