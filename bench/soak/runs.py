"""Runs of all kinds, each followed to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench.soak.report import Run, SoakReport
from tests.faults.fault_target import browsers
from tests.served import Served

MOVING = "/timecode.html?fps=10"
_WAIT = {"type": "wait", "value": 60_000}
_QUIET = {"helpTimeoutMs": 0, "stepTimeoutMs": 5000}


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run whose page is open."""

    id: str
    browser: int
    """The main process of its browser."""


class RunLauncher:
    """Starts runs, and puts their ends into the report."""

    def __init__(self, server: Served, report: SoakReport) -> None:
        self.server = server
        self.report = report
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def live_run(self, body: dict[str, Any], *, wanted: str) -> AsyncIterator[LiveRun]:
        """A run in live_run; leaving waits for its end. One starts at a time, so that its browser can be told."""
        async with self._starting:
            before = set(browsers(self.server.process.pid))
            run_id = str((await self.server.create(_QUIET | body))["id"])
            self.report.runs[run_id] = Run(wanted)
            await self.server.until(run_id, _flies)
            (browser,) = set(browsers(self.server.process.pid)) - before
        yield LiveRun(run_id, browser)
        await self.server.until(run_id, lambda message: message["type"] == "run_finished")
        kept = (await self.server.get(f"/api/tests/{run_id}"))["status"]
        self.report.end(run_id, await self._ends(run_id), kept)

    async def _ends(self, run_id: str) -> list[str]:
        """Every end in the run's log."""
        url = f"{self.server.api}/ws/test-control?runId={run_id}&since=0"
        ends: list[str] = []
        async with self.server.http.ws_connect(url) as socket, asyncio.timeout(30):
            await socket.send_json({"type": "ping", "t": 0})
            async for message in socket:
                event = message.json()
                if event["type"] == "pong":
                    return ends
                if event["type"] == "run_finished":
                    ends.append(event["status"])
        raise RuntimeError("the socket closed before its pong")

    # Kinds

    async def passes(self) -> None:
        steps = [{"type": "navigate", "value": "/cart"}, {"type": "expect_url", "value": "/cart"}]
        async with self.live_run({"url": "/", "steps": steps}, wanted="passed"):
            pass

    async def speaks(self) -> None:
        text = "Click 'Orbit neck pillow'\nClick 'Add to cart'\nGo to /cart\nExpect to see 'Checkout'"
        async with self.live_run({"url": "/", "instructions": text}, wanted="passed"):
            pass

    async def fails(self) -> None:
        steps = [{"type": "expect_text", "selector": "h1", "value": "What is not there"}]
        async with self.live_run({"url": "/", "steps": steps, "stepTimeoutMs": 500}, wanted="failed"):
            pass

    async def is_cancelled(self) -> None:
        async with self.live_run({"url": MOVING, "steps": [_WAIT]}, wanted="cancelled") as live_run:
            await self.server.cancel(live_run.id)

    async def is_steered(self) -> None:
        """Paused, told other instructions, resumed."""
        async with self.live_run({"url": "/", "instructions": "Wait 60 seconds"}, wanted="cancelled") as live_run:
            path = f"/api/tests/{live_run.id}"
            for verb, body in (("pause", None), ("update-instructions", {"instructions": "Scroll down"})):
                status, _ = await self.server.post(f"{path}/{verb}", body)
                if status != 202:
                    self.report.lose(f"{verb} was answered with {status}")
            await self.server.post(f"{path}/resume")
            await self.server.cancel(live_run.id)


def _flies(message: dict[str, Any]) -> bool:
    return message["type"] in {"stream_available", "run_finished"}
