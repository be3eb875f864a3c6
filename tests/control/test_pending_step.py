"""Override and skip: what is done in place of the next step, and what is left out."""

from __future__ import annotations

import pytest

from control.errors import InvalidTransition
from control.next_action import Plan, Wait
from control.pending_step import MAX_WAITING
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action, ActionType
from control.protocol.models import RunStatus, Source
from tests.control.run_scenarios import FAILED, HELP, PASSED, RunScenario, click


def test_an_override_replaces_what_is_proposed_and_keeps_it_on_record() -> None:
    scenario = RunScenario(mode="review").open()
    scenario.plan()
    scenario.override("pay")
    step = scenario.do()
    assert (step.source, step.full_action, step.proposed) == (Source.OVERRIDE, click("pay"), click("plan-1"))
    assert scenario.plan().action == click("plan-2")


def test_an_override_never_replaces_the_step_in_flight() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    scenario.override("pay")
    assert scenario.run.proposal is None
    scenario.run.end_step(PASSED)
    scenario.do()
    assert scenario.done == ["#plan-1 passed", "#pay passed"]
    assert scenario.plan().action == click("plan-3")


def test_overrides_are_done_in_order_one_for_each_step() -> None:
    scenario = RunScenario().open()
    for name in ("a", "b"):
        scenario.override(name)
    scenario.do()
    scenario.do()
    scenario.do()
    assert scenario.done == ["#a passed", "#b passed", "#plan-3 passed"]
    assert scenario.run.view().total_steps == 3


def test_an_override_while_paused_waits_for_the_run_to_go_on() -> None:
    scenario = RunScenario().open()
    scenario.send(c.Pause())
    scenario.override("pay")
    assert scenario.run.next_action() == Wait()
    scenario.send(c.StepOnce())
    scenario.do()
    assert scenario.done == ["#pay passed"]
    assert scenario.run.paused


def test_an_override_while_diagnosing_settles_the_step_that_failed() -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.run.ask_help("it is gone", ())
    scenario.override("pay")
    scenario.clock.pass_by(HELP)
    scenario.run.tick()
    scenario.do()
    assert scenario.status() is RunStatus.RUNNING
    assert scenario.plan().action == click("plan-2")


def test_an_override_takes_the_place_of_a_suggestion() -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.run.ask_help("it is gone", (scenario.idea("near", source="repair"),))
    scenario.override("pay")
    assert scenario.do().proposed == click("near")
    assert scenario.done == ["#plan-1 failed", "#pay passed"]


def test_an_override_that_fails_is_diagnosed_and_another_may_follow() -> None:
    scenario = RunScenario().open()
    scenario.override("a")
    scenario.do(FAILED)
    assert scenario.status() is RunStatus.DIAGNOSING
    scenario.override("b")
    scenario.do()
    assert scenario.plan().action == click("plan-2")


def test_a_step_that_is_overridden_is_diagnosed_no_more() -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.override("pay")
    scenario.begin()
    assert scenario.status() is RunStatus.RUNNING
    assert scenario.published[-1].body == e.RunState(status=RunStatus.RUNNING, paused=False)


def test_an_override_at_the_end_of_the_plan_has_the_planner_look_again() -> None:
    scenario = RunScenario(0).open()
    scenario.send(c.Pause())
    scenario.run.plan_exhausted(1)
    scenario.override("pay")
    scenario.send(c.Resume())
    scenario.do()
    assert scenario.run.next_action() == Plan(1)


def test_an_override_outlives_a_change_of_instructions() -> None:
    scenario = RunScenario().open()
    scenario.send(c.Pause())
    scenario.override("pay")
    scenario.instruct()
    scenario.send(c.Resume())
    assert scenario.do().instructions_version == 2
    assert scenario.done == ["#pay passed"]


def test_overrides_that_are_not_done_are_reported() -> None:
    scenario = RunScenario().open()
    scenario.send(c.Pause())
    for name in ("a", "b"):
        scenario.override(name)
    scenario.run.fail("the browser has gone")
    assert scenario.dropped == [click("a"), click("b")]


def test_more_overrides_than_anybody_needs_are_refused() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    for _ in range(MAX_WAITING):
        scenario.override("pay")
    with pytest.raises(InvalidTransition, match="waiting already"):
        scenario.override("pay")


# Skip


def test_a_skipped_step_is_on_record_and_the_next_one_follows() -> None:
    scenario = RunScenario(mode="review").open()
    scenario.plan()
    scenario.send(c.SkipStep())
    assert scenario.done == ["#plan-1 skipped"]
    assert scenario.plan().action == click("plan-2")
    assert scenario.run.view().total_steps == 3


def test_skip_while_a_step_is_done_is_refused() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    with pytest.raises(InvalidTransition, match="a step is being done"):
        scenario.send(c.SkipStep())


@pytest.mark.parametrize("suggest", [True, False])
def test_skip_while_diagnosing_goes_on_after_the_step_that_failed(suggest: bool) -> None:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    scenario.run.ask_help("it is gone", (scenario.idea("near", source="repair"),) if suggest else ())
    scenario.send(c.SkipStep())
    assert scenario.status() is RunStatus.RUNNING
    assert scenario.done == ["#plan-1 failed"]
    assert scenario.plan().action == click("plan-2")


def test_a_skipped_override_is_reported_as_dropped_and_the_next_is_promoted() -> None:
    scenario = RunScenario().open()
    scenario.send(c.Pause())
    scenario.override("a")
    scenario.override("b")
    scenario.send(c.SkipStep())
    assert scenario.dropped == [click("a")]
    assert scenario.run.proposal is not None
    assert scenario.run.proposal.action == click("b")


def test_what_a_command_made_is_returned() -> None:
    scenario = RunScenario().open()
    action = Action(type=ActionType.NAVIGATE, value="/cart")
    entries = scenario.send(c.StepOverride(action=action))
    assert [type(entry.body) for entry in entries] == [e.StepOverrideQueued, e.StepProposed]
