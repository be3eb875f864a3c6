"""What is done before the plan's next step, what is expected all the same, and what is tried again."""

from __future__ import annotations

import pytest

from control.next_action import Diagnose, Finish, Plan
from control.protocol import commands as c
from control.protocol.models import RunStatus, RunView
from tests.control.run_scenarios import ADA, FAILED, HELP, SKIPPED, RunScenario, click, expect


def asked(length: int = 3, *, expects: int | None = None) -> RunScenario:
    """The first step has failed, and people are asked about it."""
    scenario = RunScenario(length, expects=expects).open()
    scenario.do(FAILED)
    scenario.run.ask_help("it is not there")
    return scenario


def failed_steps(scenario: RunScenario) -> int:
    return scenario.run.view().failed_steps


def wants_retry(scenario: RunScenario) -> bool:
    wanted = scenario.run.next_action()
    return isinstance(wanted, Diagnose) and wanted.retry


# Before the next step


def test_an_override_before_a_step_leaves_the_step_to_be_done() -> None:
    scenario = RunScenario().open()
    scenario.plan()
    scenario.override("x", "before")
    assert scenario.run.proposal is not None
    assert scenario.run.proposal.place == "before"
    step = scenario.do()
    assert (step.proposed, scenario.run.consumed) == (None, 0)
    for _ in range(3):
        scenario.do()
    assert scenario.done == ["#x passed", "#plan-1 passed", "#plan-2 passed", "#plan-3 passed"]


def test_it_is_one_step_more_than_was_planned() -> None:
    scenario = RunScenario().open()
    scenario.plan()
    assert scenario.run.view().total_steps == 3
    scenario.override("x", "before")
    scenario.do()
    assert scenario.run.view().total_steps == 4


def test_the_step_that_failed_is_tried_again_after_it() -> None:
    scenario = asked()
    scenario.override("x", "before")
    scenario.do()
    assert wants_retry(scenario)
    scenario.retry()
    step = scenario.do()
    assert step.note == "Tried again: step 1 had failed."
    assert scenario.done == ["#plan-1 failed", "#x passed", "#plan-1 passed"]
    assert (scenario.run.consumed, failed_steps(scenario)) == (1, 0)


def test_a_step_that_fails_again_needs_help_again() -> None:
    scenario = asked()
    scenario.override("x", "before")
    scenario.do()
    scenario.retry()
    scenario.do(FAILED)
    scenario.run.ask_help("still not there")
    assert scenario.status() is RunStatus.DIAGNOSING
    scenario.send(c.Resume())
    scenario.retry()
    scenario.do()
    assert scenario.done == ["#plan-1 failed", "#x passed", "#plan-1 passed"]


def test_an_override_that_fails_before_a_step_is_skipped_alone() -> None:
    scenario = asked()
    scenario.override("x", "before")
    scenario.do(FAILED)
    scenario.send(c.SkipStep())
    assert wants_retry(scenario)
    scenario.retry()
    scenario.do()
    assert scenario.plan().action == click("plan-2")
    assert (scenario.run.consumed, failed_steps(scenario)) == (1, 1)


def test_an_override_that_failed_after_the_last_step_is_counted() -> None:
    scenario = RunScenario(0).open()
    scenario.override("x", "before")
    scenario.do(FAILED)
    scenario.send(c.SkipStep())
    scenario.run.plan_exhausted(1)
    scenario.run.finish()
    assert (scenario.status(), failed_steps(scenario)) == (RunStatus.PASSED, 1)


def test_a_retry_that_is_interrupted_has_not_passed() -> None:
    scenario = asked()
    scenario.send(c.Resume())
    scenario.retry()
    scenario.begin()
    scenario.run.end_step(SKIPPED, error="interrupted")
    assert failed_steps(scenario) == 1
    scenario = asked()
    scenario.override("x", "before")
    scenario.do()
    scenario.retry()
    scenario.do(SKIPPED)
    assert failed_steps(scenario) == 1


def test_skip_of_an_override_before_a_step_leaves_the_step() -> None:
    scenario = RunScenario().open()
    scenario.send(c.Pause())
    scenario.plan()
    scenario.override("x", "before")
    scenario.send(c.SkipStep())
    assert scenario.run.consumed == 0
    assert scenario.plan().action == click("plan-1")


def test_new_instructions_forget_what_was_to_be_tried_again() -> None:
    scenario = asked()
    scenario.override("x", "before")
    scenario.begin()
    scenario.instruct()
    scenario.run.end_step(FAILED, error="it is not there")
    assert scenario.run.next_action() == Plan(2)
    scenario.do()
    assert scenario.run.consumed == 1


# Expectations


def test_an_override_does_not_remove_an_expectation_that_failed() -> None:
    scenario = asked(length=1, expects=1)
    scenario.override("x")
    assert scenario.run.proposal is not None
    assert scenario.run.proposal.place == "before"
    scenario.do()
    assert scenario.run.consumed == 0
    scenario.retry()
    step = scenario.do(FAILED)
    assert step.note == "Checked again: step 1 had failed."
    assert scenario.status() is RunStatus.DIAGNOSING
    scenario.retry()
    scenario.do()
    scenario.run.plan_exhausted(1)
    assert scenario.run.next_action() == Finish()
    assert scenario.done == ["#plan-1 failed", "#x passed", "#plan-1 passed"]
    assert failed_steps(scenario) == 1


def test_an_override_does_not_remove_an_expectation_that_is_proposed() -> None:
    scenario = RunScenario(expects=1).open()
    scenario.send(c.Pause())
    scenario.plan()
    scenario.override("x")
    scenario.send(c.StepOnce())
    scenario.do()
    assert scenario.plan().action == expect("plan-1")


def test_an_override_that_came_before_the_expectation_was_proposed_does_not_remove_it() -> None:
    scenario = RunScenario(expects=2).open()
    scenario.begin()
    scenario.override("x")
    scenario.run.end_step(SKIPPED)
    assert scenario.run.proposal is not None
    scenario.run.begin_step(scenario.run.proposal, expected=True)
    scenario.run.end_step(SKIPPED)
    assert scenario.plan().action == expect("plan-2")


def test_another_expectation_replaces_an_expectation() -> None:
    scenario = asked(expects=1)
    scenario.send(c.StepOverride(action=expect("other")))
    scenario.do()
    assert scenario.plan().action == click("plan-2")
    assert failed_steps(scenario) == 1


@pytest.mark.parametrize("said", [None, "done"])
def test_what_a_person_does_does_not_remove_an_expectation(said: c.FailedStep | None) -> None:
    scenario = asked(expects=1)
    scenario.take()
    scenario.run.record_human_step(click("a"))
    scenario.send(c.ReleaseControl(failed_step=said))
    assert wants_retry(scenario)


# Trying again


@pytest.mark.parametrize("commands", [[c.Resume()], [c.StepOnce()], [c.Pause(), c.Resume()]])
def test_what_people_were_asked_about_is_tried_again(commands: list[c.Command]) -> None:
    scenario = asked()
    for command in commands:
        scenario.send(command)
    assert wants_retry(scenario)
    scenario.retry()
    assert scenario.do().attempts == 2
    assert failed_steps(scenario) == 0


def test_in_a_review_it_is_tried_again_without_another_approval() -> None:
    scenario = RunScenario(mode="review").open()
    scenario.plan()
    scenario.send(c.ApproveStep())
    scenario.do(FAILED)
    scenario.run.ask_help("it is not there")
    scenario.send(c.Resume())
    scenario.retry()
    scenario.do()
    assert scenario.run.consumed == 1


@pytest.mark.parametrize("acts", [True, False])
def test_whoever_gives_control_back_says_whether_the_step_is_tried_again(acts: bool) -> None:
    scenario = asked()
    scenario.take()
    if acts:
        scenario.run.record_human_step(click("a"))
    scenario.send(c.ReleaseControl(failed_step="retry"))
    assert wants_retry(scenario)
    scenario.retry()
    step = scenario.do()
    assert (step.step_number, step.attempts) == ((3, 1) if acts else (1, 2))
    assert (scenario.run.consumed, failed_steps(scenario)) == (1, 0)


@pytest.mark.parametrize("acts", [True, False])
def test_whoever_gives_control_back_says_that_the_step_is_done(acts: bool) -> None:
    scenario = asked()
    scenario.take()
    if acts:
        scenario.run.record_human_step(click("a"))
    scenario.send(c.ReleaseControl(failed_step="done"))
    assert scenario.plan().action == click("plan-2")
    assert failed_steps(scenario) == 1


def test_what_becomes_of_a_step_is_of_no_account_where_none_has_failed() -> None:
    scenario = RunScenario().open()
    scenario.take()
    scenario.send(c.ReleaseControl(failed_step="done"))
    assert scenario.plan().action == click("plan-1")


# What a person is needed for


def test_the_time_stands_still_while_somebody_holds_control() -> None:
    scenario = asked()
    since = scenario.clock()
    attention = scenario.run.view().attention
    assert attention is not None
    assert (attention.reason, attention.since, attention.deadline) == ("it is not there", since, since + HELP)
    scenario.take()
    scenario.clock.pass_by(HELP)
    scenario.run.tick()
    attention = scenario.run.view().attention
    assert attention is not None
    assert (attention.since, attention.deadline) == (since, None)
    assert scenario.run.help_request is not None
    assert scenario.run.help_request.deadline is None
    scenario.send(c.ReleaseControl(), ADA)
    assert scenario.run.view().attention is None
    scenario.run.ask_help("it is still not there")
    attention = scenario.run.view().attention
    assert attention is not None
    assert attention.deadline == scenario.clock() + HELP


def test_an_approval_needs_a_person_without_a_deadline() -> None:
    scenario = RunScenario(mode="review").open()
    assert scenario.run.view().attention is None
    scenario.plan()
    attention = scenario.run.view().attention
    assert attention is not None
    assert attention.model_dump() == {
        "reason": "Approve the step: click #plan-1",
        "deadline": None,
        "since": scenario.clock(),
    }
    scenario.send(c.ApproveStep())
    assert scenario.run.view().attention is None


def test_a_run_of_an_older_version_has_neither_failed_steps_nor_attention() -> None:
    stored = RunScenario().run.view().dump()
    del stored["failedSteps"], stored["attention"]
    view = RunView.model_validate(stored)
    assert (view.failed_steps, view.attention) == (0, None)
