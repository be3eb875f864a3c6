"""What gives way when there is no room, or when it is old; and what never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from control.errors import InvalidTransition
from control.protocol.models import RunStatus
from runner.store.connection import StoreFailed
from runner.store.retention import Retention
from runner.store.store import Store
from tests.fakes import FakeClock
from tests.runner.empty_database import with_database
from tests.runner.store.test_store import record

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[Store]:
    store = await Store.open(with_database(folder), clock=FakeClock())
    try:
        yield store
    finally:
        await store.aclose()


async def add(store: Store, run_id: str, *, age: timedelta, pictures: int, status: RunStatus, owner: str = "") -> None:
    """A run that began so long ago, with pictures of 1000 bytes each; a finished one took a minute."""
    made = record(run_id, at=NOW - age, owner=owner or "ada")
    await store.add(made)
    ended = {"status": status, "ended_at": NOW - age + timedelta(minutes=1) if status.final else None}
    await store.save(made.view.model_copy(update=ended), [])
    for number in range(pictures):
        await store.save_screenshot(run_id, number // 2 + 1, b"x" * 1000, before=number % 2 == 0)


async def add_some(store: Store) -> None:
    """Three pictures each: of the oldest run, which is in flight, and of three finished ones."""
    running, passed = RunStatus.RUNNING, RunStatus.PASSED
    for run_id, days, status in (("long", 9, running), ("old", 3, passed), ("mid", 2, passed), ("new", 1, passed)):
        await add(store, run_id, age=timedelta(days=days), pictures=3, status=status)


def retention(store: Store, *, max_disk: int = 10**9, **more: Any) -> Retention:  # noqa: ANN401 - arguments of Retention
    return Retention(store, delete=store.delete, max_disk=max_disk, clock=FakeClock(), **more)


async def pictures(store: Store) -> dict[str, int]:
    return {run_id: size // 1000 for run_id, size in store.file_bytes().items()}


@pytest.mark.parametrize(
    ("room", "left"),
    [
        (12, {"long": 3, "old": 3, "mid": 3, "new": 3}),
        (11, {"long": 3, "mid": 3, "new": 3}),
        (6, {"long": 3, "new": 3}),
        (5, {"long": 3}),
        (1, {"long": 3}),
    ],
)
async def test_the_oldest_finished_runs_lose_their_pictures_first(
    tmp_path: Path, room: int, left: dict[str, int]
) -> None:
    async with kept(tmp_path) as store:
        await add_some(store)
        await retention(store, max_disk=room * 1000).sweep()
        assert await pictures(store) == left
        for run_id in ("long", "old", "mid", "new"):
            assert await store.get(run_id) is not None
        assert await store.screenshot("new", 1) is None or "new" in left


async def test_what_a_run_uploaded_counts_and_goes_with_its_pictures(tmp_path: Path) -> None:
    """Those of a run in flight are never touched."""
    async with kept(tmp_path) as store:
        await add_some(store)
        uploads = {run_id: store.uploads_folder(run_id) / "1f0c" for run_id in ("long", "old", "mid")}
        for upload in uploads.values():
            upload.parent.mkdir()
            upload.write_bytes(b"x" * 4000)
        assert await pictures(store) == {"long": 7, "old": 7, "mid": 7, "new": 3}
        await retention(store, max_disk=20_000).sweep()
        assert {run_id for run_id, upload in uploads.items() if upload.exists()} == {"long", "mid"}
        await retention(store, max_disk=1000).sweep()
        assert {run_id for run_id, upload in uploads.items() if upload.exists()} == {"long"}
        assert await pictures(store) == {"long": 7}


async def test_finished_runs_are_removed_by_age_with_everything(tmp_path: Path) -> None:
    async with kept(tmp_path) as store:
        await add_some(store)
        await retention(store, keep=timedelta(days=2)).sweep()
        assert [run_id for run_id in ("long", "old", "mid", "new") if await store.get(run_id)] == ["long", "mid", "new"]
        assert not store.folder("old").exists()
        await retention(store, keep=timedelta(days=2) - timedelta(minutes=1, seconds=1)).sweep()
        assert await store.get("mid") is None


async def test_the_age_is_that_of_the_end(tmp_path: Path) -> None:
    async with kept(tmp_path) as store:
        made = record("slow", at=NOW - timedelta(days=30))
        await store.add(made)
        await store.save(made.view.model_copy(update={"status": RunStatus.FAILED, "ended_at": NOW}), [])
        await retention(store, keep=timedelta(days=1)).sweep()
        assert await store.get("slow") is not None


async def test_a_run_that_became_active_or_has_gone_meanwhile_is_let_be(tmp_path: Path) -> None:
    async def refuse(_: str) -> None:
        raise InvalidTransition("the run is active")

    async with kept(tmp_path) as store:
        await add_some(store)
        sweeper = Retention(store, delete=refuse, max_disk=10**9, keep=timedelta(days=1), clock=FakeClock())
        await sweeper.sweep()
        assert len(await pictures(store)) == 4


async def test_it_looks_when_it_is_woken_and_survives_a_broken_store(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with kept(tmp_path) as store:
        await add_some(store)
        failing = asyncio.Event()
        deleted = asyncio.Event()

        async def delete(run_id: str) -> None:
            if not failing.is_set():
                failing.set()
                raise StoreFailed("database is locked")
            await store.delete(run_id)
            deleted.set()

        sweeper = Retention(store, delete=delete, max_disk=10**9, keep=timedelta(days=2), clock=FakeClock())
        sweeper.start()
        try:
            async with asyncio.timeout(20):
                await failing.wait()
                sweeper.wake()
                await deleted.wait()
        finally:
            await sweeper.aclose()
            await sweeper.aclose()
        assert await store.get("old") is None
        assert "could not be removed yet" in caplog.text


async def add_of_two(store: Store) -> None:
    """Bob has one old run of two pictures, Ada five newer ones of three each."""
    await add(store, "bob's", age=timedelta(days=9), pictures=2, status=RunStatus.PASSED, owner="bob")
    for day in range(5, 0, -1):
        await add(store, f"ada {day}", age=timedelta(days=day), pictures=3, status=RunStatus.PASSED, owner="ada")


async def test_one_owners_pictures_never_evict_anothers(tmp_path: Path) -> None:
    async with kept(tmp_path) as store:
        await add_of_two(store)
        await retention(store, max_disk=9000).sweep()
        assert await pictures(store) == {"bob's": 2, "ada 2": 3, "ada 1": 3}
        await retention(store, max_disk=4000).sweep()
        assert await pictures(store) == {"bob's": 2}


async def test_an_owner_has_a_quota(tmp_path: Path) -> None:
    async with kept(tmp_path) as store:
        await add_of_two(store)
        await retention(store, max_disk_per_owner=7000).sweep()
        assert await pictures(store) == {"bob's": 2, "ada 2": 3, "ada 1": 3}


async def test_free_space_is_kept_whatever_fills_the_disk(tmp_path: Path) -> None:
    async with kept(tmp_path) as store:
        await add_of_two(store)
        await retention(store, min_free=10_000, free=lambda: 10_000).sweep()
        assert sum((await pictures(store)).values()) == 17
        await retention(store, min_free=10_000, free=lambda: 5_000).sweep()
        assert await pictures(store) == {"bob's": 2, "ada 3": 3, "ada 2": 3, "ada 1": 3}


async def test_a_disk_that_is_full_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(tmp_path) as store:
        assert await store.check_disk() is None
        monkeypatch.setattr(store, "free_bytes", lambda: 4096)
        assert "is full, 0 MB are left: make room" in (await store.check_disk() or "")
