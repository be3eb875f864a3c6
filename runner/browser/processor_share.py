"""Who comes first where processors are short: browsers that somebody watches."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from media.aio import TaskSet
from runner.browser.limits import children

logger = logging.getLogger(__name__)

_YIELDING: Final = 10
"""The nice value of a session that yields: a tenth beside one of 0, and whatever nobody else wants."""
_BETWEEN_LOOKS: Final = 0.02
"""Seconds. A browser that starts takes both processors of a small machine for half a second."""
_AGAIN: Final = 0.11
"""Seconds. The kernel takes one change in 100 ms from all users together that are not privileged."""
_MOST_TRIES: Final = 50
_PROC: Final = Path("/proc")


class ProcessorShares:
    """Has browsers yield that nobody watches while somebody watches another; without viewers all are equal.

    Linux shares processors out by session where it groups processes so (autogroup, sched(7)), and every browser is a
    session of its own. Unlike a process's nice value this can be taken back without privileges. Where the system has no
    such groups, or puts the server into a control group with a share of its own, as containers are, it has no effect.
    """

    def __init__(self, set_nice: Callable[[int, int], None] | None = None) -> None:
        """``set_nice``: sets the nice value of a session; raises OSError."""
        self._set_nice = set_nice or _set_nice
        self._browsers: dict[object, int] = {}
        """The session of each, which a script may lead that has started the browser."""
        self._watched: set[object] = set()
        self._nice: dict[int, int] = {}
        """By session: what was set last; 0 where nothing was."""
        self._changed = TaskSet(logger)
        self._one_at_a_time = asyncio.Lock()

    def add(self, browser: object, pid: int) -> None:
        """Has this browser yield from now on while others are watched."""
        self._browsers[browser] = _session(pid) or pid
        self._share_out()

    def remove(self, browser: object) -> None:
        """Forgets the browser. Safe to repeat."""
        self._nice.pop(self._browsers.pop(browser, 0), None)
        self.watch(browser, False)

    def watch(self, browser: object, on: bool) -> None:
        """Notes whether somebody watches this browser, or a part of one, which need not be one of those that yield."""
        if on == (browser in self._watched):
            return
        if on:
            self._watched.add(browser)
        else:
            self._watched.discard(browser)
        self._share_out()

    @asynccontextmanager
    async def starting(self) -> AsyncIterator[None]:
        """Has browsers yield, too, that are started within this: only then their process ids are known."""
        if not self._watched:
            yield
            return
        looking = asyncio.create_task(self._look_for_new_ones(await asyncio.to_thread(_sessions_below)))
        try:
            yield
        finally:
            looking.cancel()

    async def aclose(self) -> None:
        """Ends what is still to be set. Safe to repeat."""
        await self._changed.aclose()

    async def _look_for_new_ones(self, known: frozenset[int]) -> None:
        while True:
            for pid in await asyncio.to_thread(_sessions_below) - known - self._nice.keys():
                with suppress(OSError):  # what could not be set is tried again at the next look
                    self._set_nice(pid, _YIELDING)
                    self._nice[pid] = _YIELDING
            await asyncio.sleep(_BETWEEN_LOOKS)

    def _share_out(self) -> None:
        self._changed.spawn(self._settle())

    async def _settle(self) -> None:
        async with self._one_at_a_time:
            for browser, session in tuple(self._browsers.items()):
                wanted = _YIELDING if self._watched and browser not in self._watched else 0
                if self._nice.get(session, 0) != wanted:
                    self._nice[session] = wanted
                    await self._set(session, wanted)

    async def _set(self, session: int, nice: int) -> None:
        for _ in range(_MOST_TRIES):
            try:
                self._set_nice(session, nice)
            except BlockingIOError:
                await asyncio.sleep(_AGAIN)
            except OSError:
                return  # it has ended, or the system has no such groups
            else:
                return


def _set_nice(pid: int, nice: int) -> None:
    if os.getsid(pid) != os.getsid(0):  # what shares ours would take the server along
        (_PROC / str(pid) / "autogroup").write_text(str(nice))


def _sessions_below() -> frozenset[int]:
    """Returns the children of our own children, Playwright's process being one, that lead a session of their own."""
    return frozenset(pid for child in children(os.getpid()) for pid in children(child) if _session(pid) == pid)


def _session(pid: int) -> int | None:
    with suppress(OSError):
        return os.getsid(pid)
    return None
