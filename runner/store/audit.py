"""The audit log: a table that is only added to, and the same as JSON lines in a file of each server."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import insert, select

from control.protocol.audit import AuditEntry
from media.aio import TaskSet
from runner.store.connection import Database, StoreFailed
from runner.store.permissions import create_private_file
from runner.store.rows import microseconds
from runner.store.tables import audit

logger = logging.getLogger(__name__)

_MOST_WAITING = 10_000
"""Entries that wait for a database that cannot be written; beyond them the oldest are in the file alone."""
_RETRY_SECONDS = 1.0
_LONGEST_TRAIL = 10_000
"""Entries of one run that are read, the newest."""


class AuditLog:
    """Fulfils ``signaling.ports.Audit``."""

    def __init__(self, database: Database, file: Path, server: str) -> None:
        self._database = database
        self._file = file
        self._server = server
        self._waiting: deque[AuditEntry] = deque(maxlen=_MOST_WAITING)
        self._writing = TaskSet(logger)

    def note(self, entry: AuditEntry) -> None:
        """Writes the entry to the file at once, and to the database soon."""
        try:
            self._append(entry)
        except OSError as error:
            logger.warning("the audit file cannot be written: %s", error)
        self._waiting.append(entry)
        if not self._writing:
            self._writing.spawn(self._write_all(), name="audit")

    async def of_run(self, run_id: str) -> Sequence[AuditEntry]:
        """Returns what was done to the run, in order. Raises StoreFailed."""
        await self._write()
        query = select(audit.c.entry).where(audit.c.run_id == run_id)
        newest = query.order_by(audit.c.number.desc()).limit(_LONGEST_TRAIL)
        async with self._database.reading() as connection:
            rows = (await connection.execute(newest)).scalars().all()
        found: list[AuditEntry] = []
        for row in reversed(rows):
            with suppress(ValidationError):
                found.append(AuditEntry.model_validate(row))
        return found

    async def aclose(self) -> None:
        """Writes what waits, where the database can be written. Safe to repeat."""
        await self._writing.aclose()
        with suppress(StoreFailed):
            await self._write()

    def _append(self, entry: AuditEntry) -> None:
        if not self._file.exists():
            create_private_file(self._file)
        # One write of a whole line: several servers may append to the same file.
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, f"{entry.model_dump_json(by_alias=True)}\n".encode())
        finally:
            os.close(descriptor)

    async def _write_all(self) -> None:
        while self._waiting:
            try:
                await self._write()
            except StoreFailed as error:
                logger.debug("the audit log waits for the database: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _write(self) -> None:
        waiting = list(self._waiting)
        if not waiting:
            return
        rows = [
            {
                "at_us": microseconds(entry.at),
                "server": self._server,
                "run_id": entry.run_id,
                "owner": entry.owner,
                "entry": entry.dump(),
            }
            for entry in waiting
        ]
        self._waiting.clear()
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(audit), rows)
        except BaseException:
            self._waiting.extendleft(reversed(waiting))
            raise
