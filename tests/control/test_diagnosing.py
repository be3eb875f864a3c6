"""A step that fails, or that the planner cannot find: looked at again, repaired, or helped with before a deadline."""

from __future__ import annotations

import pytest

from control import commands as c
from control import events as e
from control.errors import InvalidTransition
from control.shapes import RunStatus
from control.todo import Conclude, Diagnose, Hold, Perform, Plan
from tests.control.flights import FAILED, HELP, PASSED, Flight, click


def failed() -> Flight:
    flight = Flight().open()
    flight.do(FAILED)
    return flight


def asked(*suggestions: str) -> Flight:
    flight = failed()
    flight.run.ask_help("the button is gone", tuple(flight.idea(name, source="repair") for name in suggestions))
    return flight


def test_a_step_that_fails_is_looked_at_again() -> None:
    flight = failed()
    reason = "step 1 (click #plan-1) failed: it is not there"
    assert flight.run.next() == Diagnose(reason, flight.run.steps[0], 1)
    assert flight.status() is RunStatus.DIAGNOSING
    assert flight.run.view().total_steps == 3


def test_a_retry_is_another_attempt_of_the_same_step() -> None:
    flight = failed()
    flight.retry()
    flight.begin()
    assert flight.status() is RunStatus.DIAGNOSING
    step = flight.run.end_step(PASSED)
    assert step is not None
    assert (step.step_number, step.attempts, step.error) == (1, 2, None)
    assert flight.status() is RunStatus.RUNNING
    assert flight.plan().action == click("plan-2")


def test_another_way_is_a_step_of_its_own_for_the_same_entry() -> None:
    flight = failed()
    assert flight.run.propose(flight.idea("near", source="repair"), remaining=None)
    flight.do()
    assert flight.done == ["#plan-1 failed", "#near passed"]
    assert flight.run.view().total_steps == 4
    assert flight.plan().action == click("plan-2")


def test_attempts_are_counted_over_repairs_of_any_kind() -> None:
    flight = failed()
    for attempt, name in enumerate(("near", "plan-1", "near"), start=2):
        assert flight.run.propose(flight.idea(name, source="repair"), remaining=None)
        flight.do(FAILED)
        todo = flight.run.next()
        assert isinstance(todo, Diagnose)
        assert todo.attempt == attempt


def test_a_planner_that_finds_no_step_is_diagnosed() -> None:
    flight = Flight().open()
    flight.run.stuck("no button is called 'Pay'", 1)
    assert flight.run.next() == Diagnose("no button is called 'Pay'", None, 1)
    flight.send(c.SkipStep())
    assert flight.plan().action == click("plan-2")
    assert flight.run.view().total_steps == 2


def test_news_of_an_older_version_is_passed_over() -> None:
    flight = Flight().open()
    flight.instruct()
    flight.run.stuck("late", 1)
    flight.run.exhausted(1)
    assert flight.run.next() == Plan(2)


def test_nothing_follows_the_planners_last_word() -> None:
    flight = Flight(0).open()
    flight.run.exhausted(1)
    flight.run.stuck("late", 1)
    assert flight.run.next() == Conclude()


def test_a_repair_of_what_is_settled_is_refused() -> None:
    flight = failed()
    repair = flight.idea("near", source="repair")
    flight.send(c.SkipStep())
    assert not flight.run.propose(repair, remaining=None)


def test_people_are_asked_for_help_until_a_deadline() -> None:
    flight = asked()
    deadline = flight.clock.now + HELP
    assert flight.told[-1].body == e.HelpNeeded(reason="the button is gone", deadline=deadline)
    assert flight.run.next() == Hold(deadline)
    flight.clock.pass_by(HELP)
    flight.run.tick()
    assert flight.status() is RunStatus.FAILED
    assert flight.run.view().error == "the button is gone"


def test_a_suggestion_is_done_only_when_it_is_approved() -> None:
    flight = asked("near", "nearer")
    assert flight.run.next() == Hold(flight.clock.now + HELP)
    flight.send(c.ApproveStep())
    assert flight.run.next() == Perform(flight.run.proposal) if flight.run.proposal else False
    flight.do()
    assert flight.done == ["#plan-1 failed", "#near passed"]


def test_an_approval_in_the_last_moment_counts() -> None:
    flight = asked("near")
    flight.send(c.ApproveStep())
    flight.clock.pass_by(HELP)
    flight.run.tick()
    assert isinstance(flight.run.next(), Perform)


def test_step_does_the_suggestion() -> None:
    flight = asked("near")
    flight.send(c.StepOnce())
    flight.do()
    assert flight.run.paused


def test_a_suggestion_is_not_done_because_a_single_step_was_asked_for_before() -> None:
    flight = Flight().open()
    flight.send(c.StepOnce())
    flight.run.stuck("no button is called 'Pay'", 1)
    flight.run.ask_help("near matches", (flight.idea("near", source="repair"),))
    assert isinstance(flight.run.next(), Hold)
    flight.send(c.StepOnce())
    assert isinstance(flight.run.next(), Perform)


def test_a_suggestion_made_from_older_instructions_is_not_shown() -> None:
    flight = Flight().open()
    flight.instruct()
    flight.do(FAILED)
    flight.run.ask_help("it is gone", (flight.idea("near", source="repair", version=1),))
    assert flight.run.proposal is None


@pytest.mark.parametrize("suggestions", [(), ("near",)])
def test_a_pause_stops_the_deadline_and_resume_looks_again(suggestions: tuple[str, ...]) -> None:
    flight = asked(*suggestions)
    flight.send(c.Pause())
    assert flight.run.next() == Hold()
    flight.clock.pass_by(HELP)
    flight.run.tick()
    assert flight.status() is RunStatus.PAUSED
    flight.send(c.Resume())
    todo = flight.run.next()
    assert isinstance(todo, Diagnose)
    assert todo.attempt == 1


def test_a_suggestion_that_was_approved_while_paused_is_done_on_resume() -> None:
    flight = asked("near")
    flight.send(c.Pause())
    flight.send(c.ApproveStep())
    flight.send(c.Resume())
    assert isinstance(flight.run.next(), Perform)


def test_step_while_help_is_awaited_looks_again() -> None:
    flight = asked()
    flight.send(c.StepOnce())
    assert isinstance(flight.run.next(), Diagnose)


def stuck() -> Flight:
    """A flight whose planner has found no step, so that people are asked."""
    flight = Flight().open()
    flight.run.stuck("the model did not answer", 1)
    flight.run.ask_help("the model did not answer")
    return flight


@pytest.mark.parametrize(
    "commands", [[c.Resume()], [c.StepOnce()], [c.Pause(), c.Resume()], [c.TakeControl(), c.ReleaseControl()]]
)
def test_a_planner_that_found_no_step_is_asked_again(commands: list[c.Command]) -> None:
    flight = stuck()
    for command in commands:
        flight.send(command)
    assert flight.run.next() == Plan(1)
    assert flight.status() is RunStatus.RUNNING
    flight.do()
    assert flight.done == ["#plan-1 passed"]


def test_resume_looks_again_while_help_is_awaited() -> None:
    flight = asked("near")
    flight.send(c.Resume())
    assert flight.run.proposal is None
    assert isinstance(flight.run.next(), Diagnose)
    with pytest.raises(InvalidTransition, match="the run is not paused"):
        flight.send(c.Resume())


# Facts that come too late, and the end


def test_a_run_that_was_cancelled_is_not_started_again() -> None:
    flight = Flight()
    flight.send(c.Cancel())
    flight.open()
    assert flight.status() is RunStatus.CANCELLED
    assert flight.kinds == ["run_state", "run_finished"]


def test_the_end_closes_the_step_in_flight() -> None:
    flight = Flight().open()
    flight.begin()
    flight.run.fail("the browser has gone")
    assert flight.run.steps[0].status == "skipped"
    assert flight.run.end_step(PASSED) is None
    assert flight.run.view().total_steps == 1
    with pytest.raises(InvalidTransition):
        flight.run.begin_step(flight.idea())


def test_a_screenshot_that_comes_after_the_end_is_kept_and_not_told() -> None:
    flight = Flight().open()
    flight.do()
    flight.run.cancel()
    flight.run.amend_step(1, screenshot_url="/1.jpg")
    assert flight.run.step(1).screenshot_url == "/1.jpg"
    assert flight.kinds[-1] == "run_finished"


def test_a_screenshot_of_the_step_in_flight_is_kept() -> None:
    flight = Flight().open()
    flight.begin()
    flight.run.amend_step(1, before_screenshot_url="/0.jpg")
    step = flight.run.end_step(PASSED)
    assert step is not None
    assert step.before_screenshot_url == "/0.jpg"


def test_the_first_end_is_the_only_one() -> None:
    flight = Flight().open()
    flight.run.fail("the browser has gone")
    flight.run.cancel()
    flight.run.fail("again")
    flight.run.conclude()
    flight.run.tick()
    assert flight.kinds.count("run_finished") == 1
    assert flight.run.view().error == "the browser has gone"
