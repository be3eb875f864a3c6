"""The server that most of these tests talk to."""

from collections.abc import AsyncIterator

import pytest

from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ServerHarness


@pytest.fixture
async def harness() -> AsyncIterator[ServerHarness]:
    async with ServerHarness() as harness:
        yield harness


@pytest.fixture
async def run(harness: ServerHarness) -> FakeRun:
    """Ada's run, with one picture."""
    return await harness.new_run()
