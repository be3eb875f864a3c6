"""A house that lets every amount in, with a run that is never over; what is left behind of it is an error."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from signaling.config import Config
from tests.fuzz.census import no_traceback, nothing_left
from tests.fuzz.doors import OPEN_HOUSE, Lasting, lasting_run
from tests.signaling.house import House


@pytest.fixture
def config() -> Config:
    return OPEN_HOUSE


@pytest.fixture
async def house(config: Config) -> AsyncIterator[House]:
    with no_traceback():
        async with nothing_left(), House(config) as house:
            yield house


@pytest.fixture
def run(house: House) -> Lasting:
    return lasting_run(house)
