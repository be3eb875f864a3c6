"""What the standard library lacks for long-lived asyncio code: task sets, races, back-off, and closing once.

It lives in ``media`` because every package that runs an event loop may import that one; it knows nothing of pictures.
Where `asyncio.TaskGroup`, `asyncio.timeout` or `asyncio.Event` does the job, use those.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
AnyLogger = logging.Logger | logging.LoggerAdapter[Any]


class TaskSet:
    """Holds the background tasks of one owner: keeps them alive, logs those that fail, and ends them with the owner.

    A task that somebody awaits as well may be in it, too: its failure is then both logged and raised there.
    """

    def __init__(self, logger: AnyLogger, *, expected: type[Exception] | tuple[type[Exception], ...] = ()) -> None:
        """
        Args:
            logger: where a task's failure is written, at ERROR with its traceback.
            expected: exceptions that are part of normal life and are written at DEBUG.
        """
        self._logger = logger
        self._expected = expected
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """Returns how many tasks still run."""
        return len(self._tasks)

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        """Iterates over a copy of the tasks that still run."""
        return iter(tuple(self._tasks))

    def spawn(self, work: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Starts the work in the running loop and returns its task, which may be awaited or cancelled."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    async def join(self, timeout: float | None = None) -> set[asyncio.Task[Any]]:
        """Waits for the tasks that run now, for ``timeout`` seconds at most, and returns those that still run then."""
        tasks = self._others()
        if not tasks:
            return set()
        _, late = await asyncio.wait(tasks, timeout=timeout)
        return late

    async def aclose(self) -> None:
        """Cancels what still runs and waits for it, but not for the task that calls this. Safe to repeat."""
        await cancel_and_wait(*self._others())

    def _others(self) -> set[asyncio.Task[Any]]:
        return self._tasks - {asyncio.current_task()}

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            level = logging.DEBUG if isinstance(error, self._expected) else logging.ERROR
            self._logger.log(level, "background work failed: %s", error, exc_info=error)


async def cancel_and_wait(*tasks: asyncio.Future[Any]) -> None:
    """Cancels the tasks and returns once all have ended; raises nothing of what they raise."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # asyncio would log one that nobody has looked at


async def race(*work: Awaitable[Any], timeout: float | None = None) -> list[asyncio.Future[Any]]:
    """Runs the work side by side until one part of it ends; the rest is cancelled and has ended when this returns.

    Returns what ended first, in the order given, with its result or exception; nothing where ``timeout`` seconds pass
    before. Tasks and futures that are given are cancelled, too: shield those that somebody else waits for.
    """
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel_and_wait(*tasks)
    return [task for task in tasks if task in done]


class Backoff:
    """Counts the pauses between attempts: each is twice the one before, up to a limit."""

    def __init__(self, first: float, longest: float) -> None:
        """
        Args:
            first: seconds of the first pause.
            longest: seconds that no pause exceeds.
        """
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """Returns the seconds to wait now."""
        pause, self._next = self._next, min(2 * self._next, self._longest)
        return pause

    def reset(self) -> None:
        """Starts again with the first pause: an attempt has succeeded."""
        self._next = self._first


class CloseOnce:
    """Runs a clean-up once, however often and by however many it is asked for; everybody waits for its end.

    A caller that is cancelled does not cancel the clean-up.
    """

    def __init__(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._close = close
        self._task: asyncio.Task[None] | None = None

    @property
    def started(self) -> bool:
        """True from the first call on."""
        return self._task is not None

    async def __call__(self) -> None:
        """Starts the clean-up, or joins it, and waits. Raises what the clean-up raises."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._task)
