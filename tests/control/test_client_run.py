"""A run whose steps are a client's calls: when they pass, when they wait, and what becomes of one that has failed."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from control.client_run import ClientRun
from control.errors import InvalidTransition, ProtocolError
from control.next_action import Diagnose, Plan, Wait
from control.protocol import commands as c
from control.protocol.actions import Action, ActionType
from control.protocol.models import AttachedClient, AttachedRun, AttachedTest, Mode, Proposal, RunStatus, SessionRef
from tests.control.run_scenarios import ADA, GRACE, VIEWER, FakeClock, click


class ClientScenario:
    """A run that is going, with a clock of its own and perhaps somebody at the page of its session."""

    def __init__(self, mode: Mode = "auto") -> None:
        ids = (f"proposal-{number}" for number in count(1))
        self.clock = FakeClock()
        self.elsewhere = False
        spec = AttachedRun(
            mode=mode, client=AttachedClient(kind="playwright"), session=SessionRef(id="s1", name="pytest")
        )
        self.run = ClientRun(
            spec,
            run_id="run-1",
            new_id=lambda: next(ids),
            describe=lambda action: str(action.type),
            clock=self.clock,
            grace=GRACE,
            attended_elsewhere=lambda: self.elsewhere,
        )
        self.run.start()
        self.run.ready(None)

    def send(self, command: c.Command) -> None:
        self.run.apply(command, ADA)

    def fail(self, name: str = "pay") -> int:
        """A call goes ahead and fails; returns its step's number."""
        step = self.run.begin_call(click(name), description=f"Click {name}", location=None)
        self.run.end_call(step.step_number, "Timeout")
        return step.step_number

    def kept(self) -> int:
        """A call has failed, and is kept from the client."""
        number = self.fail()
        assert self.run.keep_failure(number)
        return number

    def call(self, name: str = "pay") -> Proposal:
        """The next call, as it is proposed where people hold it."""
        number = len(self.run.steps) + 1
        return Proposal(proposal_id=f"call-{number}", step_number=number, action=click(name), description=name)

    def asked(self) -> int:
        """People were asked what to do about a call that has failed."""
        number = self.kept()
        self.run.ask_help("there is no such button")
        assert self.run.help_request is not None
        return number


def test_calls_go_ahead_beside_each_other() -> None:
    scenario = ClientScenario()
    first = scenario.run.begin_call(click("a"), description="Click a", location=None)
    second = scenario.run.begin_call(click("b"), description="Click b", location=None)
    assert scenario.run.calls_pass
    scenario.run.end_call(second.step_number, None)
    scenario.run.end_call(first.step_number, "Timeout")
    assert [step.status for step in scenario.run.steps] == ["failed", "passed"]
    assert scenario.run.status is RunStatus.RUNNING


def test_people_hold_calls_by_a_pause_and_by_control() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.send(c.Pause())
    assert not scenario.run.calls_pass
    scenario.send(c.Resume())
    assert scenario.run.calls_pass
    scenario.send(c.TakeControl())
    assert not scenario.run.calls_pass


def test_a_review_holds_calls_only_while_somebody_is_there() -> None:
    scenario = ClientScenario("review")
    assert scenario.run.calls_pass
    scenario.elsewhere = True
    assert not scenario.run.calls_pass


def test_viewers_hold_nothing() -> None:
    scenario = ClientScenario()
    scenario.run.join(VIEWER)
    assert not scenario.run.attended
    scenario.run.join(ADA)
    assert scenario.run.attended


def test_a_kept_failure_is_looked_at_and_tried_again_when_people_say_so() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.asked()
    assert scenario.run.status is RunStatus.DIAGNOSING
    scenario.send(c.Resume())
    wanted = scenario.run.next_action()
    assert isinstance(wanted, Diagnose)
    assert (wanted.retry, wanted.expired) == (True, False)


def test_only_one_failure_is_looked_at_at_a_time() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.kept()
    assert not scenario.run.keep_failure(scenario.fail("other"))


def test_when_the_time_is_up_the_failure_is_given_up_and_the_run_goes_on() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    number = scenario.asked()
    scenario.clock.pass_by(timedelta(minutes=2))
    scenario.run.tick()
    wanted = scenario.run.next_action()
    assert isinstance(wanted, Diagnose)
    assert wanted.expired
    scenario.run.give_up()
    assert (scenario.run.status, scenario.run.step(number).status) == (RunStatus.RUNNING, "failed")
    assert isinstance(scenario.run.next_action(), Plan)


def test_nothing_is_held_once_everybody_has_been_gone_for_a_while() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.asked()
    scenario.run.leave(ADA.viewer_id)
    assert scenario.run.attended
    assert scenario.run.next_action() == Wait(scenario.clock() + GRACE)
    scenario.clock.pass_by(GRACE)
    scenario.run.tick()
    assert not scenario.run.attended
    wanted = scenario.run.next_action()
    assert isinstance(wanted, Diagnose)
    assert wanted.expired


def test_a_pause_ends_with_the_last_who_may_steer() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.send(c.Pause())
    scenario.run.leave(ADA.viewer_id)
    scenario.clock.pass_by(GRACE)
    scenario.run.tick()
    assert scenario.run.calls_pass


def test_a_person_who_acted_by_hand_says_whether_the_call_is_done() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.asked()
    scenario.send(c.TakeControl())
    scenario.run.record_human_step(click("banner"))
    scenario.send(c.ReleaseControl())
    assert scenario.run.status is RunStatus.DIAGNOSING
    scenario.run.ask_help("there is no such button")
    scenario.send(c.SkipStep())
    assert str(scenario.run.status) == "running"


def test_a_call_done_otherwise_says_what_it_was_done_in_place_of() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    number = scenario.asked()
    scenario.send(c.StepOverride(action=click("pay-now")))
    proposal = scenario.run.proposal
    assert proposal is not None
    step = scenario.run.begin_step(proposal)
    assert (step.step_number, step.proposed) == (number + 1, scenario.run.step(number).full_action)


def test_its_steps_are_its_client_s_to_change() -> None:
    scenario = ClientScenario()
    with pytest.raises(InvalidTransition, match="come from its own test"):
        scenario.send(c.UpdateInstructions(instructions="Click a"))
    with pytest.raises(ProtocolError, match="only an attached client makes a 'call'"):
        scenario.send(c.StepOverride(action=Action(type=ActionType.CALL, value="Tap")))


def test_it_ends_as_its_client_says_and_leaves_no_call_running() -> None:
    scenario = ClientScenario()
    scenario.run.identify(AttachedTest(title="test_pays"))
    scenario.run.begin_call(click("a"), description="Click a", location=None)
    scenario.run.conclude("AssertionError")
    view = scenario.run.view()
    assert (view.status, view.error, view.test and view.test.title) == ("failed", "AssertionError", "test_pays")
    assert view.steps[0].status == "skipped"
    scenario.run.conclude(None)
    assert scenario.run.status is RunStatus.FAILED


def test_a_call_that_is_taken_back_is_neither_proposed_nor_asked_about() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.asked()
    scenario.run.withdraw_call()
    assert (scenario.run.status, scenario.run.proposal) == (RunStatus.RUNNING, None)
    scenario.send(c.Pause())
    assert scenario.run.propose(scenario.call(), remaining=None)
    scenario.run.withdraw_call()
    assert scenario.run.proposal is None


def test_a_proposal_of_a_call_that_was_taken_back_meanwhile_comes_too_late() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.send(c.Pause())
    late = scenario.call()
    scenario.run.withdraw_call()
    assert not scenario.run.propose(late, remaining=None)
    assert scenario.run.propose(late, remaining=None)


def test_an_override_stays_when_the_call_that_it_replaces_is_taken_back() -> None:
    scenario = ClientScenario()
    scenario.run.join(ADA)
    scenario.send(c.Pause())
    assert scenario.run.propose(scenario.call(), remaining=None)
    scenario.send(c.StepOverride(action=click("other")))
    scenario.run.withdraw_call()
    assert scenario.run.proposal is not None
    assert scenario.run.proposal.source == "override"
