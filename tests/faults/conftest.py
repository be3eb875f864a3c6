"""One server with a watched run on it, for each file of faults."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.scene import MOVING, Scene
from tests.served import served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    log = tmp_path_factory.mktemp("server") / "log"
    async with served(log=log, JUMPSEAT_MAX_RUNS="8", JUMPSEAT_MAX_VIEWERS="300") as server:
        yield Scene(server, log, await server.start_watchable(MOVING, seconds=500))
