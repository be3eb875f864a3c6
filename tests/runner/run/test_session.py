"""A session flies one run: its start, its steps, steering between them, failures, its end. The browser is a fake."""

from __future__ import annotations

import asyncio
import gc
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from control.errors import ProtocolError
from control.event_log import Entry
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import RunStatus, Source, StepStatus
from tests.fakes import FakePlanner, click
from tests.runner.session_harness import ADA, BOB, SessionHarness, session_harness

PASSED, FAILED, CANCELLED = RunStatus.PASSED, RunStatus.FAILED, RunStatus.CANCELLED


def selectors(run: SessionHarness) -> list[str | None]:
    """The selectors of what was really done in the page."""
    return [action.selector for action in run.driver.performed]


async def test_a_plan_is_done_step_by_step_and_passes(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
        run.start()
        assert await run.finish() is PASSED
        assert run.driver.did == ["open http://shop.test/", "click #cart", "click #pay"]
        assert [status.status for status in run.events(e.RunState)] == ["starting", "running", "passed"]
        assert [step.status for step in await run.steps()] == [StepStatus.PASSED, StepStatus.PASSED]
        assert run.driver.closed == 1
        assert run.planner.closed == 1


async def test_every_step_is_proposed_with_its_box_before_it_is_done(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")])) as run:
        run.start()
        await run.finish()
        proposal = run.events(e.StepProposed)[0].proposal
        assert proposal
        assert proposal.box
        assert (proposal.box.width, proposal.reasoning) == (30, "it is next")
        numbered = [type(entry.body) for entry in run.session.log.since(0) or []]
        assert numbered.index(e.StepProposed) < numbered.index(e.TestStep)


async def test_a_wait_may_take_as_long_as_it_says(tmp_path: Path) -> None:
    wait = Action.model_validate({"type": "wait", "value": 60_000})
    async with session_harness(tmp_path, FakePlanner([wait, click("#cart")]), step_timeout_ms=5_000) as run:
        run.start()
        assert await run.finish() is PASSED
        assert run.driver.timeouts == [65_000, 5_000]


class TestStart:
    async def test_an_unreachable_start_url_fails_the_run_with_the_reason(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path) as run:
            run.driver.unreachable = "http://shop.test/ cannot be reached: nothing answers there"
            run.start()
            assert await run.finish() is FAILED
            assert run.session.view().error == "http://shop.test/ cannot be reached: nothing answers there"
            assert run.driver.closed == 1

    async def test_a_browser_that_does_not_start_fails_the_run(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path) as run:
            run.drivers.error = "no Chromium was found"
            run.start()
            assert await run.finish() is FAILED
            assert run.session.view().error == "no Chromium was found"

    async def test_a_browser_that_hangs_at_its_start_is_given_up(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, options={"launch_timeout": 0.01}) as run:
            run.drivers.gate.close()
            run.start()
            assert await run.finish() is FAILED
            assert run.session.view().error == "the browser did not start within 0.01 s"

    async def test_a_page_that_hangs_is_given_up(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, options={"open_timeout": 0.01}) as run:
            run.driver.open_gate.close()
            run.start()
            assert await run.finish() is FAILED
            assert run.session.view().error == "http://shop.test/ did not load within 0.01 s"
            assert run.driver.closed == 1

    async def test_cancelled_while_the_browser_starts(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path) as run:
            run.drivers.gate.close()
            run.start()
            await run.drivers.gate.reached.wait()
            await run.do(c.Cancel())
            assert await run.finish() is CANCELLED
            assert run.drivers.gate.abandoned.is_set()
            assert run.driver.did == []

    async def test_cancelled_while_the_page_loads(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path) as run:
            run.driver.open_gate.close()
            run.start()
            await run.driver.open_gate.reached.wait()
            await run.do(c.Cancel())
            assert await run.finish() is CANCELLED
            assert run.driver.closed == 1

    async def test_cancelled_before_it_began(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path) as run:
            run.session.cancel()
            run.start()
            assert await run.finish() is CANCELLED
            assert run.drivers.launched == []

    async def test_the_browser_and_the_viewport_are_the_ones_asked_for(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, browser="firefox", viewport={"width": 800, "height": 600}) as run:
            run.start()
            await run.finish()
            ((kind, viewport),) = run.drivers.launched
            assert (kind, viewport.width, viewport.height) == ("firefox", 800, 600)


class TestPause:
    async def test_it_cancels_a_planner_that_is_thinking(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#cart")], looks_ahead=False)
        planner.gate.close()
        async with session_harness(tmp_path, planner) as run:
            run.start()
            await planner.gate.reached.wait()
            await run.do(c.Pause())
            await planner.gate.abandoned.wait()
            assert run.session.view().status is RunStatus.PAUSED
            planner.gate.open()
            await run.do(c.Resume())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#cart"]

    async def test_it_lets_the_step_in_flight_finish_and_dispatches_no_other(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
            run.driver.perform_gate.close()
            run.start()
            await run.driver.perform_gate.reached.wait()
            await run.do(c.Pause())
            run.driver.perform_gate.open()
            await run.until_step(1, StepStatus.PASSED)
            await run.until(lambda: run.session.view().proposal)
            assert selectors(run) == ["#cart"]
            await run.do(c.Resume())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#cart", "#pay"]

    async def test_step_does_exactly_one_step(self, tmp_path: Path) -> None:
        async with session_harness(
            tmp_path, FakePlanner([click("#a"), click("#b"), click("#c")]), mode="review"
        ) as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.Pause())
            await run.do(c.StepOnce())
            await run.until_status(RunStatus.PAUSED)
            await run.until_step(1, StepStatus.PASSED)
            assert run.session.view().status is RunStatus.PAUSED
            assert selectors(run) == ["#a"]


class TestReview:
    async def test_a_step_waits_for_approval(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            assert selectors(run) == []
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#cart"]

    async def test_a_skipped_step_is_not_done(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.SkipStep())
            assert await run.finish() is PASSED
            assert selectors(run) == []


class TestOverride:
    async def test_it_replaces_the_proposed_step_once(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.StepOverride(action=click("#other")))
            step = await run.until_step(1, StepStatus.PASSED)
            assert (step.source, step.proposed) == (Source.OVERRIDE, click("#cart"))
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#other", "#pay"]

    async def test_it_never_touches_the_step_in_flight(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
            run.driver.perform_gate.close()
            run.start()
            await run.driver.perform_gate.reached.wait()
            await run.do(c.StepOverride(action=click("#other")))
            run.driver.perform_gate.open()
            assert await run.finish() is PASSED
            assert selectors(run) == ["#cart", "#other"]

    async def test_it_stops_a_planner_that_is_thinking(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#cart")])
        planner.gate.close()
        async with session_harness(tmp_path, planner) as run:
            run.start()
            await planner.gate.reached.wait()
            await run.do(c.StepOverride(action=click("#other")))
            await run.until_step(1, StepStatus.PASSED)
            assert planner.gate.abandoned.is_set()
            planner.gate.open()
            assert await run.finish() is PASSED
            assert selectors(run) == ["#other"]

    async def test_two_people_s_at_the_same_time_are_both_done_in_one_order_for_all(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")]), mode="review") as run:
            seen: list[list[str | None]] = [[], []]

            def note(entry: Entry, into: list[str | None]) -> None:
                if isinstance(entry.body, e.StepOverrideQueued):
                    into.append(entry.body.action.selector)

            for into in seen:
                run.session.log.listen(partial(note, into=into))
            run.start()
            await run.until(lambda: run.session.view().proposal)
            acks = await asyncio.gather(
                *(
                    run.do(c.StepOverride(action=click(f"#{actor.name}-{number}")), actor)
                    for number in range(3)
                    for actor in (ADA, BOB)
                )
            )
            assert acks == [None] * 6
            await run.finish()
            done = [action.selector for action in run.driver.performed]
            assert seen == [done, done]
            assert sorted(map(str, done)) == [f"#{name}-{number}" for name in ("Ada", "Bob") for number in range(3)]
            assert run.events(e.StepOverrideDropped) == []


class TestInstructions:
    async def test_a_proposal_from_the_old_ones_is_thrown_away(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#old")])
        planner.by_version[2] = [click("#new")]
        async with session_harness(tmp_path, planner, mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.UpdateInstructions(instructions="Click 'The new thing'"))
            await run.until(lambda: run.session.view().proposal)
            proposal = run.session.view().proposal
            assert proposal
            assert (proposal.action.selector, proposal.instructions_version) == ("#new", 2)
            assert planner.tasks[-1].instructions == "Click 'The new thing'"
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#new"]

    async def test_sentences_that_are_not_understood_are_refused_and_the_run_goes_on(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#old")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            with pytest.raises(ProtocolError, match="line 2") as refused:
                await run.do(c.UpdateInstructions(instructions="Go back\nClik 'The new thing'"))
            assert refused.value.field == "instructions"
            assert run.session.view().instructions_version == 1
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#old"]

    async def test_a_planner_that_is_thinking_is_asked_again(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#old")])
        planner.by_version[2] = [click("#new")]
        planner.gate.close()
        async with session_harness(tmp_path, planner) as run:
            run.start()
            await planner.gate.reached.wait()
            await run.do(c.UpdateInstructions(instructions="Click 'The new thing'"))
            await planner.gate.abandoned.wait()
            planner.gate.open()
            assert await run.finish() is PASSED
            assert selectors(run) == ["#new"]

    async def test_they_turn_a_script_into_plain_sentences(self, tmp_path: Path) -> None:
        script = FakePlanner([click("#old")])
        plain = FakePlanner()
        plain.by_version[2] = [click("#new")]
        spec: dict[str, Any] = {"planner": "script", "steps": [{"type": "click", "selector": "#old"}], "mode": "review"}
        async with session_harness(tmp_path, script, later=plain, **spec) as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.UpdateInstructions(instructions="Click new"))
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert (selectors(run), run.session.view().planner) == (["#new"], "plain")
            assert (script.closed, plain.closed) == (1, 1)


class TestEnd:
    async def test_cancel_stops_the_step_in_flight_at_once(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart")])) as run:
            run.driver.perform_gate.close()
            run.start()
            await run.driver.perform_gate.reached.wait()
            await run.do(c.Cancel())
            assert await run.finish() is CANCELLED
            assert run.driver.perform_gate.abandoned.is_set()
            assert [step.status for step in await run.steps()] == [StepStatus.SKIPPED]
            assert run.driver.closed == 1

    @pytest.mark.parametrize("mode", ["auto", "review"])
    async def test_a_crash_fails_the_run(self, tmp_path: Path, mode: str) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode=mode) as run:
            run.driver.perform_gate.close()
            run.start()
            await run.until(lambda: run.events(e.StepProposed))
            if mode == "auto":
                await run.driver.perform_gate.reached.wait()
            run.driver.crash()
            assert await run.finish() is FAILED
            assert run.session.view().error == "the browser has gone: it has crashed"
            assert run.events(e.RunFinished)[-1].status is FAILED

    async def test_a_browser_found_gone_fails_the_run(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            run.driver.gone = "it has crashed"
            await run.do(c.ApproveStep())
            assert await run.finish() is FAILED
            assert run.session.view().error == "the browser has gone: it has crashed"

    async def test_a_browser_that_does_not_answer_fails_the_step(self, tmp_path: Path) -> None:
        options = {"overtime": 0.0}
        async with session_harness(
            tmp_path, FakePlanner([click("#cart")]), options=options, step_timeout_ms=100
        ) as run:
            run.driver.perform_gate.close()
            run.start()
            step = await run.until_step(1, StepStatus.FAILED)
            assert step.error == "the browser did not answer within 0.1 s"

    async def test_a_session_cut_off_ends_cancelled_with_its_browser_closed(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart")])) as run:
            run.driver.perform_gate.close()
            run.start()
            await run.driver.perform_gate.reached.wait()
            assert run.task
            run.task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run.task
            assert (run.session.view().status, run.driver.closed) == (CANCELLED, 1)
            assert (await run.stored()).view.status is CANCELLED

    @pytest.mark.parametrize("end", ["passes", "is cancelled", "crashes", "cannot start"])
    async def test_nothing_is_left_behind(self, tmp_path: Path, end: str) -> None:
        before = asyncio.all_tasks()
        async with session_harness(tmp_path, FakePlanner([click("#cart")]), streaming=True) as run:
            run.drivers.error = "no browser" if end == "cannot start" else None
            if end in {"is cancelled", "crashes"}:
                run.driver.perform_gate.close()
            run.start()
            if end in {"is cancelled", "crashes"}:
                await run.driver.perform_gate.reached.wait()
                run.session.cancel() if end == "is cancelled" else run.driver.crash()
            await run.finish()
            assert run.session.stream is None
        gc.collect()
        assert asyncio.all_tasks() == before
