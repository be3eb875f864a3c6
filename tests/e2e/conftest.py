"""One server and one Chromium for a file of end-to-end tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.chromium import chromium
from tests.firefox import Firefox, find_firefox, launched
from tests.served import WAIT_SECONDS, Served, served

expect.set_options(timeout=WAIT_SECONDS * 1000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Served]:
    async with served(JUMPSEAT_MAX_RUNS="8") as running:  # those that were cancelled may still be closing
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def viewer_browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def firefox() -> AsyncIterator[Firefox]:
    path = find_firefox()
    if path is None:
        pytest.skip("no Firefox is installed (Debian: apt-get install firefox-esr)")
    async with launched(path) as browser:
        yield browser
