"""One server and one Chromium for a file of end-to-end tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser_fixtures import SharedChromium
from tests.firefox import Firefox, launched
from tests.packaged_programs import FIREFOX
from tests.served import WAIT_SECONDS, Served, served

expect.set_options(timeout=WAIT_SECONDS * 1000)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Served]:
    async with served(JUMPSEAT_MAX_RUNS="8") as running:  # those that were cancelled may still be closing
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def viewer_browser(shared_chromium: SharedChromium) -> AsyncIterator[Browser]:
    """The worker's browser; contexts that a file's tests have left open are closed with it."""
    browser = await shared_chromium.browser()
    yield browser
    for context in browser.contexts:
        await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def firefox() -> AsyncIterator[Firefox]:
    path = FIREFOX.find()
    if path is None:
        pytest.skip("no Firefox is installed (Debian: apt-get install firefox-esr)")
    async with launched(path) as browser:
        yield browser
