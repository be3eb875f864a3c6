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

from control import commands as c
from control import events as e
from control.errors import Refused
from control.log import Entry
from control.roles import Actor
from control.shapes import Action, Proposal, RunStatus, Source, StepStatus
from control.todo import Conclude, Diagnose, Hold, Perform, Plan
from tests.control.flights import ADA, BOB, FAILED, OWNER, PASSED, SKIPPED, VIEWER, Flight, click

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
        self.flight = Flight(length, mode="review" if mode == "review" else "auto", looks_ahead=looks_ahead)
        self.run = self.flight.run
        self.second: list[Entry] = []
        self.run.log.listen(self.second.append)
        self.run.log.listen(self.check_state_event)
        self.queued: list[Action] = []
        self.done: list[Action] = []
        self.late: list[Proposal] = []
        self.dispatched: set[str] = set()
        self.consumed = 0
        self.single_steps = 0
        self.known = False
        """Does the run know how many steps are planned?"""
        if open:
            self.flight.open()
            self.known = True

    def check_state_event(self, entry: Entry) -> None:
        if isinstance(entry.body, e.RunState):
            view = self.run.view()
            assert (view.status, view.paused) == (entry.body.status, entry.body.paused)

    # People

    def send(self, command: c.Command, actor: Actor) -> bool:
        """Done, or refused with a reason and nothing changed."""
        before, seq, todo = self.run.view(), self.run.log.seq, self.run.next()
        try:
            entries = self.flight.send(command, actor)
        except Refused:
            assert (self.run.view(), self.run.log.seq, self.run.next()) == (before, seq, todo)
            return False
        assert [entry.seq for entry in entries] == list(range(seq + 1, self.run.log.seq + 1))
        return True

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
            self.flight.instruct(length=length)
            self.flight.base += self.run.in_flight is not None
            self.known = False

    @precondition(lambda self: len(self.flight.told) > 30)
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

    @rule()
    def open(self) -> None:
        if self.run.status is RunStatus.QUEUED:
            self.run.start()
        elif self.run.status == "starting":
            self.run.ready(self.flight.remaining)
            self.known = True

    @rule(keep=st.booleans())
    def ask_planner(self, keep: bool) -> None:
        """The planner answers now, or its answer comes late."""
        todo = self.run.next()
        if not isinstance(todo, Plan):
            return
        if self.flight.remaining == 0:
            self.run.exhausted(todo.version)
            self.known = True
            return
        idea = self.flight.idea(version=todo.version)
        if keep:
            self.late.append(idea)
            return
        assert self.run.propose(idea, remaining=self.flight.remaining)
        self.known = True

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def late_answer(self, data: st.DataObject) -> None:
        idea = data.draw(st.sampled_from(self.late))
        if self.run.propose(idea, remaining=self.flight.remaining):
            assert idea.instructions_version == self.run.version
            assert idea.action == click(f"plan-{self.run.consumed - self.flight.base + 1}")
            self.known = True

    @rule(version=st.integers(1, 3))
    def planner_is_stuck(self, version: int) -> None:
        if isinstance(self.run.next(), Plan) or version != self.run.version:
            self.run.stuck("no button is called 'Pay'", version)

    @rule(how=st.sampled_from(["retry", "other", "suggest", "help"]))
    def diagnose(self, how: str) -> None:
        todo = self.run.next()
        if not isinstance(todo, Diagnose):
            self.run.ask_help("late", (self.flight.idea("near", source="repair"),))
            return
        if how == "retry" and todo.step is not None:
            self.flight.retry()
            self.known = True
        elif how == "other":
            assert self.run.propose(self.flight.idea("other", source="repair"), remaining=None)
        else:
            suggestions = (self.flight.idea("near", source="repair"),) if how == "suggest" else ()
            self.run.ask_help("the button is gone", suggestions)
            assert self.run.next() == Hold(self.flight.clock.now + timedelta(minutes=2))

    @rule()
    def dispatch(self) -> None:
        todo = self.run.next()
        if not isinstance(todo, Perform):
            return
        assert not self.run.paused
        assert self.run.view().control.holder is None
        assert self.run.in_flight is None
        proposal = todo.proposal
        assert proposal.proposal_id not in self.dispatched
        self.dispatched.add(proposal.proposal_id)
        if proposal.source == "override":
            self.done.append(proposal.action)
        else:
            assert proposal.instructions_version == self.run.version
        step = self.run.begin_step(proposal)
        assert step.full_action == proposal.action
        assert step.status is StepStatus.RUNNING

    @precondition(lambda self: self.run.in_flight)
    @rule(status=st.sampled_from([PASSED, PASSED, FAILED]))
    def land(self, status: StepStatus) -> None:
        number = self.run.in_flight.step_number if self.run.in_flight else 0
        if self.run.view().control.holder is not None:
            status = SKIPPED
        stale = self.run.step(number).instructions_version != self.run.version
        self.run.end_step(status, error=None if status is PASSED else "it is not there")
        assert self.run.end_step(PASSED) is None
        if stale and status is FAILED:
            self.flight.base -= 1
        self.run.amend_step(number, screenshot_url="after.jpg")

    @rule()
    def person_acts(self) -> None:
        if self.run.view().control.holder is not None:
            step = self.run.human_step(click("by-hand"))
            assert step is not None
            assert step.source is Source.HUMAN

    @rule(seconds=st.sampled_from([1, 25, 130]))
    def time_passes(self, seconds: int) -> None:
        self.flight.clock.pass_by(timedelta(seconds=seconds))
        self.run.tick()

    @rule()
    def conclude(self) -> None:
        conclude = isinstance(self.run.next(), Conclude)
        before = self.run.status
        self.run.conclude()
        assert self.run.status is (RunStatus.PASSED if conclude else before)

    # What always holds

    @invariant()
    def status_is_what_was_told(self) -> None:
        told = [entry.body for entry in self.flight.told if isinstance(entry.body, e.RunState)]
        view = self.run.view()
        if told:
            assert (told[-1].status, told[-1].paused) == (view.status, view.paused)
        else:
            assert (view.status, view.paused) == (RunStatus.QUEUED, False)

    @invariant()
    def one_order_without_gaps(self) -> None:
        assert [entry.seq for entry in self.flight.told] == list(range(1, self.run.log.seq + 1))
        assert self.second == self.flight.told

    @invariant()
    def at_most_one_step_in_flight(self) -> None:
        running = [step for step in self.run.steps if step.status is StepStatus.RUNNING]
        assert running == ([self.run.in_flight] if self.run.in_flight else [])
        assert [step.step_number for step in self.run.steps] == list(range(1, len(self.run.steps) + 1))

    @invariant()
    def overrides_are_done_once_or_reported(self) -> None:
        dropped = self.flight.dropped
        assert len(self.done) == len(set(map(str, self.done)))
        settled = [*self.done, *dropped]
        assert len(settled) == len(set(map(str, settled)))
        if self.run.final:
            assert {str(action) for action in settled} == {str(action) for action in self.queued}
        assert self.done == [action for action in self.queued if action in self.done]

    @invariant()
    def nothing_is_asked_for_in_vain(self) -> None:
        todo = self.run.next()
        if self.run.paused:
            assert isinstance(todo, Hold | Plan)
        if isinstance(todo, Perform):
            assert todo.proposal == self.run.proposal

    @invariant()
    def someone_can_always_go_on(self) -> None:
        """A run that is neither paused nor held nor doing a step waits for a person only if it says so."""
        if self.run.final or self.run.paused or self.run.in_flight or self.run.status in {"queued", "starting"}:
            return
        todo = self.run.next()
        if isinstance(todo, Hold):
            assert todo.until is not None or self.run.proposal is not None
            if todo.until is None:
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
            begun = bool(self.run.in_flight or (diagnosis and diagnosis.step))
            assert view.total_steps == len(self.run.steps) + max(0, self.flight.remaining - begun)

    @invariant()
    def one_end(self) -> None:
        finished = [at for at, kind in enumerate(self.flight.kinds) if kind == "run_finished"]
        assert len(finished) == (1 if self.run.final else 0)
        if finished:
            assert set(self.flight.kinds[finished[0] :]) <= AFTER_THE_END

    def teardown(self) -> None:
        """Whatever has happened, the run can be ended, once."""
        if hasattr(self, "flight"):
            self.run.cancel()
            self.run.fail("too late")
            self.one_end()
            self.overrides_are_done_once_or_reported()


def test_whatever_happens() -> None:
    run_state_machine_as_test(Steered, settings=settings(max_examples=300, stateful_step_count=60, deadline=None))
