"""Waiting for a run to change, without polling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from control.protocol.shape import utc_now
from media.aio import cancel_and_wait

T = TypeVar("T")

Alarm = Callable[[datetime], Awaitable[None]]
"""Returns once that moment has come, or a little earlier."""


class SteadyClock:
    """Reads the wall clock once and counts on steadily from then: somebody who sets the machine's clock
    neither ends a wait early nor makes it endless."""

    def __init__(self) -> None:
        self._began = utc_now()
        self._at = time.monotonic()

    def __call__(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._at)

    async def alarm(self, moment: datetime) -> None:
        """Returns once that moment has come. Implements `Alarm`."""
        await asyncio.sleep((moment - self()).total_seconds())


class NoLongerWanted(Exception):
    """Raised where work was cancelled because the run has changed."""


class Changes:
    """Wakes whoever waits for the run's next change. Belongs to one event loop."""

    def __init__(self) -> None:
        self._change: asyncio.Future[None] | None = None

    def notify(self) -> None:
        """Wakes everybody who waits: something has changed."""
        if self._change is not None and not self._change.done():
            self._change.set_result(None)

    def next(self) -> asyncio.Future[None]:
        """Returns a future that is done at the next change. Take it before looking at the run: so none is missed."""
        if self._change is None or self._change.done():
            self._change = asyncio.get_running_loop().create_future()
        return self._change

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns once the condition, which only changes can make true, is true."""
        while not condition():
            await asyncio.wait([self.next()])

    async def while_wanted(self, work: Coroutine[Any, Any, T], wanted: Callable[[], bool]) -> T:
        """Returns what the work returns; where it is no longer wanted, cancels it, waits, and raises NoLongerWanted."""
        task = asyncio.create_task(work)
        try:
            while not task.done() and wanted():
                either: list[asyncio.Future[Any]] = [task, self.next()]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise NoLongerWanted
        finally:
            await cancel_and_wait(task)
