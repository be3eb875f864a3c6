"""What is covered in the pictures of all pages of one run."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
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
        self.lifted = False
        """True while live pictures show what is covered; screenshots never do."""

    def of(self, page: Page) -> PageCover:
        """Returns the page's cover, which looks at the page from the first call on."""
        if page not in self._pages:
            self._pages[page] = PageCover(page, self._background)
        return self._pages[page]

    def sink(self, page: Page, sink: FrameSink) -> CoveringSink:
        """Returns where the page's captured pictures go in place of ``sink``."""
        return CoveringSink(sink, self.of(page), self._background, lifted=lambda: self.lifted)

    def covering(self, page: Page) -> AbstractAsyncContextManager[None]:
        """Covers whatever gets input in this page within this, see `PageCover.covering`."""
        return self.of(page).covering()

    async def aclose(self) -> None:
        await self._background.aclose()
