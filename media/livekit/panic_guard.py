"""Keeps the LiveKit SDK from ending our process when its native part breaks down."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from livekit.rtc import _ffi_client


class _OsWithoutKill:
    """Stands for ``os`` in the SDK's client, which after a panic in its native part sends SIGTERM to its own process:
    all runs would end because of one room. A panic ends one task there; rooms are lost by it, and may be joined again.

    It can go once the SDK reports a panic in another way (1.2 does not).
    """

    def __init__(self) -> None:
        self.listeners: set[Callable[[], None]] = set()

    def kill(self, pid: int, signal: int) -> None:
        """Takes the place of the signal, in a thread of the SDK's."""
        for on_panic in tuple(self.listeners):
            on_panic()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        return getattr(os, name)


@contextmanager
def panics(on_panic: Callable[[], None]) -> Iterator[None]:
    """Has ``on_panic`` called in this event loop when the SDK breaks down, which does not end the process any more."""
    names = vars(_ffi_client)
    if not isinstance(names["os"], _OsWithoutKill):
        names["os"] = _OsWithoutKill()
    listeners = names["os"].listeners
    loop = asyncio.get_running_loop()

    def report() -> None:
        with suppress(RuntimeError):  # the loop has been closed
            loop.call_soon_threadsafe(on_panic)

    listeners.add(report)
    try:
        yield
    finally:
        listeners.discard(report)
