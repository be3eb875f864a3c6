"""A session steers one run: what the design says of pause, override, take-over and the rest, with a fake browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

from control import commands as c
from control import events as e
from control.shapes import RunStatus, StepStatus
from tests.fakes import FakePlanner, click
from tests.runner.rig import rig


async def test_a_plan_is_done_step_by_step_and_passes(tmp_path: Path) -> None:
    async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
        run.start()
        assert await run.finish() is RunStatus.PASSED
        assert run.driver.did == ["open http://shop.test/", "click #cart", "click #pay"]
        steps = await run.steps()
        assert [step.status for step in steps] == [StepStatus.PASSED, StepStatus.PASSED]
        assert steps[0].screenshot_url == "/api/tests/run-1/steps/1/screenshot"
        assert run.driver.closed == 1
        assert run.planner.closed == 1


async def test_pause_cancels_the_planner_that_is_thinking(tmp_path: Path) -> None:
    planner = FakePlanner([click("#cart")], looks_ahead=False)
    planner.gate.close()
    async with rig(tmp_path, planner) as run:
        run.start()
        await planner.gate.reached.wait()
        await run.do(c.Pause())
        await planner.gate.abandoned.wait()
        assert run.session.view().status is RunStatus.PAUSED
        planner.gate.open()
        await run.do(c.Resume())
        assert await run.finish() is RunStatus.PASSED
        assert len(planner.tasks) == 2


async def test_take_over_interrupts_the_step_in_flight(tmp_path: Path) -> None:
    async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
        run.driver.perform_gate.close()
        run.start()
        await run.driver.perform_gate.reached.wait()
        await run.do(c.TakeControl())
        step = await run.until_step(1, StepStatus.SKIPPED)
        assert step.error == "interrupted: Ada took control"
        assert run.driver.perform_gate.abandoned.is_set()
        run.driver.perform_gate.open()
        await run.do(c.ReleaseControl())
        assert await run.finish() is RunStatus.PASSED
        assert [action.selector for action in run.driver.performed] == ["#pay"]


async def test_a_crash_ends_the_run_failed(tmp_path: Path) -> None:
    async with rig(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        run.driver.crash()
        assert await run.finish() is RunStatus.FAILED
        assert run.session.view().error == "the browser has gone: the browser process ended"
        assert run.events(e.RunFinished)[-1].status is RunStatus.FAILED


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with rig(tmp_path, FakePlanner([click("#cart")]), streaming=True) as run:
        run.start()
        await run.finish()
    assert asyncio.all_tasks() == before
