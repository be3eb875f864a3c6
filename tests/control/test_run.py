"""What steering means: pause, resume, step, approve, instructions."""

from __future__ import annotations

import pytest

from control.errors import InvalidTransition
from control.next_action import Diagnose, Finish, Perform, Plan, Wait
from control.protocol import commands as c
from control.protocol.models import RunStatus
from tests.control.run_scenarios import FAILED, HELP, PASSED, SKIPPED, RunScenario, click


def test_a_run_from_start_to_end() -> None:
    scenario = RunScenario(2).open()
    scenario.do()
    scenario.do()
    assert scenario.run.next_action() == Plan(1)
    scenario.run.plan_exhausted(1)
    assert scenario.run.next_action() == Finish()
    scenario.run.finish()
    assert scenario.kinds == [
        "run_state",
        "run_state",
        *["step_proposed", "test_step", "test_step"] * 2,
        "run_state",
        "run_finished",
    ]
    assert scenario.run.view().status is RunStatus.PASSED


# Pause, resume, step


def test_pause_lets_the_step_in_flight_finish_and_dispatches_nothing_more() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    scenario.send(c.Pause())
    scenario.run.end_step(PASSED)
    assert scenario.done == ["#plan-1 passed"]
    scenario.plan()
    assert scenario.run.next_action() == Wait()
    with pytest.raises(InvalidTransition, match="not the one to do now"):
        scenario.run.begin_step(scenario.idea())


def test_a_costly_planner_is_not_asked_while_paused() -> None:
    scenario = RunScenario(looks_ahead=False).open()
    scenario.send(c.Pause())
    assert scenario.run.next_action() == Wait()
    scenario.send(c.UpdateInstructions(instructions="Buy a plum."))
    assert scenario.run.next_action() == Plan(2)


def test_a_pause_before_the_page_is_open_holds_the_first_step() -> None:
    scenario = RunScenario()
    scenario.send(c.Pause())
    assert scenario.run.view().paused
    scenario.open()
    assert scenario.status() is RunStatus.PAUSED
    scenario.plan()
    assert scenario.run.next_action() == Wait()


def test_step_does_one_step_then_pauses() -> None:
    scenario = RunScenario().open()
    scenario.send(c.Pause())
    scenario.send(c.StepOnce())
    scenario.do()
    assert scenario.status() is RunStatus.PAUSED
    scenario.plan()
    assert scenario.run.next_action() == Wait()


def test_after_a_single_step_even_a_costly_planner_shows_what_comes_next() -> None:
    scenario = RunScenario(looks_ahead=False).open()
    scenario.send(c.StepOnce())
    scenario.do()
    assert scenario.run.paused
    assert scenario.plan().action == click("plan-2")


def test_step_after_a_pause_in_mid_step_does_the_one_after_it() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    scenario.send(c.Pause())
    scenario.send(c.StepOnce())
    scenario.run.end_step(PASSED)
    assert scenario.status() is RunStatus.RUNNING
    scenario.do()
    assert scenario.done == ["#plan-1 passed", "#plan-2 passed"]
    assert scenario.status() is RunStatus.PAUSED


def test_step_while_a_single_step_is_done_does_one_more() -> None:
    scenario = RunScenario().open()
    scenario.send(c.StepOnce())
    scenario.begin()
    scenario.send(c.StepOnce())
    scenario.run.end_step(PASSED)
    assert not scenario.run.paused
    scenario.do()
    assert scenario.run.paused


def test_a_second_step_before_the_first_has_begun_is_refused() -> None:
    scenario = RunScenario().open()
    scenario.send(c.StepOnce())
    with pytest.raises(InvalidTransition, match="coming already"):
        scenario.send(c.StepOnce())


def test_a_single_step_that_fails_pauses_in_front_of_the_diagnosis() -> None:
    scenario = RunScenario().open()
    scenario.send(c.StepOnce())
    scenario.do(FAILED)
    assert scenario.status() is RunStatus.PAUSED
    assert scenario.run.next_action() == Wait()
    scenario.send(c.Resume())
    assert scenario.status() is RunStatus.DIAGNOSING
    assert isinstance(scenario.run.next_action(), Diagnose)


def test_resume_takes_back_the_pause_after_a_single_step() -> None:
    scenario = RunScenario().open()
    scenario.send(c.StepOnce())
    scenario.begin()
    scenario.send(c.Resume())
    scenario.run.end_step(PASSED)
    assert scenario.status() is RunStatus.RUNNING


def test_single_steps_at_the_end_of_the_plan_conclude_the_run() -> None:
    scenario = RunScenario(0).open()
    scenario.send(c.Pause())
    scenario.run.plan_exhausted(1)
    assert scenario.run.next_action() == Wait()
    scenario.send(c.StepOnce())
    assert scenario.run.next_action() == Finish()


# Review


def test_in_review_mode_a_step_waits_for_approval() -> None:
    scenario = RunScenario(mode="review").open()
    idea = scenario.plan()
    assert scenario.run.next_action() == Wait()
    scenario.send(c.ApproveStep(proposal_id=idea.proposal_id))
    assert scenario.run.next_action() == Perform(idea)


def test_approval_of_a_proposal_that_was_replaced_is_refused() -> None:
    scenario = RunScenario(mode="review").open()
    stale = scenario.plan()
    scenario.instruct()
    scenario.plan()
    with pytest.raises(InvalidTransition, match="replaced by another"):
        scenario.send(c.ApproveStep(proposal_id=stale.proposal_id))
    assert scenario.run.next_action() == Wait()


def test_in_auto_mode_there_is_nothing_to_approve() -> None:
    scenario = RunScenario().open()
    scenario.plan()
    with pytest.raises(InvalidTransition, match="waits for nobody's approval"):
        scenario.send(c.ApproveStep())


@pytest.mark.parametrize("proposed", [True, False])
def test_step_in_review_mode_approves_one_step_only(proposed: bool) -> None:
    scenario = RunScenario(mode="review").open()
    if proposed:
        scenario.plan()
    scenario.send(c.StepOnce())
    scenario.do()
    assert scenario.run.paused
    scenario.send(c.Resume())
    scenario.plan()
    assert scenario.run.next_action() == Wait()


def test_a_pause_takes_back_the_approval_that_step_gave() -> None:
    scenario = RunScenario(mode="review").open()
    scenario.plan()
    scenario.send(c.StepOnce())
    scenario.send(c.Pause())
    scenario.send(c.Resume())
    assert scenario.run.next_action() == Wait()


# Instructions


def test_new_instructions_withdraw_the_proposal_and_refuse_late_answers() -> None:
    scenario = RunScenario(mode="review").open()
    old = scenario.plan()
    scenario.instruct()
    assert scenario.run.next_action() == Plan(2)
    assert not scenario.run.propose(old, remaining=3)
    assert scenario.run.view().proposal is None
    assert scenario.published[-2:] == scenario.run.log.since(scenario.run.log.seq - 2)
    assert scenario.kinds[-2:] == ["instructions_updated", "step_proposed"]


def test_how_many_steps_new_instructions_have_is_not_known_before_the_planner_tells() -> None:
    scenario = RunScenario(3).open()
    scenario.do()
    scenario.instruct(length=5)
    assert scenario.run.view().total_steps is None
    scenario.plan()
    assert scenario.run.view().total_steps == 6


def test_a_late_answer_for_an_entry_that_was_overridden_is_refused() -> None:
    scenario = RunScenario().open()
    late = scenario.idea()
    scenario.override("pay")
    scenario.do()
    assert not scenario.run.propose(late, remaining=3)


@pytest.mark.parametrize("status", [PASSED, FAILED, SKIPPED])
def test_a_step_in_flight_is_not_diagnosed_once_the_instructions_have_changed(status: str) -> None:
    scenario = RunScenario().open()
    scenario.begin()
    scenario.instruct()
    scenario.run.end_step(FAILED if status == "failed" else PASSED, error="it is not there")
    assert scenario.status() is RunStatus.RUNNING
    assert scenario.run.next_action() == Plan(2)


def test_new_instructions_end_the_diagnosis_and_its_deadline() -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.run.ask_help("it is gone", (scenario.idea("near", source="repair"),))
    scenario.instruct()
    scenario.clock.pass_by(HELP)
    scenario.run.tick()
    assert scenario.run.next_action() == Plan(2)


def test_instructions_make_a_script_a_plain_run() -> None:
    scenario = RunScenario(planner="script").open()
    scenario.instruct("Buy a plum.")
    assert scenario.run.view().planner == "plain"
    assert scenario.run.view().instructions == "Buy a plum."
