"""Take-over: one holder at a time, and what becomes of the run meanwhile and afterwards."""

from __future__ import annotations

import pytest

from control.errors import ControlHeld, Forbidden, InvalidTransition, NotFound, NotHolder
from control.next_action import Diagnose, Finish, Plan, Wait
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action, ActionType
from control.protocol.models import Holder, RunStatus, Source
from tests.control.run_scenarios import ADA, BOB, FAILED, GRACE, HELP, OWNER, SKIPPED, VIEWER, RunScenario, click


def test_the_run_is_paused_while_a_person_holds_control() -> None:
    scenario = RunScenario().open()
    scenario.plan()
    scenario.take()
    assert scenario.run.view().status is RunStatus.PAUSED
    assert scenario.run.view().control.holder is not None
    assert scenario.run.proposal is None
    assert scenario.run.next_action() == Wait()
    assert not scenario.run.propose(scenario.idea(), remaining=3)
    scenario.send(c.ReleaseControl())
    assert scenario.run.next_action() == Plan(1)


def test_one_holder_at_a_time() -> None:
    scenario = RunScenario().open()
    scenario.take(ADA)
    with pytest.raises(ControlHeld, match="Ada holds control"):
        scenario.send(c.TakeControl(), BOB)
    with pytest.raises(Forbidden):
        scenario.send(c.TakeControl(force=True), BOB)
    scenario.run.join(OWNER)
    scenario.send(c.TakeControl(force=True), OWNER)
    with pytest.raises(NotHolder, match="Olga holds control"):
        scenario.send(c.Input(kind="move"), ADA)
    with pytest.raises(NotHolder):
        scenario.send(c.ReleaseControl(), ADA)


def test_a_step_that_take_over_interrupts_is_never_repeated() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    scenario.take()
    scenario.run.end_step(SKIPPED, error="interrupted: Ada took control")
    assert scenario.run.next_action() == Wait()
    scenario.send(c.ReleaseControl())
    assert scenario.plan().action == click("plan-2")


def test_what_a_person_does_is_recorded_and_the_plan_goes_on() -> None:
    scenario = RunScenario().open()
    scenario.take()
    step = scenario.run.record_human_step(click("cookies"), url="https://shop.example/")
    assert step is not None
    assert (step.source, step.status, step.description) == (Source.HUMAN, "passed", "click #cookies")
    scenario.send(c.ReleaseControl())
    assert scenario.plan().action == click("plan-1")
    assert scenario.run.view().total_steps == 4


def test_an_action_that_goes_on_takes_the_place_of_the_last() -> None:
    scenario = RunScenario().open()
    scenario.take()
    scenario.run.record_human_step(Action(type=ActionType.TYPE, selector="#name", value="A"))
    scenario.run.record_human_step(Action(type=ActionType.TYPE, selector="#name", value="Ada"), merges=True)
    assert [(step.step_number, step.value) for step in scenario.run.steps] == [(1, "Ada")]


def test_an_action_never_merges_with_a_step_of_the_plan() -> None:
    scenario = RunScenario().open()
    scenario.do()
    scenario.take()
    scenario.run.record_human_step(click("a"), merges=True)
    assert scenario.done == ["#plan-1 passed", "#a passed"]


@pytest.mark.parametrize("acts", [True, False])
def test_what_a_person_does_settles_the_step_that_failed(acts: bool) -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.take()
    if acts:
        scenario.run.record_human_step(click("a"))
    scenario.send(c.ReleaseControl())
    if acts:
        assert scenario.plan().action == click("plan-2")
    else:
        assert isinstance(scenario.run.next_action(), Diagnose)


def test_what_was_done_before_a_hand_over_counts() -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.take(ADA)
    scenario.run.record_human_step(click("a"))
    scenario.run.join(OWNER)
    scenario.send(c.TakeControl(force=True), OWNER)
    scenario.send(c.ReleaseControl(), OWNER)
    assert scenario.plan().action == click("plan-2")


def test_what_was_done_in_an_earlier_take_over_does_not_count() -> None:
    scenario = RunScenario().open()
    scenario.take()
    scenario.run.record_human_step(click("a"))
    scenario.send(c.ReleaseControl())
    scenario.do(FAILED)
    scenario.take(BOB)
    scenario.send(c.ReleaseControl(), BOB)
    assert scenario.status() is RunStatus.DIAGNOSING


def test_the_planner_looks_afresh_even_if_it_had_nothing_left() -> None:
    scenario = RunScenario(0).open()
    scenario.send(c.Pause())
    scenario.run.plan_exhausted(1)
    scenario.take()
    scenario.send(c.ReleaseControl())
    scenario.send(c.Resume())
    assert scenario.run.next_action() == Plan(1)
    scenario.run.plan_exhausted(1)
    assert scenario.run.next_action() == Finish()


def test_an_override_waits_for_the_end_of_the_take_over() -> None:
    scenario = RunScenario().open()
    scenario.plan()
    scenario.override("a")
    scenario.override("b")
    scenario.take()
    scenario.override("c")
    scenario.send(c.ReleaseControl())
    first = scenario.do()
    assert first.proposed == click("plan-1")
    scenario.do()
    scenario.do()
    assert scenario.done == ["#a passed", "#b passed", "#c passed"]


def test_a_pause_outlives_the_take_over() -> None:
    scenario = RunScenario().open()
    scenario.send(c.Pause())
    scenario.take()
    scenario.send(c.ReleaseControl())
    assert scenario.status() is RunStatus.PAUSED


def test_the_wait_for_help_stops_while_a_person_holds_control() -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.run.ask_help("it is gone", ())
    scenario.take()
    scenario.clock.pass_by(HELP * 2)
    scenario.run.tick()
    assert scenario.status() is RunStatus.PAUSED


# Coming and going


def test_hand_over() -> None:
    scenario = RunScenario().open()
    scenario.take(ADA)
    scenario.run.join(BOB)
    scenario.send(c.ReleaseControl(to=BOB.viewer_id), ADA)
    holder = scenario.run.view().control.holder
    assert holder is not None
    assert holder.name == "Bob"
    assert scenario.run.paused


@pytest.mark.parametrize("heir", [VIEWER.viewer_id, BOB.viewer_id])
def test_control_goes_only_to_a_controller_who_is_there(heir: str) -> None:
    scenario = RunScenario().open()
    scenario.take(ADA)
    scenario.run.join(VIEWER)
    with pytest.raises(NotFound):
        scenario.send(c.ReleaseControl(to=heir), ADA)


def test_control_cannot_be_handed_to_oneself() -> None:
    scenario = RunScenario().open()
    scenario.take(ADA)
    with pytest.raises(InvalidTransition):
        scenario.send(c.ReleaseControl(to=ADA.viewer_id), ADA)


def test_a_holder_who_comes_back_in_time_keeps_control() -> None:
    scenario = RunScenario().open()
    scenario.take()
    scenario.run.leave(ADA.viewer_id)
    assert scenario.run.next_action() == Wait(scenario.clock.now + GRACE)
    scenario.run.tick()
    scenario.run.join(ADA)
    scenario.clock.pass_by(GRACE)
    scenario.run.tick()
    assert scenario.run.view().control.holder is not None


def test_a_holder_who_stays_away_loses_control() -> None:
    scenario = RunScenario().open()
    scenario.take()
    scenario.run.leave(ADA.viewer_id)
    scenario.clock.pass_by(GRACE)
    scenario.run.tick()
    assert scenario.run.next_action() == Plan(1)
    changes = [entry.body for entry in scenario.published if isinstance(entry.body, e.ControlChanged)]
    assert [change.holder is None for change in changes] == [False, False, True]
    assert changes[1].grace_until is not None


def test_grace_runs_while_the_interrupted_step_is_still_stopping() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    scenario.take()
    scenario.run.leave(ADA.viewer_id)
    assert scenario.run.next_action() == Wait(scenario.clock.now + GRACE)


def test_a_second_connection_keeps_the_holder_there() -> None:
    scenario = RunScenario().open()
    scenario.take()
    scenario.run.join(ADA)
    scenario.run.leave(ADA.viewer_id)
    assert scenario.run.next_action() == Wait()
    assert scenario.run.view().viewers == 1


def test_control_taken_without_a_connection_ends_after_the_grace_period() -> None:
    scenario = RunScenario().open()
    scenario.send(c.TakeControl())
    scenario.clock.pass_by(GRACE)
    scenario.run.tick()
    assert scenario.run.view().control.holder is None


def test_control_ends_with_the_run() -> None:
    scenario = RunScenario().open()
    scenario.take()
    scenario.send(c.Cancel(), BOB)
    assert scenario.run.view().control.holder is None
    assert scenario.kinds[-3:] == ["control_changed", "run_state", "run_finished"]
    assert scenario.run.record_human_step(click("a")) is None


def test_input_that_becomes_known_after_the_release_is_recorded_and_looked_at() -> None:
    scenario = RunScenario(mode="review").open()
    scenario.take()
    scenario.send(c.ReleaseControl())
    scenario.plan()
    scenario.run.record_human_step(click("late"))
    assert scenario.plan().step_number == 2


def test_who_asks_for_control_is_seen_and_may_be_given_it() -> None:
    scenario = RunScenario().open()
    scenario.take(ADA)
    scenario.run.join(BOB)
    for _ in range(2):
        scenario.send(c.RequestControl(), BOB)
    bob = Holder(viewer_id=BOB.viewer_id, name=BOB.name)
    assert scenario.run.view().control.requests == (bob,)
    assert [each.requests for each in control_changes(scenario)] == [(), (bob,)]
    scenario.send(c.ReleaseControl(to=BOB.viewer_id), ADA)
    control = scenario.run.view().control
    assert (control.holder, control.requests) == (bob, ())


@pytest.mark.parametrize("over", ["the one who asks leaves", "control ends"])
def test_nobody_asks_any_more_once_they_are_gone_or_control_is_free(over: str) -> None:
    scenario = RunScenario().open()
    scenario.take(ADA)
    scenario.run.join(BOB)
    scenario.send(c.RequestControl(), BOB)
    if over == "control ends":
        scenario.send(c.ReleaseControl(), ADA)
    else:
        scenario.run.leave(BOB.viewer_id)
    assert scenario.run.view().control.requests == ()
    assert control_changes(scenario)[-1].requests == ()


def test_only_what_another_one_holds_can_be_asked_for() -> None:
    scenario = RunScenario().open()
    with pytest.raises(InvalidTransition, match="nobody holds control: take it"):
        scenario.send(c.RequestControl(), BOB)
    scenario.take(ADA)
    with pytest.raises(InvalidTransition, match="you hold control already"):
        scenario.send(c.RequestControl(), ADA)


def control_changes(scenario: RunScenario) -> list[e.ControlChanged]:
    return [entry.body for entry in scenario.published if isinstance(entry.body, e.ControlChanged)]
