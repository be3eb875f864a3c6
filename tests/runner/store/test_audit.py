"""The audit trail in the store: in order, whole after a restart and after a database that was locked, never changed."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

import pytest

import runner.store.audit
import runner.store.connection
from control.protocol.audit import AuditAction, AuditEntry
from control.roles import Role
from runner.store.connection import StoreFailed
from runner.store.store import Store
from tests.fakes import FakeClock
from tests.runner.store.test_store import opened


def entry(run_id: str = "r1", *, detail: str | None = None) -> AuditEntry:
    return AuditEntry(
        at=FakeClock().now,
        run_id=run_id,
        action=AuditAction.STEERED,
        who="controller ab12",
        role=Role.CONTROLLER,
        link="l1",
        address="192.0.2.7",
        detail=detail,
    )


async def details(store: Store, *, run_id: str | None = None, after: int = 0, limit: int = 100) -> list[str | None]:
    return [each.detail for each in await store.audit.read("ada", run_id=run_id, after=after, limit=limit)]


async def test_entries_are_there_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        store.audit.record(entry(detail="pause"), owner="ada")
        (found,) = await store.audit.read("ada", run_id="r1", after=0, limit=10)
        assert AuditEntry(**found.model_dump(exclude={"number"})) == entry(detail="pause")
        store.audit.record(entry(detail="resume"), owner="ada")
    async with opened(tmp_path) as store:
        assert await details(store) == ["pause", "resume"]


async def test_each_owner_reads_their_own_page_by_page(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in range(1200):
            store.audit.record(entry(f"r{number % 2}", detail=str(number)), owner="bob" if number == 7 else "ada")
        assert await details(store, limit=3) == ["0", "1", "2"]
        assert await details(store, run_id="r1", limit=5) == ["1", "3", "5", "9", "11"]
        page = await store.audit.read("ada", run_id=None, after=0, limit=1198)
        assert await details(store, after=page[-1].number) == ["1199"]


async def test_what_a_locked_database_did_not_take_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.store.audit, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(runner.store.connection, "_LOCK_WAIT_MS", 10)
    async with opened(tmp_path) as store:
        with contextlib.closing(sqlite3.connect(tmp_path / "jumpseat.sqlite3")) as other:
            other.execute("BEGIN IMMEDIATE")
            store.audit.record(entry(detail="kept"), owner="ada")
            with pytest.raises(StoreFailed):
                await store.audit.read("ada", run_id=None, after=0, limit=1)
            other.rollback()
        assert await details(store) == ["kept"]


async def test_beyond_what_may_wait_entries_are_lost_and_the_log_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runner.store.audit, "_MOST_UNWRITTEN", 2)
    async with opened(tmp_path) as store:
        with caplog.at_level(logging.ERROR):
            for number in range(4):
                store.audit.record(entry(detail=str(number)), owner="ada")
        assert await details(store) == ["0", "1"]
        assert [record.getMessage() for record in caplog.records] == [
            "the audit trail has gaps: the database takes no entries, and no more can wait"
        ]
        store.audit.record(entry(detail="after"), owner="ada")
        assert await details(store) == ["0", "1", "after"]
