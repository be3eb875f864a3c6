"""What a step's record says beside its action: what was met, in which tab, and what dialogs were answered."""

from __future__ import annotations

from pathlib import Path

from control.protocol import commands as c
from control.protocol.models import DialogAnswer, RunStatus, Source, StepStatus
from control.step_history import MAX_DIALOGS
from runner.driver import HumanAction
from tests.fakes import FakePlanner, click
from tests.runner.session_harness import session_harness

CONFIRM = DialogAnswer(kind="confirm", message="Sure?", accepted=True)


async def test_a_step_names_what_it_met_and_keeps_what_was_proposed(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("either")]), secrets={"NAME": "Grace"}) as run:
        run.driver.met = {"either": "text=Grace"}
        run.start()
        assert await run.finish() is RunStatus.PASSED
        (step,) = await run.steps()
        assert (step.target, step.full_action) == ("text={{secret:NAME}}", click("text={{secret:NAME}}"))
        assert run.driver.performed == [click("either")]
        assert (await run.store.steps(run.session.id))[0].full_action == step.full_action


async def test_a_step_that_fails_stays_as_it_was_asked_for(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("either")]), help_timeout_ms=0) as run:
        run.driver.met = {"either": "#met"}
        run.driver.fail("either", "is covered")
        run.start()
        assert await run.finish() is RunStatus.FAILED
        assert (await run.steps())[0].full_action == click("either")


async def test_steps_tell_their_tab(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#one"), click("#two")]), mode="review") as run:
        run.start()
        run.driver.acted_in, run.driver.tab = 2, 3
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.ApproveStep())
        await run.until_step(1, StepStatus.PASSED)
        await run.do(c.TakeControl())
        here, there = HumanAction(click("#a"), "Click", 0.0), HumanAction(click("#b"), "Click", 0.0, tab=1)
        run.driver.human.append([there, here])
        await run.do(c.Input(kind="up"))
        assert [(step.source, step.tab) for step in await run.steps()] == [
            (Source.PLAN, 2),
            (Source.HUMAN, 1),
            (Source.HUMAN, 3),
        ]


async def test_dialogs_belong_to_the_step_that_opened_them(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#one"), click("#two")]), secrets={"NAME": "Grace"}) as run:
        run.driver.perform_gate.close()
        run.driver.open_gate.close()
        run.start()
        await run.driver.open_gate.reached.wait()
        run.driver.on_answered(CONFIRM)
        run.driver.open_gate.open()
        await run.driver.perform_gate.reached.wait()
        asked = DialogAnswer(kind="prompt", message="Grace?", accepted=True, text="Grace H")
        run.driver.on_answered(asked)
        assert len(run.published(1)) == 1
        run.driver.perform_gate.open()
        await run.finish()
        first, second = await run.steps()
        hidden = asked.model_copy(update={"message": "•••?", "text": "{{secret:NAME}} H"})
        assert (first.dialogs, second.dialogs) == ((CONFIRM, hidden), ())
        assert run.published(1)[-1].dialogs == first.dialogs


async def test_a_dialog_that_opens_late_is_told_with_the_last_step(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#one"), click("#two")]), mode="review") as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        await run.do(c.ApproveStep())
        await run.until_step(1, StepStatus.PASSED)
        for _ in range(MAX_DIALOGS + 50):
            run.driver.on_answered(CONFIRM)
        assert run.published(1)[-1].dialogs == (CONFIRM,) * MAX_DIALOGS
        assert len(run.published(1)) <= MAX_DIALOGS + 3
