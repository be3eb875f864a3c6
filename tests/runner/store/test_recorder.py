"""Writing a run down while it goes on, also when the store does not work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from control.run import Run
from control.shapes import NewRun, RunStatus, RunView, Step
from runner.describe import describe
from runner.logs import RunLog
from runner.masking import Masking
from runner.store.connection import StoreFailed
from runner.store.database import RunRecord, Store
from runner.store.recorder import Recorder
from tests.fakes import FakeClock, click


class LockedStore(Store):
    """A store whose database is locked for the next ``locked`` writes."""

    locked = 0
    tried: asyncio.Event

    async def save(self, view: RunView, changed: Collection[Step]) -> None:
        self.tried.set()
        if self.locked:
            self.locked -= 1
            raise StoreFailed("database is locked")
        await super().save(view, changed)


@asynccontextmanager
async def recorded(folder: Path) -> AsyncIterator[tuple[Run, Recorder, LockedStore]]:
    spec = NewRun(url="http://shop.test/")
    run = Run(spec, run_id="r", planner="plain", new_id=lambda: "p", describe=describe, clock=FakeClock())
    store = await LockedStore.open(folder)
    store.tried = asyncio.Event()
    await store.add(RunRecord("ada", run.view(), {}))
    try:
        yield run, Recorder(run, store, RunLog(logging.getLogger("test"), "r", Masking({}))), store
    finally:
        await store.aclose()


async def status(store: Store) -> RunStatus:
    record = await store.get("r")
    assert record
    return record.view.status


async def test_a_locked_database_is_tried_again_with_the_next_change(tmp_path: Path) -> None:
    async with recorded(tmp_path) as (run, recorder, store):
        store.locked = 1
        work = asyncio.create_task(recorder.work())
        run.start()
        await store.tried.wait()
        run.cancel()
        recorder.end()
        await work
        assert await status(store) is RunStatus.CANCELLED


async def test_the_end_is_tried_again_and_no_step_is_lost(tmp_path: Path) -> None:
    async with recorded(tmp_path) as (run, recorder, store):
        run.start()
        run.ready(None)
        run.human_step(click("#cart"))
        run.cancel()
        store.locked = 2
        recorder.end()
        await recorder.work()
        assert await status(store) is RunStatus.CANCELLED
        assert [step.target for step in await store.steps("r")] == ["#cart"]


async def test_a_store_that_stays_locked_is_given_up_when_the_server_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with recorded(tmp_path) as (run, recorder, store):
        run.cancel()
        store.locked = 99
        recorder.end()
        work = asyncio.create_task(recorder.work())
        await store.tried.wait()
        recorder.hurry()
        await work
        assert await status(store) is RunStatus.QUEUED
        assert "could not be written down" in caplog.text
