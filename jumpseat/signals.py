"""Signals that ask us to stop: waiting for them, and passing them on to all processes of a command."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_LOOK_SECONDS = 0.05
"""Between two looks whether a process group is gone, of which no event tells."""


async def until_stopped() -> None:
    """Waits for SIGINT (Ctrl-C) or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


@contextmanager
def passed_on(group: int) -> Iterator[asyncio.Event]:
    """Sends these signals, and SIGHUP, on to the process group while the block runs; the first one sets the event.

    Afterwards they cancel the task that has run the block.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    stopped = asyncio.Event()

    def pass_on(number: signal.Signals) -> None:
        stopped.set()
        signal_group(group, number)

    numbers = (*_STOPPING, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, pass_on, number)
    try:
        yield stopped
    finally:
        for number in numbers:
            loop.add_signal_handler(number, task.cancel)


def signal_group(group: int, number: signal.Signals) -> None:
    """Sends a signal to every process of the group; to one that is gone, nothing."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)


async def end_group(group: int, *, within: float) -> None:
    """Waits until no process of the group runs, and after so many seconds kills those that do."""
    latest = time.monotonic() + within
    while _runs(group):
        if time.monotonic() >= latest:
            signal_group(group, signal.SIGKILL)
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _runs(group: int) -> bool:
    """Returns whether the group has a process that has not ended, whoever is to reap it."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if not Path("/proc/self/stat").exists():
        return True
    return any(_belongs(folder, group) for folder in Path("/proc").iterdir() if folder.name.isdigit())


def _belongs(process: Path, group: int) -> bool:
    try:
        state, _, its_group, *_ = (process / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return False
    return int(its_group) == group and state not in {"Z", "X"}
