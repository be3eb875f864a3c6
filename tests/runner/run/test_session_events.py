"""What a session tells, shows and keeps: screenshots, secrets, replies, and the store."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from control.errors import Forbidden, InvalidTransition, NotFound, RateLimited
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action, Size
from control.protocol.models import RunStatus, StepStatus
from runner.driver import StepFailed
from runner.log import RunLog
from runner.planners.base import Repair
from runner.run.curtain import PageCurtain
from runner.run.masking import Masking
from runner.run.screenshots import Screenshots
from runner.run.trace import RunTrace
from runner.store.store import Store
from runner.store.traces import TraceFile
from tests.control.run_scenarios import RunScenario
from tests.fakes import JPEG, FakeClock, FakeDriver, FakePlanner, click, idea
from tests.runner.empty_database import with_database
from tests.runner.session_harness import ADA, BOB, EVE, session_harness

PASSED, FAILED, CANCELLED = RunStatus.PASSED, RunStatus.FAILED, RunStatus.CANCELLED


class TestScreenshots:
    async def test_they_are_kept_before_and_after_each_step(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
            run.start()
            await run.finish()
            first, second = await run.steps()
            assert first.screenshot_url == "/api/tests/run-1/steps/1/screenshot?v=2"
            assert second.before_screenshot_url == "/api/tests/run-1/steps/2/screenshot?before=1&v=3"
            assert await run.picture(1) == JPEG + b"2"
            assert await run.picture(1, before=True) == JPEG + b"1"

    async def test_one_that_is_taken_again_has_another_address(self, tmp_path: Path) -> None:
        planner = FakePlanner([click("#cart")])
        planner.repairs.append(Repair(retry=idea(click("#cart"))))
        async with session_harness(tmp_path, planner) as run:
            run.driver.fail("#cart", "it was covered")
            run.start()
            await run.finish()
            failed = next(step for step in run.published(1) if step.status is StepStatus.FAILED)
            (again,) = await run.steps()
            assert failed.screenshot_url
            assert again.screenshot_url
            assert failed.screenshot_url.split("?")[0] == again.screenshot_url.split("?")[0]
            assert failed.screenshot_url != again.screenshot_url

    async def test_a_page_that_changes_while_a_picture_is_written_costs_the_next_none(self, tmp_path: Path) -> None:
        run = RunScenario(2).open().run
        driver, store = FakeDriver(), await Store.open(with_database(tmp_path), clock=FakeClock())
        masking = Masking({})
        logger = RunLog(logging.getLogger("test"), "run-1", masking.text)
        trace = RunTrace(run, TraceFile(tmp_path, view=run.view), masking=masking, logger=logger)
        shots = Screenshots(
            run,
            driver,
            store,
            FakeClock(),
            logger,
            curtain=PageCurtain(driver, stream=None, size=Size(width=1280, height=720), trace=trace),
        )
        for name in ("a", "b"):
            assert run.record_human_step(click(name))
        run.log.listen(lambda _: shots.invalidate())
        work = asyncio.create_task(shots.work())
        shots.take_later(1)
        shots.take_later(2)
        await shots.settle()
        work.cancel()
        await store.aclose()
        assert [step.screenshot_url is not None for step in run.steps] == [True, True]

    async def test_the_last_one_stands_for_a_page_that_has_not_changed(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")])) as run:
            run.start()
            await run.finish()
            assert await run.picture(2, before=True) == await run.picture(1)
            assert run.driver.screenshots == 3

    async def test_a_page_that_has_changed_is_looked_at_anew(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")]), mode="review") as run:
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
        async with session_harness(tmp_path, FakePlanner([click("#cart")])) as run:
            run.driver.screenshot_error = error
            run.start()
            assert await run.finish() is PASSED
            (step,) = await run.steps()
            assert (step.status, step.screenshot_url) == (StepStatus.PASSED, None)

    async def test_one_that_cannot_be_written_changes_no_outcome(self, tmp_path: Path) -> None:
        (tmp_path / "runs").mkdir(parents=True)
        (tmp_path / "runs" / "run-1").write_text("a file where the folder should be")
        async with session_harness(tmp_path, FakePlanner([click("#cart")])) as run:
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
        async with session_harness(tmp_path, planner, driver=driver, **spec) as run:
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
            await run.do(c.UpdateInstructions(instructions=f"Click 'Try {secret} again'"))
            await run.until(lambda: run.session.view().proposal)
            await run.do(c.ApproveStep())
            await run.until(lambda: run.events(e.HelpNeeded))
            messages = [entry.message() for entry in run.session.log.since(0) or []]
            shown = [str(part) for part in (messages, run.session.creation(), run.session.hello(ADA))]
            run.session.cancel()
            await run.finish()
            kept = (tmp_path / "jumpseat.sqlite3").read_bytes() + (tmp_path / "jumpseat.sqlite3-wal").read_bytes()
        for text in (*shown, caplog.text, str(planner.tasks), kept.decode("latin-1")):
            assert "hunter2" not in text
        assert run.session.creation()["secrets"] == {"PW": ""}
        assert "•••" in str(messages)

    async def test_an_unknown_name_fails_the_step(self, tmp_path: Path) -> None:
        typing = Action.model_validate({"type": "type", "selector": "#pw", "value": "{{secret:NOPE}}"})
        async with session_harness(tmp_path, FakePlanner([typing])) as run:
            run.start()
            step = await run.until_step(1, StepStatus.FAILED)
            assert "NOPE" in (step.error or "")
            assert run.driver.performed == []


class TestReplies:
    async def test_ping_is_given_back(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path) as run:
            assert await run.do(c.Ping(id="7", t=12.5), EVE) == e.Pong(id="7", t=12.5)

    async def test_a_step_is_replayed_during_the_run_and_after_it(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart"), click("#pay")]), mode="review") as run:
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
        async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            before = run.session.log.seq
            with pytest.raises(Forbidden):
                await run.do(command, EVE)
            assert run.session.log.seq == before

    async def test_an_ended_run_takes_no_command(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path) as run:
            run.start()
            await run.finish()
            for command in (c.Pause(), c.Pick(), c.Input(kind="move"), c.TakeControl()):
                with pytest.raises(InvalidTransition):
                    await run.do(command, BOB)

    async def test_an_element_is_picked(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            picked = await run.do(c.Pick(id="3", x=10, y=10), ADA)
            assert isinstance(picked, e.Picked)
            assert (picked.id, picked.name) == ("3", "Pay")
            with pytest.raises(NotFound):
                await run.do(c.Pick(x=-1), ADA)

    async def test_one_preview_is_answered_at_a_time(self, tmp_path: Path) -> None:
        class SlowToLook(FakeDriver):
            async def pick(self, command: c.Pick) -> e.Picked:
                await self.perform_gate.pass_through()
                return e.Picked(selector="role=button", preview=command.preview)

        driver = SlowToLook()
        async with session_harness(tmp_path, FakePlanner([click("#cart")]), driver=driver, mode="review") as run:
            run.start()
            await run.until(lambda: run.session.view().proposal)
            driver.perform_gate.close()
            preview = asyncio.create_task(run.do(c.Pick(preview=True), ADA))
            await driver.perform_gate.reached.wait()
            with pytest.raises(RateLimited):
                await run.do(c.Pick(preview=True), BOB)
            picked = asyncio.create_task(run.do(c.Pick(), BOB))
            driver.perform_gate.open()
            replies = await asyncio.gather(preview, picked)
            assert [isinstance(reply, e.Picked) and reply.preview for reply in replies] == [True, False]
            assert isinstance(await run.do(c.Pick(preview=True), BOB), e.Picked)

    async def test_before_the_page_is_open_nothing_can_be_picked(self, tmp_path: Path) -> None:
        async with session_harness(tmp_path) as run:
            with pytest.raises(InvalidTransition):
                await run.do(c.Pick(), ADA)


async def test_open_dialogs_are_known_until_they_are_closed(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")]), mode="review") as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        dialog = e.Dialog(dialog_id="d1", kind="alert", message="Hello")
        run.driver.on_dialog(dialog)
        assert run.session.hello(ADA).dialogs == (dialog,)
        run.driver.on_dialog(dialog.model_copy(update={"closed": True}))
        assert run.session.hello(ADA).dialogs == ()
        assert [event.closed for event in run.events(e.Dialog)] == [False, True]


async def test_what_a_run_does_is_in_the_store_when_it_is_over(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")])) as run:
        run.start()
        await run.finish()
        steps = await run.steps()
    store = await Store.open(with_database(tmp_path))
    try:
        record = await store.get("run-1")
        assert record
        assert record.view.status is PASSED
        assert await store.steps("run-1") == steps
    finally:
        await store.aclose()
