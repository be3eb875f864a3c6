"""The audit trail in the database: entries are added, and never changed or removed."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Row, insert, select

from control.protocol.audit import AuditEntry, NumberedAuditEntry
from media.aio import TaskSet
from runner.store.connection import Database, StoreFailed
from runner.store.rows import from_microseconds, microseconds
from runner.store.tables import audit

logger = logging.getLogger(__name__)

_MOST_UNWRITTEN = 10_000
"""Entries that wait for a database that cannot be written now; what is more is lost, and the log says so."""
_BATCH = 500
_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Unwritten:
    entry: AuditEntry
    owner: str


class AuditStore:
    """Fulfils ``signaling.ports.AuditTrail``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unwritten: deque[_Unwritten] = deque()
        self._lost = False
        self._lock = asyncio.Lock()
        self._closing = asyncio.Event()
        self._writing = TaskSet(logger)

    def record(self, entry: AuditEntry, *, owner: str) -> None:
        if len(self._unwritten) >= _MOST_UNWRITTEN:
            if not self._lost:
                logger.error("the audit trail has gaps: the database takes no entries, and no more can wait")
            self._lost = True
            return
        self._unwritten.append(_Unwritten(entry, owner))
        if not self._writing:
            self._writing.spawn(self._write_until_done())

    async def read(self, owner: str, *, run_id: str | None, after: int, limit: int) -> Sequence[NumberedAuditEntry]:
        await self._write()
        query = select(audit).where(audit.c.owner == owner, audit.c.number > after).order_by(audit.c.number)
        if run_id is not None:
            query = query.where(audit.c.run_id == run_id)
        async with self._database.reading() as connection:
            return tuple(_entries((await connection.execute(query.limit(limit))).all()))

    async def aclose(self) -> None:
        """Writes what waits, where the database can be written. Safe to repeat."""
        # A write that was cancelled between its commit and its answer would be made a second time.
        self._closing.set()
        await self._writing.join()
        with suppress(StoreFailed):
            await self._write()

    async def _write_until_done(self) -> None:
        while self._unwritten and not self._closing.is_set():
            try:
                await self._write()
            except StoreFailed as error:
                logger.warning("the audit trail cannot be written: %s", error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), _RETRY_SECONDS)

    async def _write(self) -> None:
        """Writes everything that waits, in order. Raises StoreFailed."""
        async with self._lock:
            while self._unwritten:
                batch = list(islice(self._unwritten, _BATCH))
                async with self._database.writing() as connection:
                    await connection.execute(insert(audit), [_row(each) for each in batch])
                for _ in batch:
                    self._unwritten.popleft()
            self._lost = False


def _row(unwritten: _Unwritten) -> dict[str, str | int | None]:
    entry = unwritten.entry
    return {
        "at_us": microseconds(entry.at),
        "owner": unwritten.owner,
        "run_id": entry.run_id,
        "action": entry.action.value,
        "who": entry.who,
        "role": entry.role.value,
        "link": entry.link,
        "address": entry.address,
        "detail": entry.detail,
    }


def _entries(rows: Sequence[Row[Any]]) -> Iterator[NumberedAuditEntry]:
    """Yields the entries in these rows; what cannot be read is left out."""
    for row in rows:
        with suppress(ValueError, TypeError, OverflowError):
            yield NumberedAuditEntry(
                number=row.number,
                at=from_microseconds(row.at_us),
                run_id=row.run_id,
                action=row.action,
                who=row.who,
                role=row.role,
                link=row.link,
                address=row.address,
                detail=row.detail,
            )
