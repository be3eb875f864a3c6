"""The parts that the tests of awkward pages share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser_fixtures import SharedChromium
from tests.pages.page_runs import PageRuns, page_runs


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def runs(shared_chromium: SharedChromium, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PageRuns]:
    async with page_runs(tmp_path_factory.mktemp("pages"), await shared_chromium.browser()) as runs:
        yield runs
