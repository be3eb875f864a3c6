"""A harness that lets every amount in, with a run that is never over; what is left behind of it is an error."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from signaling.config import Config
from tests.fuzz.command_channels import UNLIMITED_CONFIG, EndlessRun, endless_run
from tests.fuzz.resource_census import no_traceback, nothing_left
from tests.signaling.server_harness import ServerHarness


@pytest.fixture
def config() -> Config:
    return UNLIMITED_CONFIG


@pytest.fixture
async def harness(config: Config) -> AsyncIterator[ServerHarness]:
    with no_traceback():
        async with nothing_left(), ServerHarness(config) as harness:
            yield harness


@pytest.fixture
def run(harness: ServerHarness) -> EndlessRun:
    return endless_run(harness)
