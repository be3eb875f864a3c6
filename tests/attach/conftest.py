"""One site and one server for a file of tests; the suites themselves are never collected by this pytest."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.attach.suites.site import SuiteSite, serving_suite_site
from tests.served import Served, served

collect_ignore = ["suites"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site() -> AsyncIterator[SuiteSite]:
    async with serving_suite_site() as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Served]:
    async with served(JUMPSEAT_MAX_RUNS="64") as running:
        yield running
