"""Growth: what a long watched run leaves in the server's memory."""

from __future__ import annotations

import asyncio

from bench.figures import Row
from bench.receivers import crowd
from bench.usage import memory_mib
from tests.served import Served

PAGE = "/timecode.html?fps=20&scroll=1"
WARM_UP_SECONDS = 60.0
"""The allocators and caches fill up in this time."""


async def growth(served: Served, *, minutes: float) -> list[Row]:
    run_id = await served.start_watchable(PAGE, seconds=round(minutes * 60) + 600)
    async with crowd(f"{served.api}/whep/{run_id}", served.key) as viewers:
        await viewers.grow_to(1)
        await asyncio.sleep(WARM_UP_SECONDS)
        before = memory_mib(served.process.pid)
        await asyncio.sleep(minutes * 60 - WARM_UP_SECONDS)
        after = memory_mib(served.process.pid)
        status = (await served.get(f"/api/tests/{run_id}"))["status"]
    if status != "running":
        raise RuntimeError(f"the run did not last so long, it is {status}")
    await served.cancel(run_id)
    grown = round(after - before, 1)
    return [{"minutes": minutes, "startMiB": round(before, 1), "endMiB": round(after, 1), "grownMiB": grown}]
