"""A run's live picture: captured only while somebody watches, and never in the run's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import RunStatus, StepStatus
from media.stream import LiveStream
from runner.driver import HumanAction, StepFailed
from runner.run import live_capture as picture_module
from tests.fakes import FakeDriver, FakePlanner, click
from tests.runner.session_harness import SessionHarness, session_harness


@asynccontextmanager
async def flying(folder: Path, driver: FakeDriver | None = None) -> AsyncIterator[tuple[SessionHarness, LiveStream]]:
    """A run in review that waits for approval, and its stream."""
    async with session_harness(
        folder, FakePlanner([click("#cart")]), driver=driver, streaming=True, mode="review"
    ) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        assert run.session.stream
        yield run, run.session.stream


async def test_there_is_a_stream_once_the_page_is_open_and_it_is_told(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")]), streaming=True, mode="review") as run:
        assert run.session.stream is None
        run.driver.open_gate.close()
        run.start()
        await run.driver.open_gate.reached.wait()
        assert run.session.stream is None
        run.driver.open_gate.open()
        await run.until(lambda: run.events(e.StreamAvailable))
        assert run.session.stream
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.ApproveStep())
        await run.finish()
        assert run.session.stream is None


async def test_switched_off_there_is_none(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        assert run.session.stream is None
        assert run.events(e.StreamAvailable) == []


async def test_nothing_is_captured_until_somebody_watches(tmp_path: Path) -> None:
    async with flying(tmp_path) as (run, stream):
        assert run.driver.sink is None
        with stream.watch():
            await run.driver.captured.wait()
            assert run.driver.sink
            run.driver.sink.put(b"jpeg", width=1280, height=720, captured_at=1.0)
            assert (await stream.latest.after(0)).data == b"jpeg"
        assert run.driver.did[-1] == "capture at 15"


async def test_a_capture_that_fails_changes_no_outcome(tmp_path: Path) -> None:
    driver = FakeDriver()
    driver.capture_error = StepFailed("no screencast in this browser")
    async with flying(tmp_path, driver) as (run, stream):
        watch = stream.watch()
        await driver.tried.wait()
        assert driver.sink is None
        await run.do(c.ApproveStep())
        assert await run.finish() is RunStatus.PASSED
        watch.close()


async def test_a_capture_that_fails_is_tried_again_while_somebody_watches(tmp_path: Path) -> None:
    driver = FakeDriver()
    driver.capture_error = StepFailed("the page was just closing")
    async with flying(tmp_path, driver) as (_, stream):
        watch = stream.watch()
        await driver.tried.wait()
        driver.capture_error = None
        await asyncio.wait_for(driver.captured.wait(), 20)
        watch.close()


async def test_viewers_are_let_go_when_the_run_ends(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with flying(tmp_path) as (run, stream):
        stream.watch()
        await run.driver.captured.wait()
        assert run.driver.sink
        run.driver.sink.put(b"jpeg", width=1280, height=720, captured_at=1.0)
        await run.do(c.Cancel())
        assert await run.finish() is RunStatus.CANCELLED
        assert stream.latest.newest is None
    assert asyncio.all_tasks() == before


async def test_capture_yields_to_steps_and_to_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_module, "_BETWEEN_STEPS", 0.0)
    wait = Action.model_validate({"type": "wait", "value": 60_000})
    async with session_harness(tmp_path, FakePlanner([click("#cart"), wait]), streaming=True, mode="review") as run:
        run.driver.perform_gate.close()
        run.start()
        await run.until(lambda: run.session.view().proposal)
        stream = run.session.stream
        assert isinstance(stream, LiveStream)
        assert not stream.yields
        await run.do(c.ApproveStep())
        await run.driver.perform_gate.reached.wait()
        assert stream.yields
        run.driver.perform_gate.open()
        await run.until_step(1, StepStatus.PASSED)
        await run.until(lambda: run.session.view().proposal)
        await asyncio.sleep(0)
        assert not stream.yields
        run.driver.perform_gate.close()
        await run.do(c.ApproveStep())
        await run.driver.perform_gate.reached.wait()
        assert not stream.yields
        await run.do(c.TakeControl())
        run.driver.human.append([HumanAction(click("#a"), "Click", 0.0)])
        await run.do(c.Input(kind="up"))
        assert not stream.yields
