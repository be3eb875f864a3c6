"""What is covered in the pictures of all pages of one run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from media.aio import TaskSet
from media.frames import FrameSink
from runner.browser.cover.covering_sink import CoveringSink
from runner.browser.cover.page_cover import PageCover

logger = logging.getLogger(__name__)


class Covers:
    """Keeps a `PageCover` for each page."""

    def __init__(self) -> None:
        self._pages: WeakKeyDictionary[Page, PageCover] = WeakKeyDictionary()
        self._background = TaskSet(logger, expected=PlaywrightError)
        self._expecting = 0
        self._noting = False
        self.at_once: Callable[[], bool] = lambda: True
        """Says whether a page that opens is looked at from its beginning, or only once it is to have a picture."""
        self.lifted = False
        """True while live pictures show what is covered; screenshots never do."""

    def opened(self, page: Page) -> None:
        """Takes note of a new page."""
        if self.at_once():
            self.of(page)

    def of(self, page: Page) -> PageCover:
        """Returns the page's cover, which looks at the page from the first call on."""
        if page not in self._pages:
            self._pages[page] = PageCover(page, self._background, expecting=self._expecting > 0, noting=self._noting)
        return self._pages[page]

    def sink(self, page: Page, sink: FrameSink) -> CoveringSink:
        """Returns where the page's captured pictures go in place of ``sink``."""
        return CoveringSink(sink, self.of(page), self._background, lifted=lambda: self.lifted)

    @asynccontextmanager
    async def covering(self) -> AsyncIterator[None]:
        """Covers whatever gets input within this, and for good."""
        try:
            await asyncio.gather(*self.expect(True))
            yield
        finally:
            await asyncio.gather(*self.expect(False))

    def expect(self, begins: bool) -> list[asyncio.Task[None]]:
        """Begins to cover whatever gets input, or ends that, as often as it was begun; pictures wait for the tasks."""
        self._expecting += 1 if begins else -1
        return self._tell()

    @property
    def noting(self) -> bool:
        """Whether what gets input now is covered once this is no longer so."""
        return self._noting

    @noting.setter
    def noting(self, noting: bool) -> None:
        self._noting = noting
        self._tell()

    def _tell(self) -> list[asyncio.Task[None]]:
        expecting = self._expecting > 0
        return [cover.expect(expecting=expecting, noting=self._noting) for cover in tuple(self._pages.values())]

    async def aclose(self) -> None:
        await self._background.aclose()
