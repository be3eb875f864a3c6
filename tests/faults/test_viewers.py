"""What viewers can do: vanish, come and go in crowds, and never read. No run notices, and nothing of them stays."""

from __future__ import annotations

import asyncio

import pytest

from bench.receivers import crowd
from bench.usage import memory_mib
from tests.faults.scene import Scene, deaf, gauge, until_gauge
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

MISSED_SECONDS = 10
"""Within this a viewer that has vanished is out of the books."""
CUT_SECONDS = 25
"""Within this one that does not read is cut, buffers of the kernel included."""
BOUND_MIB = 40
ROUNDS, SIZE = 3, 10
SLACK = 5
"""Tasks and descriptors that come and go with requests; what one viewer leaves behind would be there thirty times."""
WHEP = 'jumpseat_connections{transport="whep"}'


async def test_viewers_that_vanish_are_out_of_the_books_within_ten_seconds(scene: Scene) -> None:
    server = scene.server
    tasks, files = await gauge(server, "jumpseat_tasks"), await gauge(server, "process_open_fds")
    for _ in range(ROUNDS):
        async with crowd(f"{server.api}/whep/{scene.bystander}", server.key) as viewers:
            await viewers.grow_to(SIZE)
            viewers.vanish()
    await until_gauge(server, WHEP, lambda open_: open_ == 0, seconds=MISSED_SECONDS)
    await scene.unharmed()
    await until_gauge(server, "jumpseat_tasks", lambda now: now <= tasks + SLACK, seconds=MISSED_SECONDS)
    await until_gauge(server, "process_open_fds", lambda now: now <= files + SLACK, seconds=MISSED_SECONDS)


async def test_a_viewer_that_never_reads_its_pictures_is_cut(scene: Scene) -> None:
    path = f"/stream/{scene.bystander}.mjpeg?token={scene.server.key}"
    await never_read(scene, scene.server.frames, path, transport="mjpeg")


async def test_a_viewer_that_never_reads_its_events_is_cut(scene: Scene) -> None:
    server, text = scene.server, "Expect to see 'a cat'\n" * 2500
    path = f"/ws/test-control?runId={scene.bystander}&token={server.key}"
    chatter = asyncio.create_task(chat(server, scene.bystander, text))
    await never_read(scene, server.api, path, transport="websocket")
    chatter.cancel()
    await asyncio.gather(chatter, return_exceptions=True)


async def chat(server: Served, run_id: str, text: str) -> None:
    """Long messages to everybody, until it is cancelled."""
    while True:
        status, _ = await server.post(f"/api/tests/{run_id}/update-instructions", {"instructions": text})
        assert status == 202
        await asyncio.sleep(0.05)


async def never_read(scene: Scene, base: str, path: str, *, transport: str) -> None:
    """Opens that and reads nothing: it is cut, memory stays, and others do not notice."""
    server, name = scene.server, f'jumpseat_connections{{transport="{transport}"}}'
    before, memory = await gauge(server, name), memory_mib(server.process.pid)
    with deaf(base, path, upgrade=transport == "websocket"):
        await until_gauge(server, name, lambda now: now > before, seconds=MISSED_SECONDS)
        await until_gauge(server, name, lambda now: now == before, seconds=CUT_SECONDS)
    assert memory_mib(server.process.pid) - memory < BOUND_MIB
    await scene.unharmed()
