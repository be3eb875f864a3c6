"""Override and skip: what is done in place of the next step, and what is left out."""

from __future__ import annotations

import pytest

from control import commands as c
from control import events as e
from control.errors import InvalidTransition
from control.shapes import Action, ActionType, RunStatus, Source
from control.todo import Hold, Plan
from control.upcoming import MAX_WAITING
from tests.control.flights import FAILED, HELP, PASSED, Flight, click


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


def test_what_a_command_made_is_returned() -> None:
    flight = Flight().open()
    action = Action(type=ActionType.NAVIGATE, value="/cart")
    entries = flight.send(c.StepOverride(action=action))
    assert [type(entry.body) for entry in entries] == [e.StepOverrideQueued, e.StepProposed]
