"""The server that most of these tests talk to."""

from collections.abc import AsyncIterator

import pytest

from tests.signaling.fakes import FakeRun
from tests.signaling.house import House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with House() as house:
        yield house


@pytest.fixture
async def run(house: House) -> FakeRun:
    """Ada's run, with one picture."""
    return await house.new_run()
