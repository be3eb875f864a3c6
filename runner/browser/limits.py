"""The limits of one run's browser: memory and processes, looked at while it runs, where the system tells them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_FIRST_TO_GO = 600
"""How much sooner than this server the kernel ends a browser where the machine's memory is used up (0 to 1000)."""
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class BrowserLimits:
    """Holds what one browser may take, all its processes together.

    They are looked at once a second, as no limit of the system fits: ``RLIMIT_AS`` counts the terabytes that V8 only
    reserves, ``RLIMIT_NPROC`` all processes of the user, and a cgroup of its own needs rights that a server seldom has.
    What grows faster is for the limits of the container or of the service to catch; the kernel is told to end browsers
    first. Elsewhere than on Linux, and for Firefox and WebKit, whose processes are not told, nothing is limited.
    """

    memory: int | None = None
    """Bytes, what processes share counted once; None: no limit."""
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class BrowserUsage:
    """Holds what a browser takes now."""

    memory: int
    processes: int

    def over(self, limits: BrowserLimits) -> str | None:
        """Returns why the browser is ended, as the end of a sentence; None where it is within its limits."""
        if limits.memory is not None and self.memory > limits.memory:
            taken, most = (f"{size / 1_000_000:.0f} MB" for size in (self.memory, limits.memory))
            return f"its pages took {taken} of memory, and a run may take {most} (JUMPSEAT_MAX_RUN_MEMORY)"
        if limits.processes is not None and self.processes > limits.processes:
            most = f"a run may have {limits.processes} (JUMPSEAT_MAX_RUN_PROCESSES)"
            return f"its pages took {self.processes} processes, and {most}"
        return None


def usage(pid: int) -> BrowserUsage | None:
    """Returns what this process and all below it take; None where the system does not tell."""
    family = _family(pid)
    sizes = [size for each in family if (size := _memory(each)) is not None]
    return BrowserUsage(sum(sizes), len(family)) if sizes else None


async def keep_within(pid: int, limits: BrowserLimits, end: Callable[[str], None]) -> None:
    """Looks at the browser until it is cancelled, or is over its limits: then ``end`` is called with why."""
    while True:
        found = await asyncio.to_thread(_look, pid)
        if found is None:
            return
        if (reason := found.over(limits)) is not None:
            end(reason)
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _look(pid: int) -> BrowserUsage | None:
    for each in _family(pid):
        # More is always allowed; Chromium sets its own for pages, which is not lowered.
        with suppress(OSError, ValueError):
            score = _PROC / str(each) / "oom_score_adj"
            if int(score.read_text()) < _FIRST_TO_GO:
                score.write_text(str(_FIRST_TO_GO))
    return usage(pid)


def _family(pid: int) -> list[int]:
    """Returns the process and all below it; those that end meanwhile may be left out."""
    found = [pid]
    for each in found:
        found += children(each)
    return found


def children(pid: int) -> list[int]:
    """Returns the processes that this one has started, as far as the system tells."""
    found: list[int] = []
    with suppress(OSError):
        for thread in tuple((_PROC / str(pid) / "task").iterdir()):
            with suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def _memory(pid: int) -> int | None:
    """Returns the process's share of memory in bytes (PSS); None where it has ended or the system does not tell."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return None
