"""What steering means: pause, resume, step, approve, instructions."""

from __future__ import annotations

import pytest

from control import commands as c
from control.errors import InvalidTransition
from control.shapes import RunStatus
from control.todo import Conclude, Diagnose, Hold, Perform, Plan
from tests.control.flights import FAILED, HELP, PASSED, SKIPPED, Flight, click


def test_a_run_from_start_to_end() -> None:
    flight = Flight(2).open()
    flight.do()
    flight.do()
    assert flight.run.next() == Plan(1)
    flight.run.exhausted(1)
    assert flight.run.next() == Conclude()
    flight.run.conclude()
    assert flight.kinds == [
        "run_state",
        "run_state",
        *["step_proposed", "test_step", "test_step"] * 2,
        "run_state",
        "run_finished",
    ]
    assert flight.run.view().status is RunStatus.PASSED


# Pause, resume, step


def test_pause_lets_the_step_in_flight_finish_and_dispatches_nothing_more() -> None:
    flight = Flight().open()
    flight.begin()
    flight.send(c.Pause())
    flight.run.end_step(PASSED)
    assert flight.done == ["#plan-1 passed"]
    flight.plan()
    assert flight.run.next() == Hold()
    with pytest.raises(InvalidTransition, match="not the one to do now"):
        flight.run.begin_step(flight.idea())


def test_a_costly_planner_is_not_asked_while_paused() -> None:
    flight = Flight(looks_ahead=False).open()
    flight.send(c.Pause())
    assert flight.run.next() == Hold()
    flight.send(c.UpdateInstructions(instructions="Buy a plum."))
    assert flight.run.next() == Plan(2)


def test_a_pause_before_the_page_is_open_holds_the_first_step() -> None:
    flight = Flight()
    flight.send(c.Pause())
    assert flight.run.view().paused
    flight.open()
    assert flight.status() is RunStatus.PAUSED
    flight.plan()
    assert flight.run.next() == Hold()


def test_step_does_one_step_then_pauses() -> None:
    flight = Flight().open()
    flight.send(c.Pause())
    flight.send(c.StepOnce())
    flight.do()
    assert flight.status() is RunStatus.PAUSED
    flight.plan()
    assert flight.run.next() == Hold()


def test_after_a_single_step_even_a_costly_planner_shows_what_comes_next() -> None:
    flight = Flight(looks_ahead=False).open()
    flight.send(c.StepOnce())
    flight.do()
    assert flight.run.paused
    assert flight.plan().action == click("plan-2")


def test_step_after_a_pause_in_mid_step_does_the_one_after_it() -> None:
    flight = Flight().open()
    flight.begin()
    flight.send(c.Pause())
    flight.send(c.StepOnce())
    flight.run.end_step(PASSED)
    assert flight.status() is RunStatus.RUNNING
    flight.do()
    assert flight.done == ["#plan-1 passed", "#plan-2 passed"]
    assert flight.status() is RunStatus.PAUSED


def test_step_while_a_single_step_is_done_does_one_more() -> None:
    flight = Flight().open()
    flight.send(c.StepOnce())
    flight.begin()
    flight.send(c.StepOnce())
    flight.run.end_step(PASSED)
    assert not flight.run.paused
    flight.do()
    assert flight.run.paused


def test_a_second_step_before_the_first_has_begun_is_refused() -> None:
    flight = Flight().open()
    flight.send(c.StepOnce())
    with pytest.raises(InvalidTransition, match="coming already"):
        flight.send(c.StepOnce())


def test_a_single_step_that_fails_pauses_in_front_of_the_diagnosis() -> None:
    flight = Flight().open()
    flight.send(c.StepOnce())
    flight.do(FAILED)
    assert flight.status() is RunStatus.PAUSED
    assert flight.run.next() == Hold()
    flight.send(c.Resume())
    assert flight.status() is RunStatus.DIAGNOSING
    assert isinstance(flight.run.next(), Diagnose)


def test_resume_takes_back_the_pause_after_a_single_step() -> None:
    flight = Flight().open()
    flight.send(c.StepOnce())
    flight.begin()
    flight.send(c.Resume())
    flight.run.end_step(PASSED)
    assert flight.status() is RunStatus.RUNNING


def test_single_steps_at_the_end_of_the_plan_conclude_the_run() -> None:
    flight = Flight(0).open()
    flight.send(c.Pause())
    flight.run.exhausted(1)
    assert flight.run.next() == Hold()
    flight.send(c.StepOnce())
    assert flight.run.next() == Conclude()


# Review


def test_in_review_mode_a_step_waits_for_approval() -> None:
    flight = Flight(mode="review").open()
    idea = flight.plan()
    assert flight.run.next() == Hold()
    flight.send(c.ApproveStep(proposal_id=idea.proposal_id))
    assert flight.run.next() == Perform(idea)


def test_approval_of_a_proposal_that_was_replaced_is_refused() -> None:
    flight = Flight(mode="review").open()
    stale = flight.plan()
    flight.instruct()
    flight.plan()
    with pytest.raises(InvalidTransition, match="replaced by another"):
        flight.send(c.ApproveStep(proposal_id=stale.proposal_id))
    assert flight.run.next() == Hold()


def test_in_auto_mode_there_is_nothing_to_approve() -> None:
    flight = Flight().open()
    flight.plan()
    with pytest.raises(InvalidTransition, match="waits for nobody's approval"):
        flight.send(c.ApproveStep())


@pytest.mark.parametrize("proposed", [True, False])
def test_step_in_review_mode_approves_one_step_only(proposed: bool) -> None:
    flight = Flight(mode="review").open()
    if proposed:
        flight.plan()
    flight.send(c.StepOnce())
    flight.do()
    assert flight.run.paused
    flight.send(c.Resume())
    flight.plan()
    assert flight.run.next() == Hold()


def test_a_pause_takes_back_the_approval_that_step_gave() -> None:
    flight = Flight(mode="review").open()
    flight.plan()
    flight.send(c.StepOnce())
    flight.send(c.Pause())
    flight.send(c.Resume())
    assert flight.run.next() == Hold()


# Instructions


def test_new_instructions_withdraw_the_proposal_and_refuse_late_answers() -> None:
    flight = Flight(mode="review").open()
    old = flight.plan()
    flight.instruct()
    assert flight.run.next() == Plan(2)
    assert not flight.run.propose(old, remaining=3)
    assert flight.run.view().proposal is None
    assert flight.told[-2:] == flight.run.log.since(flight.run.log.seq - 2)
    assert flight.kinds[-2:] == ["instructions_updated", "step_proposed"]


def test_how_many_steps_new_instructions_have_is_not_known_before_the_planner_tells() -> None:
    flight = Flight(3).open()
    flight.do()
    flight.instruct(length=5)
    assert flight.run.view().total_steps is None
    flight.plan()
    assert flight.run.view().total_steps == 6


def test_a_late_answer_for_an_entry_that_was_overridden_is_refused() -> None:
    flight = Flight().open()
    late = flight.idea()
    flight.override("pay")
    flight.do()
    assert not flight.run.propose(late, remaining=3)


@pytest.mark.parametrize("status", [PASSED, FAILED, SKIPPED])
def test_a_step_in_flight_is_not_diagnosed_once_the_instructions_have_changed(status: str) -> None:
    flight = Flight().open()
    flight.begin()
    flight.instruct()
    flight.run.end_step(FAILED if status == "failed" else PASSED, error="it is not there")
    assert flight.status() is RunStatus.RUNNING
    assert flight.run.next() == Plan(2)


def test_new_instructions_end_the_diagnosis_and_its_deadline() -> None:
    flight = Flight().open()
    flight.do(FAILED)
    flight.run.ask_help("it is gone", (flight.idea("near", source="repair"),))
    flight.instruct()
    flight.clock.pass_by(HELP)
    flight.run.tick()
    assert flight.run.next() == Plan(2)


def test_instructions_make_a_script_a_plain_run() -> None:
    flight = Flight(planner="script").open()
    flight.instruct("Buy a plum.")
    assert flight.run.view().planner == "plain"
    assert flight.run.view().instructions == "Buy a plum."
