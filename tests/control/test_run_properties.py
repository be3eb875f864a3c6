"""What holds of a run whatever people, planner, browser and clock do, in any order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from control.errors import Refused
from control.event_log import Entry
from control.next_action import Diagnose, Finish, Perform, Plan, Wait
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import Proposal, RunStatus, Source, StepStatus
from control.roles import Actor
from tests.control.run_scenarios import ADA, BOB, FAILED, OWNER, PASSED, SKIPPED, VIEWER, RunScenario, click
from tests.fuzz.example_budget import inputs

ACTORS = st.sampled_from([ADA, BOB, OWNER])
COMMANDS = st.sampled_from(
    [
        c.Pause(),
        c.Resume(),
        c.StepOnce(),
        c.SkipStep(),
        c.ApproveStep(),
        c.ApproveStep(proposal_id="replaced long ago"),
        c.TakeControl(),
        c.TakeControl(force=True),
        c.RequestControl(),
        c.ReleaseControl(),
        c.ReleaseControl(to=BOB.viewer_id),
        c.Input(kind="move"),
        c.ReplayStep(step_number=1),
        c.Ping(),
    ]
)
AFTER_THE_END = {"viewers", "run_finished"}


class Steered(RuleBasedStateMachine):
    """Random commands and facts; a session that may be late with every answer."""

    @initialize(
        length=st.integers(0, 4),
        mode=st.sampled_from(["auto", "review"]),
        looks_ahead=st.booleans(),
        open=st.booleans(),
    )
    def begin(self, length: int, mode: str, looks_ahead: bool, open: bool) -> None:
        self.scenario = RunScenario(length, mode="review" if mode == "review" else "auto", looks_ahead=looks_ahead)
        self.run = self.scenario.run
        self.second: list[Entry] = []
        self.run.log.listen(self.answer_dispatch)
        self.run.log.listen(self.second.append)
        self.run.log.listen(self.check_state_event)
        self.queued: list[Action] = []
        self.done: list[Action] = []
        self.late: list[Proposal] = []
        self.dispatched: set[str] = set()
        self.consumed = 0
        self.may_begin: int | None = None
        """Steps that may still be begun since a single one was asked for; None where any number may."""
        self.suggested: set[str] = set()
        self.approved: set[str] = set()
        self.known = False
        """Does the run know how many steps are planned?"""
        if open:
            self.scenario.open()
            self.known = True

    def check_state_event(self, entry: Entry) -> None:
        if isinstance(entry.body, e.RunState):
            view = self.run.view()
            assert (view.status, view.paused) == (entry.body.status, entry.body.paused)

    def answer_dispatch(self, entry: Entry) -> None:
        """A listener that gets a step may have something to add to it at once."""
        if isinstance(entry.body, e.TestStep) and entry.body.step.reasoning is None:
            self.run.amend_step(entry.body.step.step_number, reasoning="it is next")

    # People

    def send(self, command: c.Command, actor: Actor) -> bool:
        """Done, or refused with a reason and nothing changed."""
        before, seq, next_action = self.run.view(), self.run.log.seq, self.run.next_action()
        shown = {before.proposal.proposal_id} if before.proposal else set()
        try:
            entries = self.scenario.send(command, actor)
        except Refused:
            assert (self.run.view(), self.run.log.seq, self.run.next_action()) == (before, seq, next_action)
            return False
        assert [entry.seq for entry in entries] == list(range(seq + 1, self.run.log.seq + 1))
        self.note(command, shown)
        return True

    def note(self, command: c.Command, shown: set[str]) -> None:
        match command:
            case c.StepOnce():
                self.may_begin = 1
                self.approved |= shown
            case c.ApproveStep():
                self.approved |= shown
            case c.Pause():
                self.may_begin = None
                self.approved -= shown
            case c.Resume():
                self.may_begin = None

    @rule(command=COMMANDS, actor=ACTORS)
    def steer(self, command: c.Command, actor: Actor) -> None:
        self.send(command, actor)

    @rule(command=COMMANDS)
    def a_viewer_steers_nothing(self, command: c.Command) -> None:
        assert not self.send(command, VIEWER) or command.type in {"ping", "replay_step"}

    @rule(actor=ACTORS)
    def override(self, actor: Actor) -> None:
        action = click(f"override-{len(self.queued) + 1}")
        if self.send(c.StepOverride(action=action), actor):
            self.queued.append(action)

    @rule(length=st.integers(0, 3))
    def instruct(self, length: int) -> None:
        if not self.run.final and self.run.status not in {RunStatus.QUEUED, RunStatus.STARTING}:
            self.scenario.instruct(length=length)
            self.scenario.base += self.run.in_flight is not None
            self.known = False

    @precondition(lambda self: len(self.scenario.published) > 40)
    @rule(actor=ACTORS)
    def cancel(self, actor: Actor) -> None:
        self.send(c.Cancel(), actor)

    @rule(actor=st.sampled_from([ADA, BOB, OWNER, VIEWER]), comes=st.booleans())
    def come_or_go(self, actor: Actor, comes: bool) -> None:
        if comes:
            self.run.join(actor)
        else:
            self.run.leave(actor.viewer_id)

    # The session

    def asks(self, *kinds: type) -> bool:
        return isinstance(self.run.next_action(), kinds)

    @rule()
    def start(self) -> None:
        self.run.start()

    @rule()
    def ready(self) -> None:
        if self.run.status is RunStatus.STARTING:
            self.known = True
        self.run.ready(self.scenario.remaining)

    @precondition(lambda self: self.asks(Plan))
    @rule()
    def ask_planner(self) -> None:
        self.known = True
        if self.scenario.remaining:
            self.scenario.plan()
        else:
            self.run.plan_exhausted(self.run.planning.version)

    @precondition(lambda self: self.asks(Plan))
    @rule()
    def planner_takes_its_time(self) -> None:
        self.late.append(self.scenario.idea())

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def late_answer(self, data: st.DataObject) -> None:
        idea = data.draw(st.sampled_from(self.late))
        if self.run.propose(idea, remaining=self.scenario.remaining):
            assert idea.instructions_version == self.run.planning.version
            assert idea.action == click(f"plan-{self.run.consumed - self.scenario.base + 1}")
            self.known = True

    @precondition(lambda self: self.asks(Plan))
    @rule()
    def planner_is_stuck(self) -> None:
        self.run.planner_stuck("no button is called 'Pay'", self.run.planning.version)
        assert not self.asks(Plan)

    @rule(version=st.integers(1, 3))
    def late_news(self, version: int) -> None:
        """What is not asked for changes nothing."""
        if not self.asks(Plan) and not (self.run.paused and self.run.proposal is None):
            view, seq = self.run.view(), self.run.log.seq
            self.run.planner_stuck("late", version)
            self.run.plan_exhausted(version)
            assert (self.run.view(), self.run.log.seq) == (view, seq)
        if not self.asks(Diagnose):
            seq = self.run.log.seq
            self.run.ask_help("late", (self.scenario.idea("near", source="repair"),))
            assert self.run.log.seq == seq

    @precondition(lambda self: self.asks(Diagnose))
    @rule(how=st.sampled_from(["retry", "other", "suggest", "suggest", "help"]))
    def diagnose(self, how: str) -> None:
        next_action = self.run.next_action()
        if how == "retry" and isinstance(next_action, Diagnose) and next_action.failed_step is not None:
            self.scenario.retry()
            self.known = True
        elif how == "other":
            assert self.run.propose(self.scenario.idea("other", source="repair"), remaining=None)
        else:
            suggestions = (self.scenario.idea("near", source="repair"),) if how == "suggest" else ()
            self.suggested |= {suggestion.proposal_id for suggestion in suggestions}
            self.run.ask_help("the button is gone", suggestions)
            assert self.run.next_action() == Wait(self.scenario.clock.now + timedelta(minutes=2))

    @precondition(lambda self: self.asks(Perform))
    @rule()
    def dispatch(self) -> None:
        next_action = self.run.next_action()
        assert isinstance(next_action, Perform)
        assert not self.run.paused
        assert self.run.view().control.holder is None
        assert self.run.in_flight is None
        proposal = next_action.proposal
        assert proposal.proposal_id not in self.dispatched
        self.dispatched.add(proposal.proposal_id)
        if proposal.source == "override":
            self.done.append(proposal.action)
        else:
            self.check_leave_to(proposal)
        if self.may_begin is not None:
            assert self.may_begin == 1
            self.may_begin = 0
        step = self.run.begin_step(proposal)
        assert step.full_action == proposal.action
        assert step.status is StepStatus.RUNNING

    def check_leave_to(self, proposal: Proposal) -> None:
        """What the planner wants done is of today, and approved where that is needed."""
        assert proposal.instructions_version == self.run.planning.version
        suggested = proposal.proposal_id in self.suggested
        if suggested or (self.run.spec.mode == "review" and self.may_begin != 1):
            assert proposal.proposal_id in self.approved

    @precondition(lambda self: self.run.in_flight)
    @rule(status=st.sampled_from([PASSED, FAILED]))
    def land(self, status: StepStatus) -> None:
        assert self.run.in_flight is not None
        version = self.run.in_flight.instructions_version
        if self.run.view().control.holder is not None:
            status = SKIPPED
        self.run.end_step(status, error=None if status is PASSED else "it is not there")
        assert self.run.end_step(PASSED) is None
        if status is FAILED and version != self.run.planning.version:
            self.scenario.base -= 1
        if self.may_begin == 0:
            assert self.run.paused
            self.may_begin = None

    @precondition(lambda self: self.run.steps and not self.run.in_flight)
    @rule()
    def screenshot_comes(self) -> None:
        number = len(self.run.steps)
        assert self.run.amend_step(number, screenshot_url="after.jpg").screenshot_url == "after.jpg"

    @precondition(lambda self: self.run.control_lease.holder)
    @rule(merges=st.booleans())
    def person_acts(self, merges: bool) -> None:
        step = self.run.record_human_step(click("by-hand"), merges=merges)
        assert step is not None
        assert step.source is Source.HUMAN

    @rule(seconds=st.sampled_from([1, 25, 130]))
    def time_passes(self, seconds: int) -> None:
        self.scenario.clock.pass_by(timedelta(seconds=seconds))
        waits = self.asks(Wait)
        over = self.run.final
        self.run.tick()
        assert self.run.final == over or waits

    @rule()
    def conclude(self) -> None:
        conclude = self.asks(Finish)
        before = self.run.status
        self.run.finish()
        assert self.run.status is (RunStatus.PASSED if conclude else before)

    # What always holds

    @invariant()
    def status_is_what_was_told(self) -> None:
        published = [entry.body for entry in self.scenario.published if isinstance(entry.body, e.RunState)]
        view = self.run.view()
        if published:
            assert (published[-1].status, published[-1].paused) == (view.status, view.paused)
        else:
            assert (view.status, view.paused) == (RunStatus.QUEUED, False)

    @invariant()
    def one_order_without_gaps(self) -> None:
        assert [entry.seq for entry in self.scenario.published] == list(range(1, self.run.log.seq + 1))
        assert self.second == self.scenario.published

    @invariant()
    def at_most_one_step_in_flight(self) -> None:
        running = [step for step in self.run.steps if step.status is StepStatus.RUNNING]
        assert running == ([self.run.in_flight] if self.run.in_flight else [])
        assert [step.step_number for step in self.run.steps] == list(range(1, len(self.run.steps) + 1))

    @invariant()
    def overrides_are_done_once_or_reported(self) -> None:
        dropped = self.scenario.dropped
        assert len(self.done) == len(set(map(str, self.done)))
        settled = [*self.done, *dropped]
        assert len(settled) == len(set(map(str, settled)))
        if self.run.final:
            assert {str(action) for action in settled} == {str(action) for action in self.queued}
        assert self.done == [action for action in self.queued if action in self.done]

    @invariant()
    def nothing_is_asked_for_in_vain(self) -> None:
        next_action = self.run.next_action()
        if self.run.paused:
            assert isinstance(next_action, Wait | Plan)
        if isinstance(next_action, Perform):
            assert next_action.proposal == self.run.proposal

    @invariant()
    def someone_can_always_go_on(self) -> None:
        """A run that is neither paused nor held nor doing a step waits for a person only if it says so."""
        if self.run.final or self.run.paused or self.run.in_flight or self.run.status in {"queued", "starting"}:
            return
        next_action = self.run.next_action()
        if isinstance(next_action, Wait):
            assert next_action.until is not None or self.run.proposal is not None
            if next_action.until is None:
                assert self.run.spec.mode == "review"

    @invariant()
    def the_plan_moves_forward_only(self) -> None:
        assert self.run.consumed >= self.consumed
        self.consumed = self.run.consumed

    @invariant()
    def total_is_what_is_done_and_still_planned(self) -> None:
        view = self.run.view()
        if self.run.final:
            assert view.total_steps == len(self.run.steps)
        elif self.known:
            diagnosis = self.run.diagnosis
            begun = bool(self.run.in_flight or (diagnosis and diagnosis.failed_step))
            assert view.total_steps == len(self.run.steps) + max(0, self.scenario.remaining - begun)

    @invariant()
    def one_end(self) -> None:
        finished = [at for at, kind in enumerate(self.scenario.kinds) if kind == "run_finished"]
        assert len(finished) == (1 if self.run.final else 0)
        if finished:
            assert set(self.scenario.kinds[finished[0] :]) <= AFTER_THE_END

    def teardown(self) -> None:
        """Whatever has happened, the run can be ended, once."""
        if hasattr(self, "scenario"):
            self.run.cancel()
            self.run.fail("too late")
            self.one_end()
            self.overrides_are_done_once_or_reported()


def test_whatever_happens() -> None:
    run_state_machine_as_test(Steered, settings=settings(inputs(200), stateful_step_count=60))
