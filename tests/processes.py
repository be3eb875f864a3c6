"""What a process has started, and waiting for its end (Linux)."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    """All processes below this one; those that end meanwhile may be left out."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, task.read_text().split()):
                found += [child, *children(child)]
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
