"""The server process is stopped or killed while people watch: what it has acknowledged is there when it comes back."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bench.receivers import crowd
from tests.faults.fault_target import MOVING
from tests.processes import alive, children, ended
from tests.served import STOP_SECONDS, Served, served

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds the browsers' processes in /proc"),
    pytest.mark.process,
    pytest.mark.long,
]

STOPPED = "the server stopped while this run was in flight"


@dataclass(frozen=True)
class Load:
    """Two runs in flight, watched by everything that watches."""

    server: Served
    runs: tuple[str, ...]
    below: list[int]
    """The processes of their browsers."""
    told: list[dict[str, Any]]
    """What a WebSocket viewer of the first run was told, up to the end of the connection."""
    closed: list[int | None]
    """The code that the connection ended with."""


@asynccontextmanager
async def loaded(folder: Path, **settings: str) -> AsyncIterator[Load]:
    async with (
        served(log=folder / "log", JUMPSEAT_DATA_DIR=str(folder), **settings) as server,
        AsyncExitStack() as stack,
    ):
        runs = tuple([await server.start_watchable(MOVING, seconds=300) for _ in range(2)])
        load = Load(server, runs, children(server.process.pid), [], [])
        viewers = await stack.enter_async_context(crowd(f"{server.api}/whep/{runs[0]}", server.key))
        await viewers.grow_to(5)
        work = [asyncio.create_task(listen(load)), *(asyncio.create_task(look(server, path)) for path in paths(runs))]
        stack.push_async_callback(asyncio.wait, work)
        yield load


def paths(runs: tuple[str, ...]) -> list[str]:
    return [f"/stream/{run_id}{how}" for run_id in runs for how in (".mjpeg", "?after=0")]


async def listen(load: Load) -> None:
    url = f"{load.server.api}/ws/test-control?runId={load.runs[0]}&since=0"
    async with load.server.http.ws_connect(url) as socket:
        async for message in socket:
            load.told.append(message.json())
        load.closed.append(socket.close_code)


async def look(server: Served, path: str) -> None:
    """Reads pictures until there are no more."""
    with suppress(aiohttp.ClientError):
        while True:
            async with server.http.get(f"{server.frames}{path}") as answer:
                async for _ in answer.content.iter_any():
                    pass


async def test_sigterm_under_load_ends_everything_in_order(tmp_path: Path) -> None:
    async with loaded(tmp_path) as load:
        load.server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            assert await load.server.process.wait() == 0
            await asyncio.gather(*map(ended, load.below))
    assert not alive(load.below)
    assert [message["status"] for message in load.told if message["type"] == "run_finished"] == ["cancelled"]
    assert load.closed == [1001]
    assert "Traceback" not in (tmp_path / "log").read_text()
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        for run_id in load.runs:
            assert (await server.get(f"/api/tests/{run_id}"))["status"] == "cancelled"


async def test_sigkill_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    secret = secrets.token_urlsafe(24)
    async with loaded(tmp_path, JUMPSEAT_SECRET=secret) as load:
        server, (first, second) = load.server, load.runs
        done = await server.create({"url": "/cart", "steps": [{"type": "expect_url", "value": "/cart"}]})
        await server.until(done["id"], lambda message: message["type"] == "run_finished")
        _, kept = await server.post(f"/api/tests/{first}/tokens", {"role": "viewer"})
        _, revoked = await server.post(f"/api/tests/{first}/tokens", {"role": "viewer"})
        async with server.http.delete(f"{server.api}/api/tests/{first}/tokens/{revoked['id']}") as answer:
            assert answer.status == 204
        begun = await server.create({"url": "/", "instructions": "Wait 60 seconds"})
        server.process.kill()
        async with asyncio.timeout(STOP_SECONDS):
            await server.process.wait()
            await asyncio.gather(*map(ended, load.below))
    again = served(JUMPSEAT_DATA_DIR=str(tmp_path), JUMPSEAT_SECRET=secret)
    async with again as server, aiohttp.ClientSession() as anybody:
        for run_id in (first, second, begun["id"]):
            run = await server.get(f"/api/tests/{run_id}")
            assert (run["status"], run["error"]) == ("failed", STOPPED)
            assert all(step["status"] == "skipped" for step in run["steps"])
        run = await server.get(f"/api/tests/{done['id']}")
        assert (run["status"], [step["status"] for step in run["steps"]]) == ("passed", ["passed"])
        for token, status in ((kept["token"], 200), (revoked["token"], 401)):
            async with anybody.get(f"{server.api}/api/tests/{first}?token={token}") as answer:
                assert answer.status == status
