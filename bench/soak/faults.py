"""Faults, each caused for real."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

from bench.receivers import crowd
from bench.soak.runs import MOVING, LiveRun, RunLauncher
from bench.soak.viewers import WatchedRun
from tests.faults.fault_target import deaf, renderers
from tests.livekit_server import LiveKitServer

_STOPPED_SECONDS = 3.0
_LOCKED_SECONDS = 4.0
_DEAF_SECONDS = 12.0
_CROWD = 200
_HELD = {"url": MOVING, "steps": [{"type": "wait", "value": 300_000}]}

Fault = Callable[[], Awaitable[None]]


class FaultInjector:
    """Takes one fault after the other, and looks each time whether the server serves."""

    def __init__(
        self, launcher: RunLauncher, watched_run: WatchedRun, *, database: Path, livekit: LiveKitServer | None
    ) -> None:
        self._launcher = launcher
        self._server = launcher.server
        self._report = launcher.report
        self._watched_run = watched_run
        self._database = database
        self._livekit = livekit
        self._faults = self._all()

    def _all(self) -> dict[str, Fault]:
        always: dict[str, Fault] = {
            "browser killed": self._kill_browser,
            "garbage to every port": self._garbage,
            "renderer stopped for a while": self._stop_renderer,
            "model endpoint hangs": self._ask_model,
            "page crashed": self._crash_page,
            "viewers that never read": self._deaf,
            "database locked": self._lock_database,
            f"{_CROWD} viewers connect and drop": self._flood,
        }
        return always | ({"LiveKit restarted": self._livekit.restart} if self._livekit else {})

    @property
    def rounds(self) -> int:
        """How often each fault has been caused."""
        return self._report.faults.total() // len(self._faults)

    async def strike(self) -> None:
        """The next one."""
        name = list(self._faults)[self._report.faults.total() % len(self._faults)]
        self._report.faults[name] += 1
        run_id = await self._watched_run.run()
        await self._faults[name]()
        async with self._server.http.get(f"{self._server.api}/healthz") as answer:
            watched_run = await self._server.get(f"/api/tests/{run_id}")
            if answer.status == 200 and watched_run["status"] in {"running", "passed"}:
                self._report.survived[name] += 1

    async def _kill_browser(self) -> None:
        async with self._launcher.live_run(_HELD, wanted="failed") as live_run:
            os.kill(live_run.browser, signal.SIGKILL)

    async def _crash_page(self) -> None:
        async with self._launcher.live_run(_HELD, wanted="failed") as live_run:
            _signal(renderers(live_run.browser), signal.SIGKILL)

    async def _stop_renderer(self) -> None:
        steps = [{"type": "navigate", "value": "/cart"}]
        async with self._launcher.live_run({"url": "/", "steps": steps, "mode": "review"}, wanted="passed") as live_run:
            await self._stopped(live_run)
            await self._server.until(live_run.id, lambda message: message["type"] == "step_proposed")
            await self._server.post(f"/api/tests/{live_run.id}/commands", {"type": "approve_step"})

    async def _stopped(self, live_run: LiveRun) -> None:
        pages = renderers(live_run.browser)
        _signal(pages, signal.SIGSTOP)
        try:
            await asyncio.sleep(_STOPPED_SECONDS)
        finally:
            _signal(pages, signal.SIGCONT)

    async def _ask_model(self) -> None:
        body = {"url": "/", "instructions": "Buy a bag", "planner": "model"}
        async with self._launcher.live_run(body, wanted="failed"):
            pass

    async def _flood(self) -> None:
        """Two hundred come within a minute, and drop without a goodbye."""
        async with self._launcher.live_run(_HELD, wanted="cancelled") as live_run:
            try:
                async with crowd(f"{self._server.api}/whep/{live_run.id}", self._server.key) as viewers:
                    await viewers.grow_to(_CROWD)
                    self._report.viewers["WHEP"] += _CROWD
                    viewers.vanish()
            finally:
                await self._server.cancel(live_run.id)

    async def _deaf(self) -> None:
        run_id = await self._watched_run.run()
        with (
            deaf(self._server.frames, f"/stream/{run_id}.mjpeg?token={self._server.key}"),
            deaf(self._server.api, f"/ws/test-control?runId={run_id}&token={self._server.key}", upgrade=True),
        ):
            await asyncio.sleep(_DEAF_SECONDS)

    async def _garbage(self) -> None:
        """To both TCP ports and to every UDP port that the server has open now."""
        noise = random.Random(len(self._report.runs)).randbytes
        for base in (self._server.api, self._server.frames):
            address = urlsplit(base)
            for size in (1, 400, 70_000):
                with socket.socket() as client, suppress(OSError):
                    client.connect((address.hostname, address.port))
                    client.sendall(noise(size) + b"\r\n\r\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for port in _udp_ports(self._server.process.pid):
                for first in (b"\x00", b"\x16", b"\x80", b"\xc8"):  # STUN, DTLS, RTP, and what is none
                    client.sendto(first + noise(200), ("127.0.0.1", port))

    async def _lock_database(self) -> None:
        with closing(sqlite3.connect(self._database, isolation_level=None, timeout=10)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await asyncio.sleep(_LOCKED_SECONDS)
            other.execute("ROLLBACK")


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _udp_ports(pid: int) -> list[int]:
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            sockets.add(os.readlink(descriptor))
    lines = [line.split() for line in Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]]
    return [int(line[1].partition(":")[2], 16) for line in lines if f"socket:[{line[9]}]" in sockets]
