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
_KILLED_SECONDS = 5.0
"""How long a process that was killed may take to be gone; one that waits for a disk takes longer."""


async def until_stopped() -> None:
    """Waits for SIGINT (Ctrl-C) or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


class PassedOn:
    """Gives a process group the signals that ask us to stop, those too that came before the group was there."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()
        """Set by the first signal."""
        self._group: int | None = None
        self._early: list[signal.Signals] = []

    def to(self, group: int) -> None:
        """Says which group it is; what has come until now is sent at once."""
        self._group = group
        for number in self._early:
            signal_group(group, number)

    def send(self, number: signal.Signals) -> None:
        """Sends one signal on."""
        self.stopped.set()
        if self._group is None:
            self._early.append(number)
        else:
            signal_group(self._group, number)


@contextmanager
def passed_on() -> Iterator[PassedOn]:
    """Sends SIGINT, SIGTERM and SIGHUP on to a process group while the block runs.

    Entered before the group is started, it leaves no moment in which a signal would end us and spare the group.
    Afterwards the signals cancel the task that has run the block.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    passed = PassedOn()
    numbers = (*_STOPPING, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, passed.send, number)
    try:
        yield passed
    finally:
        for number in numbers:
            loop.add_signal_handler(number, task.cancel)


def signal_group(group: int, number: signal.Signals) -> None:
    """Sends a signal to every process of the group; to one that is gone, nothing."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)


async def end_group(group: int, *, within: float) -> None:
    """Waits until no process of the group runs, and after so many seconds kills those that do."""
    if not await _ends(group, within):
        signal_group(group, signal.SIGKILL)
        await _ends(group, _KILLED_SECONDS)


async def _ends(group: int, within: float) -> bool:
    """Waits for so many seconds, and returns whether no process of the group runs then."""
    latest = time.monotonic() + within
    while _runs(group):
        if time.monotonic() >= latest:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    return True


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
