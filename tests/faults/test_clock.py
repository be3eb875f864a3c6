"""The machine's clock is set while runs go on: to the server and its browsers it is suddenly another day."""

from __future__ import annotations

import asyncio
import mmap
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bench.receivers import Crowd, crowd
from tests.faults.fault_target import MOVING, FaultTarget
from tests.served import WAIT_SECONDS, served

CC = shutil.which("cc")
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CC is None or sys.platform != "linux", reason="no C compiler: the clock cannot be moved"),
]

DAY = 24 * 3600
HELP_MS = 8000
"""Time enough to set the clock and to ask for a pause before it has passed, however busy the machine is."""
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static long moved(void) {
    static volatile long *seconds;
    if (!seconds) {
        int file = open(getenv("MOVED_BY"), O_RDONLY);
        seconds = mmap(0, sizeof *seconds, PROT_READ, MAP_SHARED, file, 0);
    }
    return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += moved();
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec read;
    if (clock_gettime(CLOCK_REALTIME, &read)) return -1;
    now->tv_sec = read.tv_sec;
    now->tv_usec = read.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec read;
    clock_gettime(CLOCK_REALTIME, &read);
    if (now) *now = read.tv_sec;
    return read.tv_sec;
}
"""


class MovedClock:
    """What a process and all below it take for the time, if it is started with ``environment``."""

    def __init__(self, folder: Path) -> None:
        source, library, place = folder / "clock.c", folder / "clock.so", folder / "moved"
        source.write_text(CLOCK)
        assert CC
        subprocess.run([CC, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        place.write_bytes(struct.pack("l", 0))
        with place.open("r+b") as file:
            self._moved = mmap.mmap(file.fileno(), 0)
        self.environment = {"LD_PRELOAD": str(library), "MOVED_BY": str(place)}

    def set(self, seconds: int) -> None:
        """So far from the real time."""
        self._moved[:] = struct.pack("l", seconds)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clock(tmp_path_factory: pytest.TempPathFactory) -> MovedClock:
    return MovedClock(tmp_path_factory.mktemp("clock"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target(clock: MovedClock, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultTarget]:
    log = tmp_path_factory.mktemp("server") / "log"
    async with served(log=log, JUMPSEAT_MAX_RUNS="8", **clock.environment) as server:
        yield FaultTarget(server, log, await server.start_watchable(MOVING, seconds=300))


@pytest.mark.parametrize("seconds", [DAY, -DAY], ids=["forth", "back"])
async def test_a_run_that_waits_for_help_waits_as_long_as_it_said(
    target: FaultTarget, clock: MovedClock, seconds: int
) -> None:
    server, lost = target.server, {"type": "click", "selector": "text=Not here"}
    spec = {"url": "/", "steps": [lost], "stepTimeoutMs": 500, "helpTimeoutMs": HELP_MS}
    run_id = (await server.create(spec))["id"]
    await server.until(run_id, lambda message: message["type"] == "help_needed")
    try:
        clock.set(seconds)
        assert (await server.post(f"/api/tests/{run_id}/pause"))[0] == 202
        assert (await server.get(f"/api/tests/{run_id}"))["status"] == "paused"
        assert (await server.post(f"/api/tests/{run_id}/resume"))[0] == 202
        run = await target.ended(run_id)
        assert run["status"] == "failed"
        assert 0 < run["steps"][0]["durationMs"] < 60_000
    finally:
        clock.set(0)


async def test_what_a_person_does_takes_as_long_as_it_took(target: FaultTarget, clock: MovedClock) -> None:
    """Somebody has set the clock since the run began."""
    server = target.server
    steps = [{"type": "click", "selector": "[name=name]"}, {"type": "wait", "value": 60_000}]
    run_id = (await server.create({"url": "/checkout", "steps": steps}))["id"]
    await target.step_begun(run_id, 2)
    try:
        async with server.http.ws_connect(f"{server.api}/ws/test-control?runId={run_id}") as socket:
            await told(socket, {"type": "take_control"})
            clock.set(-DAY)
            await told(socket, {"type": "input", "kind": "text", "text": "mug"})
            await told(socket, {"type": "release_control"})
        step = (await server.get(f"/api/tests/{run_id}"))["steps"][2]
        assert (step["source"], step["value"]) == ("human", "mug")
        assert 0 <= step["durationMs"] < 60_000
    finally:
        clock.set(0)
        await server.cancel(run_id)


async def told(socket: aiohttp.ClientWebSocketResponse, command: dict[str, object]) -> None:
    """Sends a command, and waits until it is done."""
    await socket.send_json({**command, "id": command["type"]})
    async with asyncio.timeout(WAIT_SECONDS):
        while (message := await socket.receive_json()).get("id") != command["type"]:
            pass
    assert message["type"] == "ack", message


async def moved(target: FaultTarget) -> float:
    """How far from ours the server's clock is, seconds."""
    async with target.server.http.get(f"{target.server.api}/healthz") as answer:
        return parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()


async def all_see_more(viewers: Crowd) -> None:
    """Until each viewer has got some more whole frames."""
    seen = [0] * viewers.size
    async with asyncio.timeout(WAIT_SECONDS):
        while min(seen) <= 5:
            seen = [before + now.frames for before, now in zip(seen, await viewers.count(1), strict=True)]


async def test_viewers_and_runs_go_on(target: FaultTarget, clock: MovedClock) -> None:
    url = f"{target.server.api}/whep/{target.bystander}"
    async with crowd(url, target.server.key) as viewers:
        await viewers.grow_to(2)
        try:
            for seconds in (DAY, -DAY):
                clock.set(seconds)
                await all_see_more(viewers)
                await target.unharmed()
                assert await moved(target) == pytest.approx(seconds, abs=60)
        finally:
            clock.set(0)
