"""SIGINT and SIGTERM: waiting for them, and passing them on to a child process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STOPPING = (signal.SIGINT, signal.SIGTERM)


async def until_stopped() -> None:
    """Waits for SIGINT (Ctrl-C) or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


@contextmanager
def passed_on(process: asyncio.subprocess.Process) -> Iterator[None]:
    """Sends both signals on to the process while the block runs; afterwards they cancel the task that has run it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def pass_on(number: signal.Signals) -> None:
        if number is signal.SIGINT and _is_in_foreground():
            # The terminal has sent it to the process as well, and test runners stop at once at a second one.
            return
        with suppress(ProcessLookupError):
            process.send_signal(number)

    for number in _STOPPING:
        loop.add_signal_handler(number, pass_on, number)
    try:
        yield
    finally:
        for number in _STOPPING:
            loop.add_signal_handler(number, task.cancel)


def _is_in_foreground() -> bool:
    """Returns whether this process and its children are what Ctrl-C in the terminal is meant for."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
