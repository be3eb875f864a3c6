"""The removal of old runs, and of screenshots and uploads beyond the room that they may take."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from control.errors import InvalidTransition, NotFound
from control.protocol.shape import Clock, utc_now
from media.aio import TaskSet
from runner.store.store import Store, StoreErrors

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 30.0
"""How often the disk's free space is looked at."""
_LOOKS = 120
"""A sweep is made after so many looks, an hour, though no run has ended."""


class Retention:
    """Removes finished runs and their files, the oldest first, and nothing of a run in flight.

    A run whose screenshots and uploads were removed keeps its steps, and answers that each of the files is gone. Owners
    have equal shares of the room: who has more than theirs loses the oldest first, and nobody else on their account.
    """

    def __init__(
        self,
        store: Store,
        *,
        delete: Callable[[str], Awaitable[None]],
        max_disk: int,
        max_disk_per_owner: int | None = None,
        min_free: int = 0,
        keep: timedelta | None = None,
        free: Callable[[], int] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """
        Args:
            delete: removes a finished run with everything of it; see signaling.ports.Runs.
            max_disk: bytes that the screenshots and uploads of all runs may take (``JUMPSEAT_MAX_DISK``).
            max_disk_per_owner: bytes that those of one owner may take; None: their share of ``max_disk``.
            min_free: bytes that are to stay free on the disk, whatever fills it; at most a tenth of it.
            free: returns how many bytes are free; None: those of the store's disk.
            keep: finished runs are removed so long after their end; None: never.
        """
        self._store = store
        self._delete = delete
        self._max_disk = max_disk
        self._max_disk_per_owner = max_disk_per_owner
        self._min_free = min(min_free, store.disk_bytes() // 10)
        self._free = free or store.free_bytes
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
        lacking = self._min_free - self._free()
        if not sizes:
            return
        owners = await self._store.owners()
        used: Counter[str] = Counter()
        for run_id, size in sizes.items():
            used[owners.get(run_id, "")] += size
        room = min(self._max_disk, used.total() - lacking) if lacking > 0 else self._max_disk
        oldest = deque((run_id, owners.get(run_id, "")) for run_id in await self._store.finished() if run_id in sizes)
        await self._make_room(oldest, sizes, used, room)

    async def _make_room(
        self, oldest: Iterable[tuple[str, str]], sizes: Mapping[str, int], used: Counter[str], room: int
    ) -> None:
        """Removes the files of the oldest runs of whoever has more than their share, until the rest fits."""
        runs: dict[str, deque[str]] = {}
        for run_id, owner in oldest:
            runs.setdefault(owner, deque()).append(run_id)
        share, said = room // len(used), f"there is room for {max(room, 0)} bytes"
        quota = self._max_disk_per_owner
        while True:
            over = [owner for owner in runs if runs[owner] and quota is not None and used[owner] > quota]
            if not over and used.total() > room:
                over = [owner for owner in runs if runs[owner] and used[owner] > share]
            if not over:
                break
            owner = max(over, key=lambda each: used[each])
            run_id = runs[owner].popleft()
            await asyncio.to_thread(_remove, self._store.files(run_id))
            used[owner] -= sizes[run_id]
            logger.info("[run %s] its pictures and uploads were removed: %s", run_id, said)
        if (excess := used.total() - room) > 0:
            logger.warning("pictures and uploads of the runs in flight alone are %d bytes too many: %s", excess, said)

    async def _watch(self) -> None:
        for quiet in itertools.count(1):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), _LOOK_SECONDS)
            if not self._awake.is_set() and quiet % _LOOKS and self._free() >= self._min_free:
                continue
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
