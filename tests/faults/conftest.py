"""One server with a watched run on it, for each file of faults."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.fault_target import MOVING, FaultTarget
from tests.served import served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultTarget]:
    log = tmp_path_factory.mktemp("server") / "log"
    async with served(log=log, JUMPSEAT_MAX_RUNS="8", JUMPSEAT_MAX_VIEWERS="300") as server:
        yield FaultTarget(server, log, await server.start_watchable(MOVING, seconds=500))
