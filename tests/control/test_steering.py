"""What steering means: pause, step, override, skip, approve, instructions."""

from __future__ import annotations

import pytest

from control import commands as c
from control import events as e
from control.errors import InvalidTransition
from control.shapes import Action, ActionType, RunStatus, Source
from control.todo import Conclude, Diagnose, Hold, Perform, Plan
from control.upcoming import MAX_WAITING
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


# Override


def test_an_override_replaces_what_is_proposed_and_keeps_it_on_record() -> None:
    flight = Flight(mode="review").open()
    flight.plan()
    flight.override("pay")
    step = flight.do()
    assert (step.source, step.full_action, step.proposed) == (Source.OVERRIDE, click("pay"), click("plan-1"))
    assert flight.plan().action == click("plan-2")


def test_an_override_never_replaces_the_step_in_flight() -> None:
    flight = Flight().open()
    flight.begin()
    flight.override("pay")
    assert flight.run.proposal is None
    flight.run.end_step(PASSED)
    flight.do()
    assert flight.done == ["#plan-1 passed", "#pay passed"]
    assert flight.plan().action == click("plan-3")


def test_overrides_are_done_in_order_one_for_each_step() -> None:
    flight = Flight().open()
    for name in ("a", "b"):
        flight.override(name)
    flight.do()
    flight.do()
    flight.do()
    assert flight.done == ["#a passed", "#b passed", "#plan-3 passed"]
    assert flight.run.view().total_steps == 3


def test_an_override_while_paused_waits_for_the_run_to_go_on() -> None:
    flight = Flight().open()
    flight.send(c.Pause())
    flight.override("pay")
    assert flight.run.next() == Hold()
    flight.send(c.StepOnce())
    flight.do()
    assert flight.done == ["#pay passed"]
    assert flight.run.paused


def test_an_override_while_diagnosing_settles_the_step_that_failed() -> None:
    flight = Flight().open()
    flight.do(FAILED)
    flight.run.ask_help("it is gone", ())
    flight.override("pay")
    flight.clock.pass_by(HELP)
    flight.run.tick()
    flight.do()
    assert flight.status() is RunStatus.RUNNING
    assert flight.plan().action == click("plan-2")


def test_an_override_takes_the_place_of_a_suggestion() -> None:
    flight = Flight().open()
    flight.do(FAILED)
    flight.run.ask_help("it is gone", (flight.idea("near", source="repair"),))
    flight.override("pay")
    assert flight.do().proposed == click("near")
    assert flight.done == ["#plan-1 failed", "#pay passed"]


def test_an_override_that_fails_is_diagnosed_and_another_may_follow() -> None:
    flight = Flight().open()
    flight.override("a")
    flight.do(FAILED)
    assert flight.status() is RunStatus.DIAGNOSING
    flight.override("b")
    flight.do()
    assert flight.plan().action == click("plan-2")


def test_a_step_that_is_overridden_is_diagnosed_no_more() -> None:
    flight = Flight().open()
    flight.do(FAILED)
    flight.override("pay")
    flight.begin()
    assert flight.status() is RunStatus.RUNNING
    assert flight.told[-1].body == e.RunState(status=RunStatus.RUNNING, paused=False)


def test_an_override_at_the_end_of_the_plan_has_the_planner_look_again() -> None:
    flight = Flight(0).open()
    flight.send(c.Pause())
    flight.run.exhausted(1)
    flight.override("pay")
    flight.send(c.Resume())
    flight.do()
    assert flight.run.next() == Plan(1)


def test_an_override_outlives_a_change_of_instructions() -> None:
    flight = Flight().open()
    flight.send(c.Pause())
    flight.override("pay")
    flight.instruct()
    flight.send(c.Resume())
    assert flight.do().instructions_version == 2
    assert flight.done == ["#pay passed"]


def test_overrides_that_are_not_done_are_reported() -> None:
    flight = Flight().open()
    flight.send(c.Pause())
    for name in ("a", "b"):
        flight.override(name)
    flight.run.fail("the browser has gone")
    assert flight.dropped == [click("a"), click("b")]


def test_more_overrides_than_anybody_needs_are_refused() -> None:
    flight = Flight().open()
    flight.begin()
    for _ in range(MAX_WAITING):
        flight.override("pay")
    with pytest.raises(InvalidTransition, match="waiting already"):
        flight.override("pay")


# Skip


def test_a_skipped_step_is_on_record_and_the_next_one_follows() -> None:
    flight = Flight(mode="review").open()
    flight.plan()
    flight.send(c.SkipStep())
    assert flight.done == ["#plan-1 skipped"]
    assert flight.plan().action == click("plan-2")
    assert flight.run.view().total_steps == 3


def test_skip_while_a_step_is_done_is_refused() -> None:
    flight = Flight().open()
    flight.begin()
    with pytest.raises(InvalidTransition, match="a step is being done"):
        flight.send(c.SkipStep())


@pytest.mark.parametrize("suggest", [True, False])
def test_skip_while_diagnosing_goes_on_after_the_step_that_failed(suggest: bool) -> None:
    flight = Flight().open()
    flight.do(FAILED)
    flight.run.ask_help("it is gone", (flight.idea("near", source="repair"),) if suggest else ())
    flight.send(c.SkipStep())
    assert flight.status() is RunStatus.RUNNING
    assert flight.done == ["#plan-1 failed"]
    assert flight.plan().action == click("plan-2")


def test_a_skipped_override_is_reported_as_dropped_and_the_next_is_promoted() -> None:
    flight = Flight().open()
    flight.send(c.Pause())
    flight.override("a")
    flight.override("b")
    flight.send(c.SkipStep())
    assert flight.dropped == [click("a")]
    assert flight.run.proposal is not None
    assert flight.run.proposal.action == click("b")


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


def test_what_a_command_made_is_returned() -> None:
    flight = Flight().open()
    action = Action(type=ActionType.NAVIGATE, value="/cart")
    entries = flight.send(c.StepOverride(action=action))
    assert [type(entry.body) for entry in entries] == [e.StepOverrideQueued, e.StepProposed]
