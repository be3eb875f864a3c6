"""A step that fails, or that the planner cannot find: looked at again, repaired, or helped with before a deadline."""

from __future__ import annotations

import pytest

from control.errors import InvalidTransition
from control.next_action import Diagnose, Finish, Perform, Plan, Wait
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import RunStatus
from tests.control.run_scenarios import FAILED, HELP, PASSED, RunScenario, click


def failed() -> RunScenario:
    scenario = RunScenario().open()
    scenario.do(FAILED)
    return scenario


def asked(*suggestions: str) -> RunScenario:
    scenario = failed()
    scenario.run.ask_help("the button is gone", tuple(scenario.idea(name, source="repair") for name in suggestions))
    return scenario


def test_a_step_that_fails_is_looked_at_again() -> None:
    scenario = failed()
    reason = "step 1 (click #plan-1) failed: it is not there"
    assert scenario.run.next_action() == Diagnose(reason, scenario.run.steps[0], 1)
    assert scenario.status() is RunStatus.DIAGNOSING
    assert scenario.run.view().total_steps == 3


def test_a_retry_is_another_attempt_of_the_same_step() -> None:
    scenario = failed()
    scenario.retry()
    scenario.begin()
    assert scenario.status() is RunStatus.DIAGNOSING
    step = scenario.run.end_step(PASSED)
    assert step is not None
    assert (step.step_number, step.attempts, step.error) == (1, 2, None)
    assert scenario.status() is RunStatus.RUNNING
    assert scenario.plan().action == click("plan-2")


def test_another_way_is_a_step_of_its_own_for_the_same_entry() -> None:
    scenario = failed()
    assert scenario.run.propose(scenario.idea("near", source="repair"), remaining=None)
    scenario.do()
    assert scenario.done == ["#plan-1 failed", "#near passed"]
    assert scenario.run.view().total_steps == 4
    assert scenario.plan().action == click("plan-2")


def test_attempts_are_counted_over_repairs_of_any_kind() -> None:
    scenario = failed()
    for attempt, name in enumerate(("near", "plan-1", "near"), start=2):
        assert scenario.run.propose(scenario.idea(name, source="repair"), remaining=None)
        scenario.do(FAILED)
        next_action = scenario.run.next_action()
        assert isinstance(next_action, Diagnose)
        assert next_action.attempt == attempt


def test_a_planner_that_finds_no_step_is_diagnosed() -> None:
    scenario = RunScenario().open()
    scenario.run.planner_stuck("no button is called 'Pay'", 1)
    assert scenario.run.next_action() == Diagnose("no button is called 'Pay'", None, 1)
    scenario.send(c.SkipStep())
    assert scenario.plan().action == click("plan-2")
    assert scenario.run.view().total_steps == 2


def test_news_of_an_older_version_is_passed_over() -> None:
    scenario = RunScenario().open()
    scenario.instruct()
    scenario.run.planner_stuck("late", 1)
    scenario.run.plan_exhausted(1)
    assert scenario.run.next_action() == Plan(2)


def test_nothing_follows_the_planners_last_word() -> None:
    scenario = RunScenario(0).open()
    scenario.run.plan_exhausted(1)
    scenario.run.planner_stuck("late", 1)
    assert scenario.run.next_action() == Finish()


def test_a_repair_of_what_is_settled_is_refused() -> None:
    scenario = failed()
    repair = scenario.idea("near", source="repair")
    scenario.send(c.SkipStep())
    assert not scenario.run.propose(repair, remaining=None)


def test_people_are_asked_for_help_until_a_deadline() -> None:
    scenario = asked()
    deadline = scenario.clock.now + HELP
    assert scenario.published[-1].body == e.HelpNeeded(reason="the button is gone", deadline=deadline)
    assert scenario.run.next_action() == Wait(deadline)
    scenario.clock.pass_by(HELP)
    scenario.run.tick()
    assert scenario.status() is RunStatus.FAILED
    assert scenario.run.view().error == "the button is gone"


def test_a_suggestion_is_done_only_when_it_is_approved() -> None:
    scenario = asked("near", "nearer")
    assert scenario.run.next_action() == Wait(scenario.clock.now + HELP)
    scenario.send(c.ApproveStep())
    assert scenario.run.next_action() == Perform(scenario.run.proposal) if scenario.run.proposal else False
    scenario.do()
    assert scenario.done == ["#plan-1 failed", "#near passed"]


def test_an_approval_in_the_last_moment_counts() -> None:
    scenario = asked("near")
    scenario.send(c.ApproveStep())
    scenario.clock.pass_by(HELP)
    scenario.run.tick()
    assert isinstance(scenario.run.next_action(), Perform)


def test_step_does_the_suggestion() -> None:
    scenario = asked("near")
    scenario.send(c.StepOnce())
    scenario.do()
    assert scenario.run.paused


def test_a_suggestion_is_not_done_because_a_single_step_was_asked_for_before() -> None:
    scenario = RunScenario().open()
    scenario.send(c.StepOnce())
    scenario.run.planner_stuck("no button is called 'Pay'", 1)
    scenario.run.ask_help("near matches", (scenario.idea("near", source="repair"),))
    assert isinstance(scenario.run.next_action(), Wait)
    scenario.send(c.StepOnce())
    assert isinstance(scenario.run.next_action(), Perform)


def test_a_suggestion_made_from_older_instructions_is_not_shown() -> None:
    scenario = RunScenario().open()
    scenario.instruct()
    scenario.do(FAILED)
    scenario.run.ask_help("it is gone", (scenario.idea("near", source="repair", version=1),))
    assert scenario.run.proposal is None


@pytest.mark.parametrize("suggestions", [(), ("near",)])
def test_a_pause_stops_the_deadline_and_resume_looks_again(suggestions: tuple[str, ...]) -> None:
    scenario = asked(*suggestions)
    scenario.send(c.Pause())
    assert scenario.run.next_action() == Wait()
    scenario.clock.pass_by(HELP)
    scenario.run.tick()
    assert scenario.status() is RunStatus.PAUSED
    scenario.send(c.Resume())
    next_action = scenario.run.next_action()
    assert isinstance(next_action, Diagnose)
    assert next_action.attempt == 1


def test_a_suggestion_that_was_approved_while_paused_is_done_on_resume() -> None:
    scenario = asked("near")
    scenario.send(c.Pause())
    scenario.send(c.ApproveStep())
    scenario.send(c.Resume())
    assert isinstance(scenario.run.next_action(), Perform)


def test_step_while_help_is_awaited_looks_again() -> None:
    scenario = asked()
    scenario.send(c.StepOnce())
    assert isinstance(scenario.run.next_action(), Diagnose)


def stuck() -> RunScenario:
    """A scenario whose planner has found no step, so that people are asked."""
    scenario = RunScenario().open()
    scenario.run.planner_stuck("the model did not answer", 1)
    scenario.run.ask_help("the model did not answer")
    return scenario


@pytest.mark.parametrize(
    "commands", [[c.Resume()], [c.StepOnce()], [c.Pause(), c.Resume()], [c.TakeControl(), c.ReleaseControl()]]
)
def test_a_planner_that_found_no_step_is_asked_again(commands: list[c.Command]) -> None:
    scenario = stuck()
    for command in commands:
        scenario.send(command)
    assert scenario.run.next_action() == Plan(1)
    assert scenario.status() is RunStatus.RUNNING
    scenario.do()
    assert scenario.done == ["#plan-1 passed"]


def test_resume_looks_again_while_help_is_awaited() -> None:
    scenario = asked("near")
    scenario.send(c.Resume())
    assert scenario.run.proposal is None
    assert isinstance(scenario.run.next_action(), Diagnose)
    with pytest.raises(InvalidTransition, match="the run is not paused"):
        scenario.send(c.Resume())


# Facts that come too late, and the end


def test_a_run_that_was_cancelled_is_not_started_again() -> None:
    scenario = RunScenario()
    scenario.send(c.Cancel())
    scenario.open()
    assert scenario.status() is RunStatus.CANCELLED
    assert scenario.kinds == ["run_state", "run_finished"]


def test_the_end_closes_the_step_in_flight() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    scenario.run.fail("the browser has gone")
    assert scenario.run.steps[0].status == "skipped"
    assert scenario.run.end_step(PASSED) is None
    assert scenario.run.view().total_steps == 1
    with pytest.raises(InvalidTransition):
        scenario.run.begin_step(scenario.idea())


def test_a_screenshot_that_comes_after_the_end_is_kept_and_not_told() -> None:
    scenario = RunScenario().open()
    scenario.do()
    scenario.run.cancel()
    scenario.run.amend_step(1, screenshot_url="/1.jpg")
    assert scenario.run.step(1).screenshot_url == "/1.jpg"
    assert scenario.kinds[-1] == "run_finished"


def test_a_screenshot_of_the_step_in_flight_is_kept() -> None:
    scenario = RunScenario().open()
    scenario.begin()
    scenario.run.amend_step(1, before_screenshot_url="/0.jpg")
    step = scenario.run.end_step(PASSED)
    assert step is not None
    assert step.before_screenshot_url == "/0.jpg"


def test_the_first_end_is_the_only_one() -> None:
    scenario = RunScenario().open()
    scenario.run.fail("the browser has gone")
    scenario.run.cancel()
    scenario.run.fail("again")
    scenario.run.finish()
    scenario.run.tick()
    assert scenario.kinds.count("run_finished") == 1
    assert scenario.run.view().error == "the browser has gone"
