"""What a session does when the run is stuck: looks again, tries, asks for help."""

from __future__ import annotations

from pathlib import Path

import pytest

from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import RunStatus, StepStatus
from runner.planners.base import Repair, Stuck
from tests.fakes import FakePlanner, click, idea
from tests.runner.session_harness import ADA, SessionHarness, session_harness

PASSED, FAILED, CANCELLED = RunStatus.PASSED, RunStatus.FAILED, RunStatus.CANCELLED


def selectors(run: SessionHarness) -> list[str | None]:
    """The selectors of what was really done in the page."""
    return [action.selector for action in run.driver.performed]


class TestDiagnosing:
    async def test_one_who_comes_late_is_told_what_people_are_asked(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#pay")])
        async with session_harness(tmp_path, planner) as run:
            run.driver.fail("#pay", "it was covered")
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            assert run.session.hello(ADA).help == run.events(e.HelpNeeded)[-1]
            await run.do(c.SkipStep())
            assert run.session.hello(ADA).help is None
            await run.finish()

    async def test_a_failed_step_is_tried_again_as_the_planner_says(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#pay")])
        planner.repairs.append(Repair(retry=idea(click("#pay"))))
        async with session_harness(tmp_path, planner) as run:
            run.driver.fail("#pay", "it was covered")
            run.start()
            assert await run.finish() is PASSED
            (step,) = await run.steps()
            assert (step.status, step.attempts) == (StepStatus.PASSED, 2)
            assert "it was covered" in planner.failures[0].reason

    async def test_two_retries_are_all_that_is_done_without_asking(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#pay")])
        planner.repairs.extend(Repair(retry=idea(click(selector))) for selector in ("#pay", "#pay2", "#pay3"))
        async with session_harness(tmp_path, planner) as run:
            for selector in ("#pay", "#pay", "#pay2"):
                run.driver.fail(selector, "it is not there")
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            assert run.driver.did == ["open http://shop.test/", "click #pay", "click #pay", "click #pay2"]
            assert run.session.view().status is RunStatus.DIAGNOSING
            assert [failure.attempt for failure in planner.failures] == [1, 2, 3]

    async def test_near_matches_are_proposed_and_wait_for_approval(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#checkout")])
        planner.repairs.append(Repair(suggestions=(idea(click("#check-out")),), reason="there is no 'Checkout'"))
        async with session_harness(tmp_path, planner) as run:
            run.driver.fail("#checkout", "not found")
            run.start()
            await run.until(lambda: run.session.view().proposal and run.events(e.HelpNeeded))
            (asked,) = run.events(e.HelpNeeded)
            assert (asked.reason, asked.suggestions[0].action) == ("there is no 'Checkout'", click("#check-out"))
            assert asked.suggestions[0].box
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#check-out"]

    async def test_without_help_in_time_the_run_fails_with_the_reason(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#pay")]), help_timeout_ms=60_000) as run:
            run.driver.fail("#pay", "it is not there")
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            run.clock.advance(seconds=61)
            assert await run.finish() is FAILED
            assert "it is not there" in (run.session.view().error or "")

    async def test_an_override_is_help(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#pay")])) as run:
            run.driver.fail("#pay", "it is not there")
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            await run.do(c.StepOverride(action=click("#buy")))
            assert await run.finish() is PASSED
            assert selectors(run) == ["#buy"]

    async def test_a_planner_that_is_stuck_asks_for_help(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#pay")])
        planner.stuck.append(Stuck("no button 'Pay' is on the page"))
        async with session_harness(tmp_path, planner) as run:
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            assert run.events(e.HelpNeeded)[0].reason == "no button 'Pay' is on the page"

    async def test_a_planner_that_breaks_asks_for_help(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        planner = FakePlanner([click("#pay")])
        planner.stuck.append(KeyError("choices"))
        async with session_harness(tmp_path, planner) as run:
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            assert run.events(e.HelpNeeded)[0].reason == "the planner failed: 'choices'"
            assert "Traceback" in caplog.text

    async def test_resume_asks_a_planner_that_was_stuck_once_more(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#pay")])
        planner.stuck.append(Stuck("the model did not answer"))
        async with session_harness(tmp_path, planner) as run:
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            await run.do(c.Resume())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#pay"]
