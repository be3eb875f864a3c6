"""Fan-out: what one more viewer costs the server, beside stock aiortc with one encoder per viewer."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.receivers import Crowd, crowd
from bench.usage import cpu_seconds, memory_mib

SETTLE_SECONDS = 3.0
"""Time for the keyframes of the joiners to be over."""


@dataclass(frozen=True, slots=True)
class Load:
    """A server with so many viewers, for some seconds."""

    server: str
    viewers: int
    cpu: float
    """Share of one core."""
    memory: float
    """Resident MiB."""
    fps: float
    """Whole frames per second of the viewer in the middle."""
    worst: float
    """Frames of the viewer with the fewest, as a share of those of the one with the most."""
    kbps: float
    """kbit/s of the viewer in the middle."""


async def fan_out(*, sizes: tuple[int, ...], stock_sizes: tuple[int, ...], seconds: float) -> list[dict[str, object]]:
    """Both servers one after the other, each with its own crowd, so that neither takes the machine from the other."""
    return [
        row for kind, some in (("jumpseat", sizes), ("stock", stock_sizes)) for row in await _rows(kind, some, seconds)
    ]


async def _rows(kind: str, sizes: tuple[int, ...], seconds: float) -> list[dict[str, object]]:
    """What each further viewer costs is the difference to the server's load with the first crowd."""
    async with _sender(kind) as (pid, url, token), crowd(url, token) as viewers:
        loads = [await _load(kind, pid, viewers, size, seconds) for size in sizes]
    return [_row(load, loads[0]) for load in loads]


async def _load(name: str, pid: int, viewers: Crowd, size: int, seconds: float) -> Load:
    await viewers.grow_to(size)
    await asyncio.sleep(SETTLE_SECONDS)
    before = cpu_seconds(pid)
    counts = await viewers.count(seconds)
    used = cpu_seconds(pid) - before
    frames = [count.frames for count in counts]
    return Load(
        server=name,
        viewers=size,
        cpu=used / seconds,
        memory=memory_mib(pid),
        fps=statistics.median(frames) / seconds,
        worst=min(frames) / max(1, *frames),
        kbps=statistics.median(count.bytes for count in counts) * 8 / 1000 / seconds,
    )


def _row(load: Load, first: Load) -> dict[str, object]:
    added = load.viewers - first.viewers
    return {
        "server": load.server,
        "viewers": load.viewers,
        "cpuPercent": round(load.cpu * 100, 1),
        "cpuPercentPerViewer": round(load.cpu * 100 / load.viewers, 2),
        "cpuPercentPerAddedViewer": round((load.cpu - first.cpu) * 100 / added, 3) if added else None,
        "mibPerAddedViewer": round((load.memory - first.memory) / added, 2) if added else None,
        "fps": round(load.fps, 1),
        "worstShareOfFrames": round(load.worst, 3),
        "kbps": round(load.kbps),
    }


@asynccontextmanager
async def _sender(kind: str) -> AsyncIterator[tuple[int, str, str]]:
    """Its process id, the address to post offers to, and a token for it."""
    command = (sys.executable, "-m", "bench.senders", kind)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout
        url, token = (await process.stdout.readline()).decode().split()
        yield process.pid, url, token
    finally:
        process.terminate()
        await process.wait()
