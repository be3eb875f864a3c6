"""Sees whether an action leads to another page, and waits for that page."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, Page, Request

from runner.browser.actions.deadline import Deadline
from runner.browser.tabs import Tabs
from runner.driver import StepFailed

_NOTICE_SECONDS = 0.05
"""How long after an action its navigation is looked out for: the browser reports it within a few milliseconds."""


class NavigationWatch:
    """Notices navigations of the active page's main frame between ``with`` and ``settle``."""

    def __init__(self, tabs: Tabs) -> None:
        self._tabs = tabs
        self._page: Page | None = None
        self._begun = asyncio.Event()
        self._settled = asyncio.Event()
        self.failed: str | None = None
        """Where the page was led to, which may not be where it was sent, where that did not load."""

    def __enter__(self) -> NavigationWatch:
        with suppress(StepFailed):
            self._page = self._tabs.active
        if self._page is not None:
            self._page.on("request", self._requested)
            self._page.on("requestfailed", self._failed)
            self._page.on("framenavigated", self._committed)
            self._page.on("close", self._closed)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._page is not None:
            self._page.remove_listener("request", self._requested)
            self._page.remove_listener("requestfailed", self._failed)
            self._page.remove_listener("framenavigated", self._committed)
            self._page.remove_listener("close", self._closed)

    async def settle(self, within_ms: float) -> None:
        """Waits for a navigation that has begun, and for a page that was opened; returns at once where none did."""
        deadline = Deadline(within_ms)
        await self._notice()
        with suppress(TimeoutError):
            if self._begun.is_set():
                await asyncio.wait_for(self._settled.wait(), deadline.left_ms / 1000)
        with suppress(PlaywrightError, StepFailed):
            page = self._tabs.active
            if self._begun.is_set() or page is not self._page:
                await page.wait_for_load_state("load", timeout=deadline.left_ms)

    async def _notice(self) -> None:
        """One round trip to the page, during which the browser's news of a navigation arrive, and a moment more."""
        page = self._page
        if page is None or page.is_closed() or self._begun.is_set():
            return
        with suppress(PlaywrightError, TimeoutError):
            await asyncio.wait_for(page.evaluate("0"), 4 * _NOTICE_SECONDS)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), _NOTICE_SECONDS)

    def _requested(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame.parent_frame is None:
            self.failed = None
            self._begun.set()
            self._settled.clear()

    def _failed(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame.parent_frame is None:
            self.failed = request.url
            self._settled.set()

    def _committed(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self._settled.set()

    def _closed(self, _: Page) -> None:
        self._settled.set()
