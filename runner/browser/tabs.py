"""The open pages of one run, which of them is active, and the reports of their changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from playwright.async_api import BrowserContext, Frame, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from control.protocol.actions import Size
from control.protocol.events import PageChanged, Tab
from media.aio import TaskSet
from runner.browser.actions.deadline import Deadline
from runner.browser.internal_calls import internal_calls
from runner.driver import StepFailed

logger = logging.getLogger(__name__)

_TITLE_SECONDS = 1.0
_CALM_SECONDS = 0.5
"""To ask a page for its title takes time of the page."""


class Tabs:
    """Follows new pages and falls back when one closes."""

    def __init__(
        self,
        context: BrowserContext,
        *,
        viewport: Size,
        report: Callable[[PageChanged], None],
        switched: Callable[[Page], None],
        passive: bool = False,
        hurried: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        Args:
            context: whose pages they are.
            viewport: where a page has none.
            report: gets every change.
            switched: gets each page that becomes the active one.
            passive: nothing is brought to the front, and no page is opened in place of the last one.
            hurried: says whether a change is to be reported at once; else after a moment, with those that follow.
        """
        self._context = context
        self._viewport = viewport
        self._report = report
        self._switched = switched
        self._passive = passive
        self._hurried = hurried
        self._pages: list[Page] = []
        self._recent: list[Page] = []
        self._titles: dict[Page, str] = {}
        self._background = TaskSet(logger, expected=PlaywrightError)
        self._reporting: asyncio.Task[None] | None = None
        self._stale = False
        self._last: PageChanged | None = None
        self.acted_in = 0
        """The index of the tab that was active when an action was last begun."""
        context.on("page", self._opened)
        for page in context.pages:
            self._opened(page)

    @property
    def active(self) -> Page:
        """Returns the page that is acted on and shown. Raises StepFailed in the moment when there is none."""
        if not self._recent:
            raise StepFailed("no page is open")
        return self._recent[-1]

    @property
    def index(self) -> int:
        """Returns the active page's index among those that are open."""
        return self._pages.index(self._recent[-1]) if self._recent else 0

    @property
    def url(self) -> str:
        return self._recent[-1].url if self._recent else ""

    @property
    def viewport(self) -> Size:
        """Returns the active page's viewport in CSS pixels."""
        size = self._recent[-1].viewport_size if self._recent else None
        return Size(width=size["width"], height=size["height"]) if size else self._viewport

    def act(self) -> None:
        """Notes that an action is begun in the active page."""
        self.acted_in = self.index

    def owns(self, page: Page) -> bool:
        return page in self._pages

    async def opened(self, index: int, deadline: Deadline) -> Page:
        """Returns the page at that index once it is open: a click ends before the page that it opens is reported.

        Raises StepFailed where there is none when the time is up.
        """
        with suppress(PlaywrightTimeout):
            while len(self._pages) <= index:
                await self._context.wait_for_event("page", timeout=deadline.left_ms)
        if not 0 <= index < len(self._pages):
            open_tabs = "one tab is open" if len(self._pages) == 1 else f"{len(self._pages)} tabs are open"
            raise StepFailed(f"There is no tab {index}: {open_tabs}, the first is tab 0")
        return self._pages[index]

    async def open_new(self) -> None:
        """Opens a blank page, which becomes the active one."""
        await self._context.new_page()

    async def switch(self, page: Page) -> None:
        """Makes it the active page."""
        self._activate(page)
        await page.bring_to_front()

    def follow(self, page: Page) -> None:
        """Makes it the active page where it is not, and leaves it where it is on the screen."""
        if page in self._pages and self._recent[-1:] != [page]:
            self._activate(page)

    async def close(self, page: Page) -> None:
        """Closes it. Raises StepFailed for the only page."""
        if len(self._pages) == 1:
            raise StepFailed("The only open tab cannot be closed")
        await page.close()

    def news(self) -> None:
        """Reports what has changed, soon and once; nothing where all is as it was."""
        self._stale = True
        if self._reporting is None or self._reporting.done():
            self._reporting = self._background.spawn(self._report_news())

    async def aclose(self) -> None:
        await self._background.aclose()

    def _opened(self, page: Page) -> None:
        self._pages.append(page)
        page.on("close", self._closed)
        page.on("framenavigated", self._navigated)
        page.on("domcontentloaded", lambda _: self.news())
        page.on("load", lambda _: self.news())
        self._activate(page)
        if not self._passive:
            self._background.spawn(page.bring_to_front())

    def _navigated(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self.news()

    def _closed(self, page: Page) -> None:
        self._pages.remove(page)
        self._titles.pop(page, None)
        was_active = self._recent[-1:] == [page]
        self._recent = [other for other in self._recent if other is not page]
        if not was_active:
            self.news()
        elif self._recent:
            self._activate(self._recent[-1])
            if not self._passive:
                self._background.spawn(self._recent[-1].bring_to_front())
        elif not self._passive:
            self._background.spawn(self._reopen())

    async def _reopen(self) -> None:
        """Opens a blank page where the last one has closed itself, so that the run can go on."""
        await self._context.new_page()

    def _activate(self, page: Page) -> None:
        self._recent = [*(other for other in self._recent if other is not page), page]
        self._switched(page)
        self.news()

    async def _report_news(self) -> None:
        while self._stale:
            if not self._hurried():
                await asyncio.sleep(_CALM_SECONDS)
            self._stale = False
            with internal_calls():
                await asyncio.gather(*(self._read_title(page) for page in tuple(self._pages)))
            self._report_changes()

    async def _read_title(self, page: Page) -> None:
        """Reads the page's title; one that is blocked by a dialog or a long script keeps the title that it had."""
        try:
            self._titles[page] = str(await asyncio.wait_for(page.evaluate("document.title"), _TITLE_SECONDS))
        except (TimeoutError, PlaywrightError):
            self._titles.setdefault(page, "")

    def _report_changes(self) -> None:
        if not self._recent:
            return
        active = self._recent[-1]
        tabs = tuple(
            Tab(index=index, url=page.url, title=self._titles.get(page, ""), active=page is active)
            for index, page in enumerate(self._pages)
        )
        news = PageChanged(url=active.url, title=self._titles.get(active, ""), tabs=tabs, viewport=self.viewport)
        if news != self._last:
            self._last = news
            self._report(news)
