"""Viewers on every transport, who come to the run that is on watched_run and go again."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.receivers import crowd
from bench.soak.runs import MOVING, RunLauncher
from tests.chromium import WhepViewer, chromium

ON_STAGE_SECONDS = 30
_DOORS_OPEN_SECONDS = 12
"""Whoever comes later would not see enough."""
_STAY_SECONDS = 4.0


class WatchedRun:
    """A run after the other that is there to be watched."""

    def __init__(self, launcher: RunLauncher) -> None:
        self._launcher = launcher
        self._run: str | None = None
        self._opened = asyncio.Event()

    async def show(self) -> None:
        """One run, to its end, which no viewer and no fault of a viewer may change."""
        steps = [{"type": "wait", "value": ON_STAGE_SECONDS * 1000}]
        async with self._launcher.live_run({"url": MOVING, "steps": steps}, wanted="passed") as live_run:
            self._run = live_run.id
            self._opened.set()
            await asyncio.sleep(_DOORS_OPEN_SECONDS)
            self._opened.clear()

    async def run(self) -> str:
        """The run to watch."""
        await self._opened.wait()
        assert self._run
        return self._run


class Viewers:
    """One visit on each transport; who stays for how long is chance."""

    def __init__(self, launcher: RunLauncher, watched_run: WatchedRun, *, chance: random.Random) -> None:
        self._server = launcher.server
        self._report = launcher.report
        self._watched_run = watched_run
        self._chance = chance

    async def whep(self) -> None:
        """A few light viewers; every second time they go without a goodbye."""
        run_id, size = await self._watched_run.run(), self._chance.randint(2, 8)
        async with (
            self._visit("WHEP", run_id, size),
            crowd(f"{self._server.api}/whep/{run_id}", self._server.key) as some,
        ):
            await some.grow_to(size)
            await some.count(self._stay())
            if self._chance.random() < 0.5:
                some.vanish()

    async def websocket(self) -> None:
        run_id = await self._watched_run.run()
        url = f"{self._server.api}/ws/test-control?runId={run_id}&since=0"
        async with self._visit("WebSocket", run_id), self._server.http.ws_connect(url) as socket:
            for _ in range(self._chance.randint(1, 4)):
                await socket.send_json({"type": "ping", "t": 1})
                await socket.receive(timeout=20)
            if self._chance.random() < 0.5:
                transport = socket.get_extra_info("socket")
                if transport is not None:
                    transport.shutdown(2)

    async def mjpeg(self) -> None:
        run_id = await self._watched_run.run()
        url = f"{self._server.frames}/stream/{run_id}.mjpeg"
        async with self._visit("MJPEG", run_id), self._server.http.get(url) as answer:
            answer.raise_for_status()
            async with asyncio.timeout(20):
                await answer.content.readexactly(self._chance.randint(50_000, 400_000))

    async def polling(self) -> None:
        run_id, seq = await self._watched_run.run(), "0"
        async with self._visit("polling", run_id):
            for _ in range(self._chance.randint(2, 10)):
                async with self._server.http.get(f"{self._server.frames}/stream/{run_id}?after={seq}") as answer:
                    answer.raise_for_status()
                    seq = answer.headers["X-Frame-Seq"]
                    await answer.read()

    async def chromium(self) -> None:
        async with chromium() as browser:
            run_id = await self._watched_run.run()
            async with self._visit("Chromium", run_id):
                viewer = await WhepViewer.watch(browser, self._server.api, run_id, token=self._server.key)
                await viewer.wait("v.pictures > 10 && v.control.readyState === 'open'", timeout_ms=20_000)

    async def livekit(self) -> None:
        """In a process of its own, which ends without a goodbye. A room may be away for a while: that is no loss."""
        run_id = await self._watched_run.run()
        streams = [await self._server.get(f"/api/tests/{run_id}/stream?client={number}") for number in range(2)]
        environment = os.environ | {"BENCH_TOKENS": " ".join(stream["token"] for stream in streams)}
        command = (sys.executable, "-m", "bench.livekit", streams[0]["livekitUrl"])
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            assert process.stdout
            async with asyncio.timeout(20):
                seen = await process.stdout.readline()
            (self._report.viewers if seen else self._report.late)["LiveKit"] += len(streams)
            await asyncio.sleep(self._stay())
        except TimeoutError:
            self._report.late["LiveKit"] += len(streams)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _stay(self) -> float:
        return self._chance.uniform(0.5, _STAY_SECONDS)

    @asynccontextmanager
    async def _visit(self, transport: str, run_id: str, size: int = 1) -> AsyncIterator[None]:
        """Whatever goes wrong on a visit is a loss, unless the run was over meanwhile."""
        try:
            yield
        except Exception as error:
            if (await self._server.get(f"/api/tests/{run_id}"))["status"] == "running":
                self._report.lose(f"a viewer by {transport}: {error!r}")
            else:
                self._report.late[transport] += size
        else:
            self._report.viewers[transport] += size
