"""The removal of old runs, and of screenshots and uploads beyond the room that they may take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from control.errors import InvalidTransition, NotFound
from control.protocol.shape import Clock, utc_now
from media.aio import TaskSet
from runner.store.store import Store, StoreErrors

logger = logging.getLogger(__name__)

_PERIOD = 3600.0
"""Seconds between two sweeps where no run ends."""


class Retention:
    """Removes finished runs and their files, the oldest first, and nothing of a run in flight.

    A run whose screenshots and uploads were removed keeps its steps, and answers that each of the files is gone.
    """

    def __init__(
        self,
        store: Store,
        *,
        delete: Callable[[str], Awaitable[None]],
        max_disk: int,
        keep: timedelta | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """
        Args:
            delete: removes a finished run with everything of it; see signaling.ports.Runs.
            max_disk: bytes that the screenshots and uploads of all runs may take (``JUMPSEAT_MAX_DISK``).
            keep: finished runs are removed so long after their end; None: never.
        """
        self._store = store
        self._delete = delete
        self._max_disk = max_disk
        self._keep = keep
        self._clock = clock
        self._awake = asyncio.Event()
        self._tasks = TaskSet(logger)

    def start(self) -> None:
        """Starts the sweeps: one at once, then one at each `wake`, and at least one an hour."""
        self._awake.set()
        self._tasks.spawn(self._watch(), name="retention")

    def wake(self) -> None:
        """Has a sweep done soon, as there may be more to remove."""
        self._awake.set()

    async def aclose(self) -> None:
        """Ends the watching and waits for it; safe to repeat."""
        await self._tasks.aclose()

    async def sweep(self) -> None:
        """Removes what is too old, then pictures and uploads until the rest fits. Raises StoreErrors."""
        if self._keep is not None:
            for run_id in await self._store.finished(before=self._clock() - self._keep):
                await self._remove(run_id)
        sizes = await asyncio.to_thread(self._store.file_bytes)
        excess, room = sum(sizes.values()) - self._max_disk, f"there is room for {self._max_disk} bytes"
        if excess <= 0:
            return
        for run_id in await self._store.finished():
            if excess > 0 and run_id in sizes:
                await asyncio.to_thread(_remove, self._store.files(run_id))
                excess -= sizes[run_id]
                logger.info("[run %s] its pictures and uploads were removed: %s", run_id, room)
        if excess > 0:
            logger.warning("pictures and uploads of the runs in flight alone are %d bytes too many: %s", excess, room)

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), _PERIOD)
            self._awake.clear()
            try:
                await self.sweep()
            except StoreErrors as error:
                logger.warning("old runs and pictures could not be removed yet: %s", error)

    async def _remove(self, run_id: str) -> None:
        # Somebody else may have removed it meanwhile.
        with suppress(NotFound, InvalidTransition):
            await self._delete(run_id)
            logger.info("[run %s] removed: it ended long enough ago", run_id)


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
