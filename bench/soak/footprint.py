"""What the server process holds, and how much of it may stay."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.usage import memory_mib
from tests.faults.fault_target import gauge
from tests.processes import alive, children
from tests.served import Served

LOOK_SECONDS = 12.0
"""Between two looks. What ends by itself has ended in this time: polls keep a stream watched for 5 s, a viewer that has
vanished is missed after 10 s, a browser that does not close is killed after 4 s."""
REST_SECONDS = 10 * LOOK_SECONDS


@dataclass(frozen=True, slots=True)
class Footprint:
    memory: float
    """Resident MiB."""
    descriptors: float
    threads: float
    tasks: float
    """Of the event loop."""
    processes: float
    """Below the server."""

    def beyond(self, before: Footprint) -> list[str]:
        """One sentence for each figure that has grown by more than it may."""
        grown = {name: now - asdict(before)[name] for name, now in asdict(self).items()}
        return [
            f"{name} grew by {grown[name]:g}, and may by {may:g}"
            for name, may in asdict(ALLOWED).items()
            if grown[name] > may
        ]


ALLOWED = Footprint(memory=64, descriptors=6, threads=8, tasks=4, processes=0)
"""Growth from the first rest to the last. Memory: the allocators' fragments, and the events of the 32 runs that a
server keeps. Descriptors and tasks: of a request under way. Threads: the default executor and the
database's connections start more when more is to be done at once, up to six and five, and keep them."""


async def footprint(server: Served) -> Footprint:
    pid = server.process.pid
    tasks = await gauge(server, "jumpseat_tasks")
    return Footprint(
        memory=round(memory_mib(pid), 1),
        descriptors=_count(f"/proc/{pid}/fd"),
        threads=_count(f"/proc/{pid}/task"),
        tasks=tasks,
        processes=len(alive(children(pid))),
    )


async def at_rest(server: Served) -> Footprint:
    """As it is once it has come to rest: the same twice, memory apart."""
    last = None
    with suppress(TimeoutError):
        async with asyncio.timeout(REST_SECONDS):
            while (now := replace(await footprint(server), memory=0)) != last:
                last = now
                await asyncio.sleep(LOOK_SECONDS)
    return await footprint(server)


def _count(folder: str) -> int:
    return len(list(Path(folder).iterdir()))
