"""Take-over: one holder at a time, and what becomes of the run meanwhile and afterwards."""

from __future__ import annotations

import pytest

from control import commands as c
from control import events as e
from control.errors import ControlHeld, Forbidden, InvalidTransition, NotFound, NotHolder
from control.shapes import Action, ActionType, RunStatus, Source
from control.todo import Conclude, Diagnose, Hold, Plan
from tests.control.flights import ADA, BOB, FAILED, GRACE, HELP, OWNER, SKIPPED, VIEWER, Flight, click


def test_the_run_is_paused_while_a_person_holds_control() -> None:
    flight = Flight().open()
    flight.plan()
    flight.take()
    assert flight.run.view().status is RunStatus.PAUSED
    assert flight.run.view().control.holder is not None
    assert flight.run.proposal is None
    assert flight.run.next() == Hold()
    assert not flight.run.propose(flight.idea(), remaining=3)
    flight.send(c.ReleaseControl())
    assert flight.run.next() == Plan(1)


def test_one_holder_at_a_time() -> None:
    flight = Flight().open()
    flight.take(ADA)
    with pytest.raises(ControlHeld, match="Ada holds control"):
        flight.send(c.TakeControl(), BOB)
    with pytest.raises(Forbidden):
        flight.send(c.TakeControl(force=True), BOB)
    flight.run.join(OWNER)
    flight.send(c.TakeControl(force=True), OWNER)
    with pytest.raises(NotHolder, match="Olga holds control"):
        flight.send(c.Input(kind="move"), ADA)
    with pytest.raises(NotHolder):
        flight.send(c.ReleaseControl(), ADA)


def test_a_step_that_take_over_interrupts_is_never_repeated() -> None:
    flight = Flight().open()
    flight.begin()
    flight.take()
    flight.run.end_step(SKIPPED, error="interrupted: Ada took control")
    assert flight.run.next() == Hold()
    flight.send(c.ReleaseControl())
    assert flight.plan().action == click("plan-2")


def test_what_a_person_does_is_recorded_and_the_plan_goes_on() -> None:
    flight = Flight().open()
    flight.take()
    step = flight.run.human_step(click("cookies"), url="https://shop.example/")
    assert step is not None
    assert (step.source, step.status, step.description) == (Source.HUMAN, "passed", "click #cookies")
    flight.send(c.ReleaseControl())
    assert flight.plan().action == click("plan-1")
    assert flight.run.view().total_steps == 4


def test_an_action_that_goes_on_takes_the_place_of_the_last() -> None:
    flight = Flight().open()
    flight.take()
    flight.run.human_step(Action(type=ActionType.TYPE, selector="#name", value="A"))
    flight.run.human_step(Action(type=ActionType.TYPE, selector="#name", value="Ada"), merges=True)
    assert [(step.step_number, step.value) for step in flight.run.steps] == [(1, "Ada")]


def test_an_action_never_merges_with_a_step_of_the_plan() -> None:
    flight = Flight().open()
    flight.do()
    flight.take()
    flight.run.human_step(click("a"), merges=True)
    assert flight.done == ["#plan-1 passed", "#a passed"]


@pytest.mark.parametrize("acts", [True, False])
def test_what_a_person_does_settles_the_step_that_failed(acts: bool) -> None:
    flight = Flight().open()
    flight.do(FAILED)
    flight.take()
    if acts:
        flight.run.human_step(click("a"))
    flight.send(c.ReleaseControl())
    if acts:
        assert flight.plan().action == click("plan-2")
    else:
        assert isinstance(flight.run.next(), Diagnose)


def test_what_was_done_before_a_hand_over_counts() -> None:
    flight = Flight().open()
    flight.do(FAILED)
    flight.take(ADA)
    flight.run.human_step(click("a"))
    flight.run.join(OWNER)
    flight.send(c.TakeControl(force=True), OWNER)
    flight.send(c.ReleaseControl(), OWNER)
    assert flight.plan().action == click("plan-2")


def test_what_was_done_in_an_earlier_take_over_does_not_count() -> None:
    flight = Flight().open()
    flight.take()
    flight.run.human_step(click("a"))
    flight.send(c.ReleaseControl())
    flight.do(FAILED)
    flight.take(BOB)
    flight.send(c.ReleaseControl(), BOB)
    assert flight.status() is RunStatus.DIAGNOSING


def test_the_planner_looks_afresh_even_if_it_had_nothing_left() -> None:
    flight = Flight(0).open()
    flight.send(c.Pause())
    flight.run.exhausted(1)
    flight.take()
    flight.send(c.ReleaseControl())
    flight.send(c.Resume())
    assert flight.run.next() == Plan(1)
    flight.run.exhausted(1)
    assert flight.run.next() == Conclude()


def test_an_override_waits_for_the_end_of_the_take_over() -> None:
    flight = Flight().open()
    flight.plan()
    flight.override("a")
    flight.override("b")
    flight.take()
    flight.override("c")
    flight.send(c.ReleaseControl())
    first = flight.do()
    assert first.proposed == click("plan-1")
    flight.do()
    flight.do()
    assert flight.done == ["#a passed", "#b passed", "#c passed"]


def test_a_pause_outlives_the_take_over() -> None:
    flight = Flight().open()
    flight.send(c.Pause())
    flight.take()
    flight.send(c.ReleaseControl())
    assert flight.status() is RunStatus.PAUSED


def test_the_wait_for_help_stops_while_a_person_holds_control() -> None:
    flight = Flight().open()
    flight.do(FAILED)
    flight.run.ask_help("it is gone", ())
    flight.take()
    flight.clock.pass_by(HELP * 2)
    flight.run.tick()
    assert flight.status() is RunStatus.PAUSED


# Coming and going


def test_hand_over() -> None:
    flight = Flight().open()
    flight.take(ADA)
    flight.run.join(BOB)
    flight.send(c.ReleaseControl(to=BOB.viewer_id), ADA)
    holder = flight.run.view().control.holder
    assert holder is not None
    assert holder.name == "Bob"
    assert flight.run.paused


@pytest.mark.parametrize("heir", [VIEWER.viewer_id, BOB.viewer_id])
def test_control_goes_only_to_a_controller_who_is_there(heir: str) -> None:
    flight = Flight().open()
    flight.take(ADA)
    flight.run.join(VIEWER)
    with pytest.raises(NotFound):
        flight.send(c.ReleaseControl(to=heir), ADA)


def test_control_cannot_be_handed_to_oneself() -> None:
    flight = Flight().open()
    flight.take(ADA)
    with pytest.raises(InvalidTransition):
        flight.send(c.ReleaseControl(to=ADA.viewer_id), ADA)


def test_a_holder_who_comes_back_in_time_keeps_control() -> None:
    flight = Flight().open()
    flight.take()
    flight.run.leave(ADA.viewer_id)
    assert flight.run.next() == Hold(flight.clock.now + GRACE)
    flight.run.tick()
    flight.run.join(ADA)
    flight.clock.pass_by(GRACE)
    flight.run.tick()
    assert flight.run.view().control.holder is not None


def test_a_holder_who_stays_away_loses_control() -> None:
    flight = Flight().open()
    flight.take()
    flight.run.leave(ADA.viewer_id)
    flight.clock.pass_by(GRACE)
    flight.run.tick()
    assert flight.run.next() == Plan(1)
    changes = [entry.body for entry in flight.told if isinstance(entry.body, e.ControlChanged)]
    assert [change.holder is None for change in changes] == [False, False, True]
    assert changes[1].grace_until is not None


def test_grace_runs_while_the_interrupted_step_is_still_stopping() -> None:
    flight = Flight().open()
    flight.begin()
    flight.take()
    flight.run.leave(ADA.viewer_id)
    assert flight.run.next() == Hold(flight.clock.now + GRACE)


def test_a_second_connection_keeps_the_holder_there() -> None:
    flight = Flight().open()
    flight.take()
    flight.run.join(ADA)
    flight.run.leave(ADA.viewer_id)
    assert flight.run.next() == Hold()
    assert flight.run.view().viewers == 1


def test_control_taken_without_a_connection_ends_after_the_grace_period() -> None:
    flight = Flight().open()
    flight.send(c.TakeControl())
    flight.clock.pass_by(GRACE)
    flight.run.tick()
    assert flight.run.view().control.holder is None


def test_control_ends_with_the_run() -> None:
    flight = Flight().open()
    flight.take()
    flight.send(c.Cancel(), BOB)
    assert flight.run.view().control.holder is None
    assert flight.kinds[-3:] == ["control_changed", "run_state", "run_finished"]
    assert flight.run.human_step(click("a")) is None


def test_input_that_becomes_known_after_the_release_is_recorded_and_looked_at() -> None:
    flight = Flight(mode="review").open()
    flight.take()
    flight.send(c.ReleaseControl())
    flight.plan()
    flight.run.human_step(click("late"))
    assert flight.plan().step_number == 2
