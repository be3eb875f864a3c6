"""The store of what outlives the process: runs, their steps, their screenshots, and their share links.

SQLite in WAL mode by default; any database that SQLAlchemy can reach asynchronously may be named by its URL, of which
SQLite and Postgres are tested. Screenshots are files beside it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from control.protocol.models import RunStatus, RunView, Step
from control.protocol.shape import Clock, utc_now
from control.run_filter import EVERY_RUN, RunFilter
from control.user_info import without_user_info
from runner.store.atomic_write import atomic_write
from runner.store.audit import AuditStore
from runner.store.connection import Database, StoreFailed
from runner.store.lease import ServerLease
from runner.store.links import LinkStore
from runner.store.page_log import download_path
from runner.store.pending_finals import PendingFinals
from runner.store.permissions import create_private_file, create_private_folder, tighten
from runner.store.recordings import FinishedRecordings
from runner.store.rows import RowReader, RunKey, RunRecord, microseconds, run_columns, with_steps
from runner.store.schema import BackupFailed, NewerSchema
from runner.store.server_lock import ServerLock
from runner.store.tables import meta, runs, share_links, steps
from runner.store.traces import raw_trace

STOPPED = "the server stopped while this run was in flight"
_FINAL = tuple(status.value for status in RunStatus if status.final)
_place = tuple_(runs.c.created_us, runs.c.id)
_LEAST_FREE = 32_000_000
"""Bytes: with less, a run's pictures and a database's journal are about to fail. At most a fiftieth of the disk."""
_DATABASE = "jumpseat.sqlite3"
_OURS = ("runs", "ends", "servers", "uploads", f"{_DATABASE}*")
"""What the server keeps in a data directory."""

StoreErrors = (StoreFailed, OSError)
"""What any method of the store may raise: the disk is full, the database is locked or gone."""


class StoreUnusable(Exception):
    """Raised where the store cannot be opened; the message says why and what to do."""


class Store:
    """Made by ``open``; one process writes to a run."""

    def __init__(
        self, database: Database, data_dir: Path, finals: PendingFinals, lock: ServerLock, clock: Clock
    ) -> None:
        self._database = database
        self._data_dir = data_dir
        self._finals = finals
        self._lock = lock
        self._clock = clock
        self._reader = RowReader()
        self.links = LinkStore(database, clock)
        self.audit = AuditStore(database)
        self.recordings = FinishedRecordings()
        self._lease = ServerLease(database, lock.id, on_beat=self.look_at_others)

    @classmethod
    async def open(cls, data_dir: Path, *, database_url: str | None = None, clock: Clock = utc_now) -> Self:
        """Makes what is missing, and ends the runs that a server left unfinished: as they ended, or as failed.

        Raises StoreUnusable.
        """
        try:
            create_private_folder(data_dir / "runs")
            if database_url is None:
                create_private_file(data_dir / _DATABASE)
            await asyncio.to_thread(tighten, data_dir, _OURS)
            database = Database(database_url or f"sqlite+aiosqlite:///{data_dir / _DATABASE}")
            finals = PendingFinals(data_dir / "ends")
            lock = ServerLock.register(data_dir / "servers")
        except (SQLAlchemyError, OSError, ImportError) as error:
            why = without_user_info(str(error))
            raise StoreUnusable(f"cannot use the data directory {data_dir} or its database: {why}") from error
        store = cls(database, data_dir, finals, lock, clock)
        try:
            await store._prepare()
        except (StoreFailed, BackupFailed) as error:
            await store.aclose()
            raise StoreUnusable(f"cannot use the database of {data_dir}: {error}") from error
        except NewerSchema as error:
            await store.aclose()
            raise StoreUnusable(str(error)) from error
        except BaseException:
            await store.aclose()
            raise
        return store

    @property
    def server_id(self) -> str:
        """Returns what this server process is known by in the database."""
        return self._lock.id

    def keep_lease(self) -> None:
        """Tells other servers of the database from now on that this one lives, and looks after what they leave."""
        self._lease.start()

    async def aclose(self) -> None:
        """Closes the database and lets go of the data directory. Safe to repeat."""
        await self._lease.aclose()
        self._lock.close()
        await self.links.aclose()
        await self.audit.aclose()
        await self._database.aclose()

    async def check(self) -> str | None:
        """Returns None where the database can be read, else why not."""
        try:
            async with self._database.reading() as connection:
                await connection.execute(select(meta.c.schema_version))
        except StoreFailed as error:
            return str(error)
        return None

    # Runs and steps

    async def add(self, record: RunRecord) -> None:
        """Returns once the run is safe from the end of this process."""
        row = {
            "id": record.view.id,
            "owner": record.owner,
            "created_us": record.key.created_us,
            "server": self._lock.id,
            "creation": record.creation,
            **run_columns(record.view),
        }
        async with self._database.writing() as connection:
            await connection.execute(insert(runs).values(row))

    async def save_creation(self, run_id: str, creation: dict[str, Any]) -> None:
        """Writes the body that the run can be created with anew, without secrets' values."""
        async with self._database.writing() as connection:
            await connection.execute(update(runs).where(runs.c.id == run_id).values(creation=creation))

    async def save(self, view: RunView, changed: Collection[Step]) -> None:
        """Writes the run and those of its steps that have changed."""
        async with self._database.writing() as connection:
            await connection.execute(update(runs).where(runs.c.id == view.id).values(run_columns(view)))
            await _save_steps(connection, view.id, changed)
        if view.status.final:
            await asyncio.to_thread(self._finals.forget, view.id)

    def note_final(self, view: RunView, changed: Collection[Step]) -> None:
        """Has the end of a run outlive this process though it is not saved yet; ``changed`` as for `save`.

        Raises OSError.
        """
        self._finals.note(view.model_copy(update={"steps": ()}), changed)

    async def get(self, run_id: str, *, steps: bool = True) -> RunRecord | None:
        """Returns the run, with summaries of its steps where they are asked for; None where none can be read."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(runs).where(runs.c.id == run_id))).all()
        records = self._reader.runs(rows)
        if not records:
            return None
        return with_steps(records[0], await self.steps(run_id)) if steps else records[0]

    async def has(self, run_id: str) -> bool:
        """Returns whether there is such a run, even one that cannot be read."""
        async with self._database.reading() as connection:
            return await connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is not None

    async def page(
        self,
        *,
        owner: str,
        wanted: RunFilter = EVERY_RUN,
        or_ids: Sequence[str] = (),
        older_than: RunKey | None = None,
        limit: int,
    ) -> list[RunRecord]:
        """Returns an owner's runs, newest first, without their steps.

        Args:
            owner: whose runs.
            wanted: which of them.
            or_ids: those of the attach session that are wanted whatever else the database says of them.
            older_than: those that come after it in the list.
            limit: how many at most.
        """
        if "\0" in f"{wanted.search}{wanted.session}":  # no text in a database has one, and Postgres takes none
            return []
        where: list[ColumnElement[bool]] = [runs.c.owner == owner]
        if wanted.session is not None:
            where.append(runs.c.session == wanted.session)
        if conditions := list(_conditions(wanted)):
            where.append(or_(and_(*conditions), runs.c.id.in_(or_ids)))
        query = select(runs).where(*where).order_by(runs.c.created_us.desc(), runs.c.id.desc())
        found: list[RunRecord] = []
        async with self._database.reading() as connection:
            while (missing := limit - len(found)) > 0:
                older = [] if older_than is None else [_place < (older_than.created_us, older_than.id)]
                rows = (await connection.execute(query.where(*older).limit(missing))).all()
                read = self._reader.runs(rows)
                found += [record for record in read if record.view.id in or_ids or wanted.matches(record.view)]
                if len(rows) < missing:
                    break
                older_than = RunKey(rows[-1].created_us, rows[-1].id)
        return found

    async def finished(self, *, before: datetime | None = None) -> list[str]:
        """Returns the ids of all owners' finished runs, oldest first; with ``before``, those that ended by then."""
        query = select(runs.c.id).where(runs.c.status.in_(_FINAL)).order_by(runs.c.created_us)
        if before is not None:
            # A run that cannot be read has no end that is known.
            ended = func.coalesce(runs.c.ended_us, runs.c.created_us)
            query = query.where(ended < microseconds(before))
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    async def owners(self) -> dict[str, str]:
        """Returns the owner of each run."""
        async with self._database.reading() as connection:
            return {row.id: row.owner for row in (await connection.execute(select(runs.c.id, runs.c.owner))).all()}

    async def steps(self, run_id: str, *, after: int = 0, limit: int | None = None) -> list[Step]:
        """Returns the run's steps in order, from the one behind number ``after``; at most ``limit`` of them."""
        query = select(steps).where(steps.c.run_id == run_id).order_by(steps.c.number)
        found: list[Step] = []
        async with self._database.reading() as connection:
            while limit is None or len(found) < limit:
                missing = None if limit is None else limit - len(found)
                rows = (await connection.execute(query.where(steps.c.number > after).limit(missing))).all()
                found += self._reader.steps(rows)
                if missing is None or len(rows) < missing:
                    break
                after = rows[-1].number
        return found

    async def step(self, run_id: str, number: int) -> Step | None:
        query = select(steps).where(steps.c.run_id == run_id, steps.c.number == number)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return next(iter(self._reader.steps(rows)), None)

    async def delete(self, run_id: str) -> None:
        """Removes the run, its steps and its files."""
        async with self._database.writing() as connection:
            await connection.execute(delete(steps).where(steps.c.run_id == run_id))
            await connection.execute(delete(share_links).where(share_links.c.run_id == run_id))
            await connection.execute(delete(runs).where(runs.c.id == run_id))
        await asyncio.to_thread(shutil.rmtree, self.folder(run_id), ignore_errors=True)

    # Files

    def folder(self, run_id: str) -> Path:
        """Returns the folder of a run's files; it may not exist yet."""
        return self._data_dir / "runs" / run_id

    def uploads_folder(self, run_id: str) -> Path:
        """Returns the folder of the files that a run uploads; it may not exist yet."""
        return self.folder(run_id) / "uploads"

    def page_log_path(self, run_id: str) -> Path:
        """Returns the file of what a run's page said; it may not exist."""
        return self.folder(run_id) / "page.jsonl"

    def recording_folder(self, run_id: str) -> Path:
        """Returns the folder of a run's recording; it may not exist yet."""
        return self.folder(run_id) / "recording"

    async def download(self, run_id: str, number: int) -> Path | None:
        """Returns the file that the run's page downloaded under this number; None where it is not there."""
        path = download_path(self.folder(run_id), number)
        return path if await asyncio.to_thread(path.is_file) else None

    def screenshot_path(self, run_id: str, number: int, *, before: bool = False) -> Path:
        return self.folder(run_id) / f"{number:04}{'-before' if before else ''}.jpg"

    def files(self, run_id: str) -> list[Path]:
        """Returns the screenshots, uploads and recordings that there are."""
        return [path for path in self.folder(run_id).rglob("*") if path.is_file()]

    def file_bytes(self) -> dict[str, int]:
        """Returns how many bytes the files of each run take; runs without any are left out."""
        sizes: dict[str, int] = {}
        for folder in (self._data_dir / "runs").iterdir():
            for file in self.files(folder.name):
                with suppress(FileNotFoundError):
                    sizes[folder.name] = sizes.get(folder.name, 0) + file.stat().st_size
        return sizes

    def free_bytes(self) -> int:
        """Returns how many bytes this user may still write to the disk of the data directory. Raises OSError."""
        disk = os.statvfs(self._data_dir)
        return disk.f_bavail * disk.f_frsize

    def disk_bytes(self) -> int:
        """Returns how large the disk of the data directory is. Raises OSError."""
        disk = os.statvfs(self._data_dir)
        return disk.f_blocks * disk.f_frsize

    async def check_disk(self) -> str | None:
        """Returns None where the disk has room for more runs, else one sentence on what to do."""
        try:
            free, least = self.free_bytes(), min(_LEAST_FREE, self.disk_bytes() // 50)
        except OSError as error:
            return f"the disk of JUMPSEAT_DATA_DIR cannot be looked at ({error.strerror}): see that it is mounted"
        if free >= least:
            return None
        left = f"the disk of JUMPSEAT_DATA_DIR is full, {free // 1_000_000} MB are left"
        return f"{left}: make room, or lower JUMPSEAT_MAX_DISK"

    async def screenshot(self, run_id: str, number: int, *, before: bool = False) -> Path | None:
        path = self.screenshot_path(run_id, number, before=before)
        return path if await asyncio.to_thread(path.is_file) else None

    async def save_screenshot(self, run_id: str, number: int, jpeg: bytes, *, before: bool = False) -> None:
        """Writes a screenshot; a reader finds the old file or the new one, never a part. Raises OSError."""
        await asyncio.to_thread(atomic_write, self.screenshot_path(run_id, number, before=before), jpeg)

    # Opening

    async def _prepare(self) -> None:
        await self._database.migrate()
        async with self._database.writing() as connection:
            await self._lease.take(connection)
            await self.links.load(connection)
            await self._end_orphans(connection)
        self._database.opened()
        await self._forget_saved_finals()

    async def _end_orphans(self, connection: AsyncConnection) -> None:
        """Ends the runs that a dead server left in flight; one whose server is alive is none of ours."""
        others = (runs.c.status.not_in(_FINAL)) & (runs.c.server != self._lock.id)
        rows = (await connection.execute(select(runs).where(others))).all()
        leased = await self._lease.living(connection)
        living = {id: self._lock.alive(id) for id in {row.server for row in rows}}
        dead = {id for id, locked in living.items() if not (locked or (locked is None and id in leased))}
        orphans = [row for row in rows if row.server in dead]
        for record in self._reader.runs(orphans):
            if (noted := self._finals.find(record.view.id)) is not None:
                view, changed = noted.view, noted.steps
            else:
                done = await connection.execute(select(steps).where(steps.c.run_id == record.view.id))
                view, changed = _stopped(record.view, self._reader.steps(done.all()), self._clock())
            await connection.execute(update(runs).where(runs.c.id == view.id).values(run_columns(view)))
            await _save_steps(connection, view.id, changed)
            # The secrets in it are known to nobody any more, and so cannot be masked.
            await asyncio.to_thread(shutil.rmtree, raw_trace(self.folder(view.id)), ignore_errors=True)

    async def look_at_others(self) -> None:
        """Takes over what other servers of the database have revoked, and the runs that one has left in flight."""
        await self.links.refresh()
        async with self._database.writing() as connection:
            await self._end_orphans(connection)

    async def _forget_saved_finals(self) -> None:
        """Removes the notes of ends that are saved, but those of runs that another server has not saved yet."""
        noted = self._finals.ids()
        query = select(runs.c.id).where(runs.c.id.in_(noted), runs.c.status.not_in(_FINAL))
        async with self._database.reading() as connection:
            unsaved = set((await connection.execute(query)).scalars())
        for run_id in set(noted) - unsaved:
            self._finals.forget(run_id)


def _conditions(wanted: RunFilter) -> Iterator[ColumnElement[bool]]:
    """Yields what the database can tell of the rows that are wanted; whose attention they need stands in their JSON."""
    if wanted.status is not None:
        yield runs.c.status == wanted.status.value
    if wanted.planner is not None:
        yield runs.c.planner == wanted.planner
    if wanted.attention:
        yield runs.c.status.not_in(_FINAL)
    if wanted.search:
        yield runs.c.search.contains(wanted.search.casefold(), autoescape=True)


async def _save_steps(connection: AsyncConnection, run_id: str, changed: Iterable[Step]) -> None:
    rows = [{"run_id": run_id, "number": step.step_number, "step": step.dump()} for step in changed]
    if rows:
        numbers = [row["number"] for row in rows]
        await connection.execute(delete(steps).where(steps.c.run_id == run_id, steps.c.number.in_(numbers)))
        await connection.execute(insert(steps), rows)


def _stopped(view: RunView, done: Iterable[Step], now: datetime) -> tuple[RunView, list[Step]]:
    """Returns the run as failed, and its steps that were in flight as skipped."""
    skipped = {"status": "skipped", "error": STOPPED}
    interrupted = [Step.model_validate(step.model_dump() | skipped) for step in done if step.status == "running"]
    ended = {
        "status": RunStatus.FAILED,
        "paused": False,
        "error": STOPPED,
        "ended_at": now,
        "proposal": None,
        "control": {},
        "viewers": 0,
        "controllers": (),
    }
    return RunView.model_validate(view.model_dump() | ended), interrupted
