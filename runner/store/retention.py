"""How long finished runs stay, and how much room their pictures and uploads take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from control.errors import InvalidTransition, NotFound
from control.protocol.shape import Clock, utc_now
from runner.store.store import Store, StoreErrors

logger = logging.getLogger(__name__)

_PERIOD = 3600.0
"""Seconds between two looks, where no run ends."""


class Retention:
    """Removes the oldest first, and nothing of a run in flight.

    A run that has lost its pictures and uploads keeps its steps, and says of each that it is gone.
    """

    def __init__(
        self,
        store: Store,
        *,
        delete: Callable[[str], Awaitable[None]],
        max_bytes: int,
        keep: timedelta | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """
        Args:
            delete: removes a finished run with everything of it; see signaling.ports.Runs.
            max_bytes: for the pictures and uploads of all runs.
            keep: finished runs are removed so long after their end; None: never.
        """
        self._store = store
        self._delete = delete
        self._max_bytes = max_bytes
        self._keep = keep
        self._clock = clock
        self._awake = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Looks at once, and from then on whenever it is woken, at least once an hour."""
        self._awake.set()
        self._work = asyncio.create_task(self._watch(), name="retention")

    def wake(self) -> None:
        """Wakes the clean-up: there may be more to remove."""
        self._awake.set()

    async def aclose(self) -> None:
        """Ends the clean-up. Safe to repeat."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def sweep(self) -> None:
        """Removes what is too old, then pictures and uploads until the rest fits. Raises StoreErrors."""
        if self._keep is not None:
            for run_id in await self._store.finished(before=self._clock() - self._keep):
                await self._remove(run_id)
        sizes = await asyncio.to_thread(self._store.file_bytes)
        excess, room = sum(sizes.values()) - self._max_bytes, f"there is room for {self._max_bytes} bytes"
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
