"""Writing a run down while it goes on, also when the store does not work."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from control.protocol.models import NewRun, RunStatus, RunView, Step
from control.run import Run
from runner.log import RunLog
from runner.run.masking import Masking
from runner.selectors.describe import describe_action
from runner.store.connection import StoreFailed
from runner.store.recorder import Recorder
from runner.store.rows import RunRecord
from runner.store.store import Store
from tests.fakes import FakeClock, click
from tests.runner.empty_database import with_database


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
async def recorded(folder: Path, *, gather: float = 0.0) -> AsyncIterator[tuple[Run, Recorder, LockedStore]]:
    spec = NewRun(url="http://shop.test/")
    run = Run(spec, run_id="r", planner="plain", new_id=lambda: "p", describe=describe_action, clock=FakeClock())
    store = await LockedStore.open(with_database(folder))
    store.tried = asyncio.Event()
    await store.add(RunRecord("ada", run.view(), {}))
    try:
        logger = RunLog(logging.getLogger("test"), "r", Masking({}).text)
        yield run, Recorder(run, store, logger, gather=gather), store
    finally:
        await store.aclose()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from control.protocol import events as e
from tests.fakes import click
from tests.runner.store.test_recorder import recorded

async def main():
    async with recorded(Path(sys.argv[1])) as (run, recorder, store):
        def viewer(entry):
            if isinstance(entry.body, e.RunState) and entry.body.status.final:
                print(entry.body.status, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        run.log.listen(viewer)
        work = asyncio.create_task(recorder.work())
        run.start()
        run.ready(None)
        run.record_human_step(click("#cart"))
        if sys.argv[2] == "writing":
            await store.tried.wait()
        run.fail("the page has gone")
asyncio.run(main())
"""
"""A run whose process is killed by the first viewer that is told of its end; a step is told just before, and perhaps
on its way into the database."""


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
        run.record_human_step(click("#cart"))
        run.cancel()
        store.locked = 2
        recorder.end()
        await recorder.work()
        assert await status(store) is RunStatus.CANCELLED
        assert [step.target for step in await store.steps("r")] == ["#cart"]


@pytest.mark.parametrize("gather", [0.0, 60.0])
async def test_changes_are_written_at_once_or_gathered_until_the_end(tmp_path: Path, gather: float) -> None:
    async with recorded(tmp_path, gather=gather) as (run, recorder, store):
        work = asyncio.create_task(recorder.work())
        run.start()
        run.ready(None)
        for _ in range(100):
            await asyncio.sleep(0)
        assert store.tried.is_set() is not bool(gather)
        run.record_human_step(click("#cart"))
        run.cancel()
        recorder.end()
        await work
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


@pytest.mark.process
@pytest.mark.parametrize("moment", ["waiting", "writing"])
async def test_an_end_that_was_told_is_there_though_the_process_was_killed_at_once(tmp_path: Path, moment: str) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, str(tmp_path), moment), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(child.communicate(), 30)
    assert (out, child.returncode) == (b"failed\n", -signal.SIGKILL)
    for _ in range(2):  # what was taken over is there the second time, too
        store = await Store.open(tmp_path)
        record = await store.get("r")
        assert record
        assert (record.view.status, record.view.error) == (RunStatus.FAILED, "the page has gone")
        assert record.view.ended_at is not None
        assert [(step.target, step.status) for step in await store.steps("r")] == [("#cart", "passed")]
        assert list((tmp_path / "ends").iterdir()) == []
        await store.aclose()


async def test_nothing_is_left_of_an_end_that_is_in_the_database(tmp_path: Path) -> None:
    async with recorded(tmp_path) as (run, recorder, store):
        run.cancel()
        assert [file.name for file in (tmp_path / "ends").iterdir()] == ["r.json"]
        recorder.end()
        await recorder.work()
        assert list((tmp_path / "ends").iterdir()) == []
        assert await status(store) is RunStatus.CANCELLED


async def test_an_end_that_cannot_be_noted_or_read_holds_up_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with recorded(tmp_path) as (run, recorder, store):
        (tmp_path / "ends").rmdir()
        (tmp_path / "ends").touch()
        run.cancel()
        recorder.end()
        await recorder.work()
        assert await status(store) is RunStatus.CANCELLED
        assert "the end of the run could not be noted" in caplog.text
        await store.save(run.view().model_copy(update={"status": RunStatus.RUNNING}), [])
    for file in (tmp_path / "servers").iterdir():
        file.unlink()
    (tmp_path / "ends").unlink()
    (tmp_path / "ends").mkdir()
    (tmp_path / "ends" / "r.json").write_text("{")
    again = await Store.open(tmp_path)
    assert await status(again) is RunStatus.FAILED
    assert "its end cannot be read" in caplog.text
    assert list((tmp_path / "ends").iterdir()) == []
    await again.aclose()
