"""One Chromium for each worker of the tests, which lends contexts; a pytest plugin (see `tests/conftest.py`).

What is made of it belongs to the session's event loop: modules that use it are `asyncio(loop_scope="session")`. Tests
about how a browser starts, ends or is lost start one of their own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.chromium import chromium
from tests.packaged_programs import HEADLESS_SHELL

BROWSER = "JUMPSEAT_BROWSER_PATH"


def pytest_configure() -> None:
    """Lets tests, and what they start, take the headless shell where it is installed and no other browser is named."""
    if (shell := HEADLESS_SHELL.find()) and not os.environ.get(BROWSER):
        os.environ[BROWSER] = shell


@pytest.fixture(scope="module")
def whole_chromium() -> Iterator[None]:
    """Lets the tests of a file, and what they start, take Chromium itself: for what the headless shell lacks."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get(BROWSER) == HEADLESS_SHELL.find():
            patch.delenv(BROWSER, raising=False)
        yield


class SharedChromium:
    """Starts a Chromium when it is first wanted, and another one where a test has ended it."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._browser: Browser | None = None

    async def browser(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            self._browser = await self._stack.enter_async_context(chromium())
        return self._browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_chromium() -> AsyncIterator[SharedChromium]:
    """The worker's browser. Nothing but contexts of its user's own is opened in it, and each is closed again."""
    async with AsyncExitStack() as stack:
        yield SharedChromium(stack)


@pytest_asyncio.fixture(loop_scope="session")
async def blank_page(shared_chromium: SharedChromium) -> AsyncIterator[Page]:
    """A blank page in a context of its own."""
    context = await (await shared_chromium.browser()).new_context()
    yield await context.new_page()
    await context.close()
