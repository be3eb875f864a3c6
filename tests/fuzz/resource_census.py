"""What lives in this process: counted before and after, so that nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from aiortc import RTCPeerConnection

_PATIENCE = 60.0
"""Seconds for sockets to be closed by their other ends, and for what waits for them."""
_POOL = "asyncio_"
"""The event loop's own threads, which it keeps for its next call that blocks."""
_OTHERS = "livekit"
"""The logger of LiveKit's SDK. Its native threads log when they like, also about rooms that an earlier test of the same
process has left; no test that counts errors here joins a room."""


@dataclass(frozen=True)
class ResourceCensus:
    """Names of tasks and threads, what descriptors are open on, and how many peer connections are not closed."""

    tasks: Counter[str]
    threads: Counter[str]
    descriptors: Counter[str]
    peers: int

    def exceeding(self, other: ResourceCensus) -> dict[str, object]:
        """What is here and was not there."""
        more = {
            "tasks": self.tasks - other.tasks,
            "threads": self.threads - other.threads,
            "descriptors": self.descriptors - other.descriptors,
            "peers": max(0, self.peers - other.peers),
        }
        return {name: found for name, found in more.items() if found}


def take_census() -> ResourceCensus:
    """Of this process and its running event loop."""
    gc.collect()
    tasks = Counter(_name(task) for task in asyncio.all_tasks() - {asyncio.current_task()})
    threads = Counter(thread.name for thread in threading.enumerate() if not thread.name.startswith(_POOL))
    living = [each for each in gc.get_objects() if isinstance(each, RTCPeerConnection)]
    return ResourceCensus(
        tasks, threads, descriptors(os.getpid()), sum(peer.connectionState != "closed" for peer in living)
    )


def descriptors(process: int) -> Counter[str]:
    """By kind: ``socket``, ``pipe``, the path of a file."""
    found = Counter[str]()
    for number in os.listdir(f"/proc/{process}/fd"):
        try:
            found[os.readlink(f"/proc/{process}/fd/{number}").partition(":[")[0]] += 1
        except FileNotFoundError:
            continue
    found.pop(f"/proc/{process}/fd", None)
    return found


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Fails where what is done within leaves anything behind."""
    before = take_census()
    yield
    loop = asyncio.get_running_loop()
    end = loop.time() + _PATIENCE
    while (more := take_census().exceeding(before)) and loop.time() < end:  # noqa: ASYNC110 - closing tells nothing
        await asyncio.sleep(0.1)
    if more:
        raise AssertionError(f"left behind: {more}")


@contextmanager
def no_traceback() -> Iterator[None]:
    """Fails where an error is logged by anything but LiveKit's SDK, or an exception is lost in a task."""
    gc.collect()  # what others have lost before is not of this test
    notes = _ErrorRecords()
    root = logging.getLogger()
    root.addHandler(notes)
    try:
        yield
        gc.collect()
    finally:
        root.removeHandler(notes)
    if notes.found:
        raise AssertionError("\n".join(notes.found))


class _ErrorRecords(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] == _OTHERS:
            return
        error: Any = record.exc_info[1] if record.exc_info else None
        text = record.getMessage()
        if record.levelno >= logging.ERROR or error is not None or "Traceback" in text:
            self.found.append(f"{record.name}: {text} {error!r}")


def _name(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())
