"""What viewers can do: vanish, come and go in crowds, and never read. No run notices, and nothing of them stays."""

from __future__ import annotations

import asyncio

import pytest

from bench.receivers import crowd
from bench.usage import memory_mib
from tests.faults.fault_target import FaultTarget, deaf, gauge, until_gauge
from tests.served import WAIT_SECONDS, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOUND_MIB = 40
ROUNDS, SIZE = 3, 10
SLACK = 15
"""Tasks and descriptors that come and go with requests; what one viewer leaves behind would be there thirty times."""
WHEP = 'jumpseat_connections{transport="whep"}'


async def test_viewers_that_vanish_are_out_of_the_books(target: FaultTarget) -> None:
    """Within how long is proved where a single one vanishes (tests/signaling)."""
    server = target.server
    await target.unharmed()  # opens what stays open: connections of clients and of the database
    tasks, files = await gauge(server, "jumpseat_tasks"), await gauge(server, "process_open_fds")
    for _ in range(ROUNDS):
        async with crowd(f"{server.api}/whep/{target.bystander}", server.key) as viewers:
            await viewers.grow_to(SIZE)
            viewers.vanish()
    await until_gauge(server, WHEP, lambda open_: open_ == 0, seconds=WAIT_SECONDS)
    await target.unharmed()
    await until_gauge(server, "jumpseat_tasks", lambda now: now <= tasks + SLACK, seconds=WAIT_SECONDS)
    await until_gauge(server, "process_open_fds", lambda now: now <= files + SLACK, seconds=WAIT_SECONDS)


async def test_a_viewer_that_never_reads_its_pictures_is_cut(target: FaultTarget) -> None:
    path = f"/stream/{target.bystander}.mjpeg?token={target.server.key}"
    await never_read(target, target.server.frames, path, transport="mjpeg")


async def test_a_viewer_that_never_reads_its_events_is_cut(target: FaultTarget) -> None:
    server, text = target.server, "Expect to see 'a cat'\n" * 2500
    path = f"/ws/test-control?runId={target.bystander}&token={server.key}"
    chatter = asyncio.create_task(chat(server, target.bystander, text))
    await never_read(target, server.api, path, transport="websocket")
    chatter.cancel()
    await asyncio.gather(chatter, return_exceptions=True)


async def chat(server: Served, run_id: str, text: str) -> None:
    """Long messages to everybody, until it is cancelled."""
    while True:
        status, _ = await server.post(f"/api/tests/{run_id}/update-instructions", {"instructions": text})
        assert status == 202
        await asyncio.sleep(0.05)


async def never_read(target: FaultTarget, base: str, path: str, *, transport: str) -> None:
    """Opens that and reads nothing: it is cut, memory stays, and others do not notice."""
    server, name = target.server, f'jumpseat_connections{{transport="{transport}"}}'
    await until_gauge(server, name, lambda now: now == 0, seconds=WAIT_SECONDS)
    memory = memory_mib(server.process.pid)
    with deaf(base, path, upgrade=transport == "websocket"):
        await until_gauge(server, name, lambda now: now == 1, seconds=WAIT_SECONDS)
        await until_gauge(server, name, lambda now: now == 0, seconds=WAIT_SECONDS)
    assert memory_mib(server.process.pid) - memory < BOUND_MIB
    await target.unharmed()
