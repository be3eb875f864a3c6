"""``python -m bench.soak [MINUTES]``: prints what was done, and exits with 1 where something does not hold.

Half an hour by default, which the environment's ``SOAK`` may say, too; before it everything is done once, so that what
is only ever made once is there when the first footprint is taken.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from itertools import cycle
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.soak.faults import FaultInjector
from bench.soak.footprint import ALLOWED, Footprint, at_rest
from bench.soak.report import SoakReport, tracebacks
from bench.soak.runs import RunLauncher
from bench.soak.viewers import Viewers, WatchedRun
from tests.livekit_server import LiveKitServer, ServerMissing, find_here
from tests.openai_server import never, serve_openai
from tests.served import Served, served

MINUTES = 30.0
_OFTEN, _SELDOM = 1.0, 20.0
"""Seconds between one and the next: seldom for viewers that take a whole browser, or a LiveKit client."""

Act = Callable[[], Awaitable[None]]


class ServerEnded(Exception):
    """The server has ended by itself; nothing more can be done."""


class Soak:
    """Everything that goes on at the same time on one server."""

    def __init__(self, server: Served, report: SoakReport, *, database: Path, livekit: LiveKitServer | None) -> None:
        self._server = server
        self._report = report
        launcher = RunLauncher(server, report)
        watched_run = WatchedRun(launcher)
        viewers = Viewers(launcher, watched_run, chance=random.Random(7))
        self._fault_injector = FaultInjector(launcher, watched_run, database=database, livekit=livekit)
        self._kinds = cycle(
            (launcher.passes, launcher.fails, launcher.speaks, launcher.is_cancelled, launcher.is_steered)
        )
        self._show = watched_run.show
        self._acts: dict[str, tuple[Act, float]] = {
            "short runs": (self._next_kind, _OFTEN),
            "faults": (self._fault_injector.strike, _OFTEN),
            "WHEP": (viewers.whep, _OFTEN),
            "WebSocket": (viewers.websocket, _OFTEN),
            "MJPEG": (viewers.mjpeg, _OFTEN),
            "polling": (viewers.polling, _OFTEN),
            "Chromium": (viewers.chromium, _SELDOM),
        }
        if livekit is not None:
            self._acts["LiveKit"] = (viewers.livekit, _SELDOM)

    async def warm_up(self) -> None:
        """Until everything has been done once."""
        await self._go_on(lambda: self._fault_injector.rounds >= 1)

    async def go_on(self, seconds: float) -> None:
        """For so long."""
        until = time.monotonic() + seconds
        await self._go_on(lambda: time.monotonic() >= until)

    async def _go_on(self, is_over: Callable[[], bool]) -> None:
        """What has begun when it is over comes to its end, and until that there is a run on watched_run."""
        acts = asyncio.gather(*(self._repeat(name, is_over) for name in self._acts))
        try:
            while not acts.done():
                await self._do("watched_run", self._show)
        finally:
            acts.cancel()
            await asyncio.gather(acts, return_exceptions=True)

    async def _repeat(self, name: str, is_over: Callable[[], bool]) -> None:
        act, pause = self._acts[name]
        while not is_over():
            await self._do(name, act)
            await asyncio.sleep(pause)

    async def _next_kind(self) -> None:
        await next(self._kinds)()

    async def _do(self, name: str, act: Act) -> None:
        try:
            await act()
        except Exception as error:
            self._report.lose(f"{name}: {error!r}")
            if self._server.process.returncode is not None:
                raise ServerEnded(f"with code {self._server.process.returncode}") from error


async def soak(minutes: float, folder: Path) -> tuple[SoakReport, Footprint, Footprint]:
    """The report, and the footprints before and after."""
    report = SoakReport()
    data, log = folder / "data", folder / "log"
    async with AsyncExitStack() as stack:
        livekit = await _livekit(stack, folder)
        openai = await stack.enter_async_context(serve_openai(*[never()] * 10_000))
        settings = {
            "JUMPSEAT_DATA_DIR": str(data),
            "JUMPSEAT_MAX_RUNS": "10",
            "JUMPSEAT_MAX_VIEWERS": "400",
            "JUMPSEAT_MODEL": "openai:a-model",
            "JUMPSEAT_MODEL_CALL_SECONDS": "3",
            "OPENAI_BASE_URL": openai.base_url,
            "OPENAI_API_KEY": "none",
        }
        if livekit is not None:
            settings |= {
                "LIVEKIT_URL": livekit.url,
                "LIVEKIT_API_KEY": livekit.key,
                "LIVEKIT_API_SECRET": livekit.secret,
            }
        async with served(log=log, **settings) as server:
            work = Soak(server, report, database=data / "jumpseat.sqlite3", livekit=livekit)
            await work.warm_up()
            before = await at_rest(server)
            await work.go_on(minutes * 60)
            after = await at_rest(server)
        if server.process.returncode != 0:
            report.lose(f"the server ended with code {server.process.returncode}")
    await _compare_with_the_store(report, data)
    report.lost += [*tracebacks(log), *after.beyond(before)]
    report.close()
    return report, before, after


async def _livekit(stack: AsyncExitStack, folder: Path) -> LiveKitServer | None:
    try:
        return await stack.enter_async_context(LiveKitServer(find_here(), folder))
    except ServerMissing as missing:
        print(missing, file=sys.stderr)
        return None


async def _compare_with_the_store(report: SoakReport, data: Path) -> None:
    async with served(JUMPSEAT_DATA_DIR=str(data)) as server:
        for run_id in report.runs:
            report.compare(run_id, (await server.get(f"/api/tests/{run_id}"))["status"])


def print_report(report: SoakReport, before: Footprint, after: Footprint) -> None:
    console = Console(width=120)
    ends = Counter(run.ended or "none" for run in report.runs.values())
    console.print(f"runs: {len(report.runs)} started; {_listed(ends)}")
    console.print(f"viewers: {report.viewers.total()}; {_listed(report.viewers)}")
    console.print(f"viewers whose run was over before they saw it: {report.late.total()}; {_listed(report.late)}")
    console.print(f"faults: {report.faults.total()}, {report.survived.total()} survived; {_listed(report.faults)}")
    table = Table("at rest", "after the warm-up", "at the end", "may grow by")
    for name, value in asdict(before).items():
        table.add_row(name, f"{value:g}", f"{asdict(after)[name]:g}", f"{asdict(ALLOWED)[name]:g}")
    console.print(table)
    console.print(f"lost or left behind: {len(report.lost) or 'nothing'}")
    for sentence in report.lost:
        console.print(f"  {sentence}", markup=False, highlight=False)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def main(arguments: list[str]) -> int:
    minutes = float(arguments[0] if arguments else os.environ.get("SOAK") or MINUTES)
    try:
        with tempfile.TemporaryDirectory() as folder:
            report, before, after = asyncio.run(soak(minutes, Path(folder)))
    except ServerEnded as error:
        print(f"the server has ended by itself, {error}", file=sys.stderr)
        return 1
    print_report(report, before, after)
    return int(bool(report.lost))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
