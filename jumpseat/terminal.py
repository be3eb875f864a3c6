"""The terminal that a command is lent while it runs in a process group of its own, as a shell does with its jobs.

Ctrl-C then reaches the command and nothing of ours, it may read from the terminal, and Ctrl-Z stops us, too.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STDIN = 0


@contextmanager
def lent_terminal(group: int) -> Iterator[None]:
    """Makes the process group, named by its first process, that of the terminal's foreground while the block runs.

    Where we are not in the foreground ourselves, or there is no terminal, nothing is changed.
    """
    if not _is_ours():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, _stop_with, group)
    loop.add_signal_handler(signal.SIGCONT, _lend, group)
    _lend(group)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGCHLD)
        loop.remove_signal_handler(signal.SIGCONT)
        _bring_to_front(os.getpgrp())


def _lend(group: int) -> None:
    if _is_ours():
        _bring_to_front(group)
    # What has read from the terminal before it was lent is stopped.
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGCONT)


def _stop_with(group: int) -> None:
    """Stops our own group where that command was stopped: the shell that has started us waits for us."""
    with suppress(ChildProcessError):
        if os.waitid(os.P_PID, group, os.WSTOPPED | os.WNOHANG) is not None:
            _bring_to_front(os.getpgrp())
            os.killpg(0, signal.SIGTSTP)


def _is_ours() -> bool:
    try:
        return os.tcgetpgrp(_STDIN) == os.getpgrp()
    except OSError:
        return False


def _bring_to_front(group: int) -> None:
    # Who is in the background is stopped by SIGTTOU for this, unless it is blocked.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with suppress(OSError):
            os.tcsetpgrp(_STDIN, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
