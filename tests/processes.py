"""What a process has started, and waiting for its end (Linux)."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    """All processes below this one; those that end meanwhile may be left out."""
    found = []
    for child in started_by(pid):
        found += [child, *children(child)]
    return found


def started_by(pid: int) -> list[int]:
    """The processes that this one has started itself, by all its threads, of which any may end meanwhile."""
    found: list[int] = []
    threads: list[Path] = []
    with suppress(OSError):
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    for thread in threads:
        with suppress(OSError):
            found += map(int, (thread / "children").read_text().split())
    return found


def alive(pids: list[int]) -> list[int]:
    """Those that still run; one that has ended and waits to be reaped does not."""
    return [pid for pid in pids if _state(pid) not in {None, "Z", "X"}]


def _state(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


async def ended(pid: int) -> None:
    """Until that process, which need not be ours, is no more."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
