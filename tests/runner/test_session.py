"""A session flies one run: its start, its steps, steering between them, failures, its end. The browser is a fake."""

from __future__ import annotations

import asyncio
import gc
import logging
from pathlib import Path
from typing import Any

import pytest

from control import commands as c
from control import events as e
from control.errors import Forbidden, InvalidTransition, NotFound
from control.shapes import Action, RunStatus, Source, StepStatus
from runner.driver import StepFailed
from runner.planners.base import Repair, Stuck
from runner.store.database import Store
from tests.fakes import JPEG, FakeDriver, FakePlanner, click, idea
from tests.runner.rig import ADA, BOB, EVE, Rig, rig

PASSED, FAILED, CANCELLED = RunStatus.PASSED, RunStatus.FAILED, RunStatus.CANCELLED


def selectors(run: Rig) -> list[str | None]:
    """The selectors of what was really done in the page."""
    return [action.selector for action in run.driver.performed]


async def test_a_plan_is_done_step_by_step_and_passes(tmp_path: Path) -> None:
    async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
        run.start()
        assert await run.finish() is PASSED
        assert run.driver.did == ["open http://shop.test/", "click #cart", "click #pay"]
        assert [status.status for status in run.events(e.RunState)] == ["starting", "running", "passed"]
        assert [step.status for step in await run.steps()] == [StepStatus.PASSED, StepStatus.PASSED]
        assert run.driver.closed == 1
        assert run.planner.closed == 1


async def test_every_step_is_proposed_with_its_box_before_it_is_done(tmp_path: Path) -> None:
    async with rig(tmp_path, FakePlanner([click("#cart")])) as run:
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
    async with rig(tmp_path, FakePlanner([wait, click("#cart")]), step_timeout_ms=5_000) as run:
        run.start()
        assert await run.finish() is PASSED
        assert run.driver.timeouts == [65_000, 5_000]


class TestStart:
    async def test_an_unreachable_start_url_fails_the_run_with_the_reason(self, tmp_path: Path) -> None:
        async with rig(tmp_path) as run:
            run.driver.unreachable = "http://shop.test/ cannot be reached: nothing answers there"
            run.start()
            assert await run.finish() is FAILED
            assert run.session.view().error == "http://shop.test/ cannot be reached: nothing answers there"
            assert run.driver.closed == 1

    async def test_a_browser_that_does_not_start_fails_the_run(self, tmp_path: Path) -> None:
        async with rig(tmp_path) as run:
            run.drivers.error = "no Chromium was found"
            run.start()
            assert await run.finish() is FAILED
            assert run.session.view().error == "no Chromium was found"

    async def test_a_browser_that_hangs_at_its_start_is_given_up(self, tmp_path: Path) -> None:
        async with rig(tmp_path, options={"launch_timeout": 0.01}) as run:
            run.drivers.gate.close()
            run.start()
            assert await run.finish() is FAILED
            assert run.session.view().error == "the browser did not start within 0.01 s"

    async def test_a_page_that_hangs_is_given_up(self, tmp_path: Path) -> None:
        async with rig(tmp_path, options={"open_timeout": 0.01}) as run:
            run.driver.open_gate.close()
            run.start()
            assert await run.finish() is FAILED
            assert run.session.view().error == "http://shop.test/ did not load within 0.01 s"
            assert run.driver.closed == 1

    async def test_cancelled_while_the_browser_starts(self, tmp_path: Path) -> None:
        async with rig(tmp_path) as run:
            run.drivers.gate.close()
            run.start()
            await run.drivers.gate.reached.wait()
            await run.do(c.Cancel())
            assert await run.finish() is CANCELLED
            assert run.drivers.gate.abandoned.is_set()
            assert run.driver.did == []

    async def test_cancelled_while_the_page_loads(self, tmp_path: Path) -> None:
        async with rig(tmp_path) as run:
            run.driver.open_gate.close()
            run.start()
            await run.driver.open_gate.reached.wait()
            await run.do(c.Cancel())
            assert await run.finish() is CANCELLED
            assert run.driver.closed == 1

    async def test_cancelled_before_it_began(self, tmp_path: Path) -> None:
        async with rig(tmp_path) as run:
            run.session.cancel()
            run.start()
            assert await run.finish() is CANCELLED
            assert run.drivers.launched == []

    async def test_the_browser_and_the_viewport_are_the_ones_asked_for(self, tmp_path: Path) -> None:
        async with rig(tmp_path, browser="firefox", viewport={"width": 800, "height": 600}) as run:
            run.start()
            await run.finish()
            ((kind, viewport),) = run.drivers.launched
            assert (kind, viewport.width, viewport.height) == ("firefox", 800, 600)


class TestPause:
    async def test_it_cancels_a_planner_that_is_thinking(self, tmp_path: Path) -> None:
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
            assert await run.finish() is PASSED
            assert selectors(run) == ["#cart"]

    async def test_it_lets_the_step_in_flight_finish_and_dispatches_no_other(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
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
        async with rig(tmp_path, FakePlanner([click("#a"), click("#b"), click("#c")]), mode="review") as run:
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
        async with rig(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            assert selectors(run) == []
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#cart"]

    async def test_a_skipped_step_is_not_done(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.SkipStep())
            assert await run.finish() is PASSED
            assert selectors(run) == []


class TestOverride:
    async def test_it_replaces_the_proposed_step_once(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")]), mode="review") as run:
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
        async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
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
        async with rig(tmp_path, planner) as run:
            run.start()
            await planner.gate.reached.wait()
            await run.do(c.StepOverride(action=click("#other")))
            await run.until_step(1, StepStatus.PASSED)
            assert planner.gate.abandoned.is_set()
            planner.gate.open()
            assert await run.finish() is PASSED
            assert selectors(run) == ["#other"]


class TestInstructions:
    async def test_a_proposal_from_the_old_ones_is_thrown_away(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#old")])
        planner.by_version[2] = [click("#new")]
        async with rig(tmp_path, planner, mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.UpdateInstructions(instructions="Do the new thing"))
            await run.until(lambda: run.session.view().proposal)
            proposal = run.session.view().proposal
            assert proposal
            assert (proposal.action.selector, proposal.instructions_version) == ("#new", 2)
            assert planner.tasks[-1].instructions == "Do the new thing"
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert selectors(run) == ["#new"]

    async def test_a_planner_that_is_thinking_is_asked_again(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#old")])
        planner.by_version[2] = [click("#new")]
        planner.gate.close()
        async with rig(tmp_path, planner) as run:
            run.start()
            await planner.gate.reached.wait()
            await run.do(c.UpdateInstructions(instructions="Do the new thing"))
            await planner.gate.abandoned.wait()
            planner.gate.open()
            assert await run.finish() is PASSED
            assert selectors(run) == ["#new"]

    async def test_they_turn_a_script_into_plain_sentences(self, tmp_path: Path) -> None:
        script = FakePlanner([click("#old")])
        plain = FakePlanner()
        plain.by_version[2] = [click("#new")]
        spec: dict[str, Any] = {"planner": "script", "steps": [{"type": "click", "selector": "#old"}], "mode": "review"}
        async with rig(tmp_path, script, later=plain, **spec) as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.UpdateInstructions(instructions="Click new"))
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.ApproveStep())
            assert await run.finish() is PASSED
            assert (selectors(run), run.session.view().planner) == (["#new"], "plain")
            assert (script.closed, plain.closed) == (1, 1)


class TestDiagnosing:
    async def test_a_failed_step_is_tried_again_as_the_planner_says(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#pay")])
        planner.repairs.append(Repair(retry=idea(click("#pay"))))
        async with rig(tmp_path, planner) as run:
            run.driver.fail("#pay", "it was covered")
            run.start()
            assert await run.finish() is PASSED
            (step,) = await run.steps()
            assert (step.status, step.attempts) == (StepStatus.PASSED, 2)
            assert "it was covered" in planner.failures[0].reason

    async def test_two_retries_are_all_that_is_done_without_asking(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#pay")])
        planner.repairs.extend(Repair(retry=idea(click(selector))) for selector in ("#pay", "#pay2", "#pay3"))
        async with rig(tmp_path, planner) as run:
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
        async with rig(tmp_path, planner) as run:
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
        async with rig(tmp_path, FakePlanner([click("#pay")]), help_timeout_ms=60_000) as run:
            run.driver.fail("#pay", "it is not there")
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            run.clock.advance(seconds=61)
            assert await run.finish() is FAILED
            assert "it is not there" in (run.session.view().error or "")

    async def test_an_override_is_help(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#pay")])) as run:
            run.driver.fail("#pay", "it is not there")
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            await run.do(c.StepOverride(action=click("#buy")))
            assert await run.finish() is PASSED
            assert selectors(run) == ["#buy"]

    async def test_a_planner_that_is_stuck_asks_for_help(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#pay")])
        planner.stuck.append(Stuck("no button 'Pay' is on the page"))
        async with rig(tmp_path, planner) as run:
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            assert run.events(e.HelpNeeded)[0].reason == "no button 'Pay' is on the page"

    async def test_a_planner_that_breaks_asks_for_help(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        planner = FakePlanner([click("#pay")])
        planner.stuck.append(KeyError("choices"))
        async with rig(tmp_path, planner) as run:
            run.start()
            await run.until(lambda: run.events(e.HelpNeeded))
            assert run.events(e.HelpNeeded)[0].reason == "the planner failed: 'choices'"
            assert "Traceback" in caplog.text


class TestEnd:
    async def test_cancel_stops_the_step_in_flight_at_once(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart")])) as run:
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
        async with rig(tmp_path, FakePlanner([click("#cart")]), mode=mode) as run:
            run.driver.perform_gate.close()
            run.start()
            await run.until(lambda: run.events(e.StepProposed))
            if mode == "auto":
                await run.driver.perform_gate.reached.wait()
            run.driver.crash()
            assert await run.finish() is FAILED
            assert run.session.view().error == "the browser has gone: the browser process ended"
            assert run.events(e.RunFinished)[-1].status is FAILED

    async def test_a_browser_found_gone_fails_the_run(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            run.driver.gone = "it has crashed"
            await run.do(c.ApproveStep())
            assert await run.finish() is FAILED
            assert run.session.view().error == "the browser has gone: it has crashed"

    async def test_a_browser_that_does_not_answer_fails_the_step(self, tmp_path: Path) -> None:
        options = {"overtime": 0.0}
        async with rig(tmp_path, FakePlanner([click("#cart")]), options=options, step_timeout_ms=100) as run:
            run.driver.perform_gate.close()
            run.start()
            step = await run.until_step(1, StepStatus.FAILED)
            assert step.error == "the browser did not answer within 0.1 s"

    async def test_a_session_cut_off_ends_cancelled_with_its_browser_closed(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart")])) as run:
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
        async with rig(tmp_path, FakePlanner([click("#cart")]), streaming=True) as run:
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


class TestScreenshots:
    async def test_they_are_kept_before_and_after_each_step(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
            run.start()
            await run.finish()
            first, second = await run.steps()
            assert first.screenshot_url == "/api/tests/run-1/steps/1/screenshot"
            assert second.before_screenshot_url == "/api/tests/run-1/steps/2/screenshot?before=1"
            assert await run.picture(1) == JPEG + b"2"
            assert await run.picture(1, before=True) == JPEG + b"1"

    async def test_the_last_one_stands_for_a_page_that_has_not_changed(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
            run.start()
            await run.finish()
            assert await run.picture(2, before=True) == await run.picture(1)
            assert run.driver.screenshots == 3

    async def test_a_page_that_has_changed_is_looked_at_anew(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.ApproveStep())
            await run.until_step(1, StepStatus.PASSED)
            await run.until(lambda: run.session.view().proposal)
            run.driver.on_page(e.PageChanged(url="http://shop.test/late", title="Late"))
            await run.do(c.ApproveStep())
            await run.finish()
            assert await run.picture(2, before=True) == JPEG + b"3"

    @pytest.mark.parametrize("error", [StepFailed("a dialog is open"), RuntimeError("odd"), TimeoutError()])
    async def test_one_that_fails_changes_no_outcome(self, tmp_path: Path, error: Exception) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart")])) as run:
            run.driver.screenshot_error = error
            run.start()
            assert await run.finish() is PASSED
            (step,) = await run.steps()
            assert (step.status, step.screenshot_url) == (StepStatus.PASSED, None)

    async def test_one_that_cannot_be_written_changes_no_outcome(self, tmp_path: Path) -> None:
        (tmp_path / "runs").mkdir(parents=True)
        (tmp_path / "runs" / "run-1").write_text("a file where the folder should be")
        async with rig(tmp_path, FakePlanner([click("#cart")])) as run:
            run.start()
            assert await run.finish() is PASSED
            assert (await run.steps())[0].screenshot_url is None


class TestSecrets:
    async def test_values_reach_the_browser_and_nothing_else(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="runner")
        secret = "hunter2 & co"
        typing = Action.model_validate({"type": "type", "selector": "#pw", "value": "{{secret:PW}}"})
        driver = FakeDriver()
        planner = FakePlanner([typing, click("#overridden"), click("#go")])
        planner.by_version[2] = [click("#go")]
        planner.repairs.append(Repair(reason=f"the page says '{secret}' is wrong"))
        driver.fail("#go", f"'{secret}' is in the way")
        spec: dict[str, Any] = {"secrets": {"PW": secret}, "instructions": f"Log in with {secret}", "mode": "review"}
        async with rig(tmp_path, planner, driver=driver, **spec) as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.ApproveStep())
            await run.until_step(1, StepStatus.PASSED)
            assert driver.performed[0].value == secret
            driver.on_page(e.PageChanged(url="http://shop.test/?pw=hunter2+%26+co", title=secret))
            driver.on_dialog(e.Dialog(dialog_id="d1", kind="prompt", message=f"Is {secret} right?"))
            await run.do(
                c.StepOverride(action=Action.model_validate({"type": "type", "selector": "#x", "value": secret}))
            )
            await run.until_step(2, StepStatus.PASSED)
            assert driver.performed[1].value == secret
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.UpdateInstructions(instructions=f"Try {secret} again"))
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.ApproveStep())
            await run.until(lambda: run.events(e.HelpNeeded))
            messages = [entry.message() for entry in run.session.log.since(0) or []]
            shown = [
                str(part) for part in (messages, run.session.view(), run.session.creation(), run.session.dialogs())
            ]
            run.session.cancel()
            await run.finish()
            kept = (tmp_path / "jumpseat.sqlite3").read_bytes() + (tmp_path / "jumpseat.sqlite3-wal").read_bytes()
        for text in (*shown, caplog.text, str(planner.tasks), kept.decode("latin-1")):
            assert "hunter2" not in text
        assert run.session.creation()["secrets"] == {"PW": ""}
        assert "•••" in str(messages)

    async def test_an_unknown_name_fails_the_step(self, tmp_path: Path) -> None:
        typing = Action.model_validate({"type": "type", "selector": "#pw", "value": "{{secret:NOPE}}"})
        async with rig(tmp_path, FakePlanner([typing])) as run:
            run.start()
            step = await run.until_step(1, StepStatus.FAILED)
            assert "NOPE" in (step.error or "")
            assert run.driver.performed == []


class TestReplies:
    async def test_ping_is_given_back(self, tmp_path: Path) -> None:
        async with rig(tmp_path) as run:
            assert await run.do(c.Ping(id="7", t=12.5), EVE) == e.Pong(id="7", t=12.5)

    async def test_a_step_is_replayed_during_the_run_and_after_it(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart"), click("#pay")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.ApproveStep())
            await run.until_step(1, StepStatus.PASSED)
            before = run.session.log.seq
            reply = await run.do(c.ReplayStep(id="9", step_number=1), EVE)
            assert isinstance(reply, e.StepReplay)
            assert (reply.id, reply.step.target, run.session.log.seq) == ("9", "#cart", before)
            run.session.cancel()
            await run.finish()
            assert isinstance(await run.do(c.ReplayStep(step_number=1), EVE), e.StepReplay)
            with pytest.raises(NotFound):
                await run.do(c.ReplayStep(step_number=99), EVE)

    @pytest.mark.parametrize(
        "command",
        [
            *(c.Pause(), c.Resume(), c.StepOnce(), c.Cancel(), c.StepOverride(action=click("#x")), c.SkipStep()),
            *(c.ApproveStep(), c.UpdateInstructions(instructions="x"), c.TakeControl(), c.ReleaseControl()),
            *(c.Input(kind="move"), c.Pick(), c.AnswerDialog(dialog_id="d", accept=True)),
        ],
        ids=lambda command: command.type,
    )
    async def test_a_viewer_may_steer_nothing(self, tmp_path: Path, command: c.Command) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            before = run.session.log.seq
            with pytest.raises(Forbidden):
                await run.do(command, EVE)
            assert run.session.log.seq == before

    async def test_an_ended_run_takes_no_command(self, tmp_path: Path) -> None:
        async with rig(tmp_path) as run:
            run.start()
            await run.finish()
            for command in (c.Pause(), c.Pick(), c.Input(kind="move"), c.TakeControl()):
                with pytest.raises(InvalidTransition):
                    await run.do(command, BOB)

    async def test_an_element_is_picked(self, tmp_path: Path) -> None:
        async with rig(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            picked = await run.do(c.Pick(id="3", x=10, y=10), ADA)
            assert isinstance(picked, e.Picked)
            assert (picked.id, picked.name) == ("3", "Pay")
            with pytest.raises(NotFound):
                await run.do(c.Pick(x=-1), ADA)

    async def test_before_the_page_is_open_nothing_can_be_picked(self, tmp_path: Path) -> None:
        async with rig(tmp_path) as run:
            with pytest.raises(InvalidTransition):
                await run.do(c.Pick(), ADA)


async def test_open_dialogs_are_known_until_they_are_closed(tmp_path: Path) -> None:
    async with rig(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        dialog = e.Dialog(dialog_id="d1", kind="alert", message="Hello")
        run.driver.on_dialog(dialog)
        assert run.session.dialogs() == (dialog,)
        run.driver.on_dialog(dialog.model_copy(update={"closed": True}))
        assert run.session.dialogs() == ()
        assert [event.closed for event in run.events(e.Dialog)] == [False, True]


async def test_what_a_run_does_is_in_the_store_when_it_is_over(tmp_path: Path) -> None:
    async with rig(tmp_path, FakePlanner([click("#cart")])) as run:
        run.start()
        await run.finish()
        steps = await run.steps()
    store = await Store.open(tmp_path)
    try:
        record = await store.get("run-1")
        assert record
        assert record.view.status is PASSED
        assert await store.steps("run-1") == steps
    finally:
        await store.aclose()
