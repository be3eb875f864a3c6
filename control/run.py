"""The state machine of one run, without I/O.

Commands go in by ``apply`` (``control.steering`` says what each does); what happened in the browser goes in by the
methods named for it; out come numbered events (``Run.log``) and, by ``next``, what the session should do now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Unpack

from control.core import RunCore, Stepping
from control.diagnosis import Diagnosis
from control.errors import InvalidTransition
from control.event_log import Entry
from control.next_action import Diagnose, Finish, Perform, Wait
from control.pending_step import Describe
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import DialogAnswer, Proposal, RunStatus, Source, Step, StepStatus
from control.roles import Actor, authorize
from control.steering import Steering
from control.step_history import StepFacts

__all__ = ["Describe", "Run", "StepFacts"]


class Run(RunCore):
    """One run, from queued to its one final status.

    At most one step is in flight; nothing is dispatched while the run is paused or a person holds control; a proposal
    made from older instructions is never done. A fact that comes too late to matter is passed over, never an error.
    """

    def apply(self, command: c.Command, actor: Actor) -> list[Entry]:
        """Carries the command out and returns the events that it made. Raises Refused with the reason."""
        authorize(actor, command.type)
        before = self.log.seq
        if self.final and not isinstance(command, c.Ping | c.ReplayStep):
            raise InvalidTransition(f"cannot {command.type.replace('_', ' ')}: the run is over ({self.status})")
        Steering(self).carry_out(command, actor)
        self.announce()
        return self.log.since(before) or []

    @property
    def help(self) -> e.HelpNeeded | None:
        """What people are asked, while the run waits for their help."""
        return self.diagnosis.help if self.diagnosis else None

    def step(self, number: int) -> Step:
        """Raises NotFound."""
        return self.ledger.get(number)

    # The run

    def start(self) -> None:
        """A browser is being started."""
        if self.phase is RunStatus.QUEUED:
            self.phase = RunStatus.STARTING
            self.started_at = self.clock()
            self.announce()

    def ready(self, remaining: int | None) -> None:
        """The page is open; ``remaining`` steps are planned, where that is known."""
        if self.phase in {RunStatus.QUEUED, RunStatus.STARTING}:
            self.phase = RunStatus.RUNNING
            self.ledger.expect(remaining)
            self.announce()

    def conclude(self) -> None:
        """Everything was done: the run has passed."""
        if isinstance(self.next(), Finish):
            self.end(RunStatus.PASSED, None)

    def fail(self, error: str) -> None:
        """The run cannot go on."""
        if not self.final:
            self.end(RunStatus.FAILED, error)

    def cancel(self) -> None:
        """The server ends the run."""
        if not self.final:
            self.end(RunStatus.CANCELLED, None)

    def tick(self) -> None:
        """Ends what the clock ends: an absent holder's control, and the wait for help."""
        expired = self.wheel.expire()
        if expired is not None:
            self.tell(expired)
            self.released()
        deadline = self.diagnosis.deadline if self.diagnosis else None
        if self.diagnosis and deadline and self.next() == Wait(deadline) and self.clock() >= deadline:
            self.end(RunStatus.FAILED, self.diagnosis.reason)
        self.announce()

    # The planner's answers

    def propose(self, proposal: Proposal, *, remaining: int | None) -> bool:
        """The planner's next step, or its repair of one. False, and nothing more, where it is no longer wanted.

        ``remaining``: how many steps are planned, this one included; for a repair None leaves that as it was.
        """
        if not self._wants(proposal):
            return False
        if remaining is not None or proposal.source == "plan":
            self.ledger.expect(remaining)
        self.look_once = False
        review = self.spec.mode == "review"
        self.upcoming.show(proposal, asks=review, approved=review and self.stepping is Stepping.NEXT)
        return True

    def exhausted(self, version: int) -> None:
        """The planner has nothing left to propose from these instructions."""
        if self.diagnosis is None and self._awaits_answer(version):
            self.exhausted_plan = True
            self.look_once = False
            self.ledger.expect(0)

    def stuck(self, reason: str, version: int) -> None:
        """The planner could not find a next step."""
        if self.diagnosis is None and self._awaits_answer(version):
            self.diagnosis = Diagnosis(reason)
            self.look_once = False
            self.announce()

    def ask_help(self, reason: str, suggestions: tuple[Proposal, ...] = ()) -> None:
        """The run cannot go on by itself; the first suggestion becomes the proposal, to be approved."""
        if self.diagnosis is None or not isinstance(self.next(), Diagnose):
            return
        current = tuple(proposal for proposal in suggestions if proposal.instructions_version == self.version)
        deadline = self.clock() + timedelta(milliseconds=self.spec.help_timeout_ms)
        self.diagnosis.ask(e.HelpNeeded(reason=reason, deadline=deadline, suggestions=current))
        self.tell(self.diagnosis.help)
        if current:
            self.upcoming.show(current[0], asks=True)

    def _awaits_answer(self, version: int) -> bool:
        """An answer made from these instructions, and from the page as it was before, is still of use."""
        busy = self.proposal or self.in_flight or self.wheel.holder or self.exhausted_plan
        return self.phase is RunStatus.RUNNING and version == self.version and not busy

    def _wants(self, proposal: Proposal) -> bool:
        if not self._awaits_answer(proposal.instructions_version):
            return False
        if proposal.source == "repair":
            return self.diagnosis is not None
        fresh = proposal.step_number == self.ledger.next_number
        return proposal.source == "plan" and self.diagnosis is None and fresh

    # Steps

    def begin_step(self, proposal: Proposal) -> Step:
        """The proposal is being done from now on. Raises InvalidTransition where it must not be."""
        todo = self.next()
        if not isinstance(todo, Perform) or todo.proposal.proposal_id != proposal.proposal_id:
            raise InvalidTransition("this step is not the one to do now")
        step = self._dispatch(*self.upcoming.take())
        if self.stepping is Stepping.NEXT:
            self.stepping = Stepping.LAST
        self.tell_step(step)
        self.announce()
        return step

    def end_step(self, status: StepStatus, *, error: str | None = None, **facts: Unpack[StepFacts]) -> Step | None:
        """The step in flight is over; ``facts`` are fields of Step. None where it had ended before."""
        if self.in_flight is None:
            return None
        step = self.ledger.close(status, error, **facts)
        self.tell_step(step)
        if status is not StepStatus.FAILED:
            self.settle()
        elif step.instructions_version == self.version:
            self._diagnose(step)
        if self.stepping is Stepping.LAST:
            self.stepping = Stepping.NO
            self.pause_asked = True
            self.look_once = True
        self.exhausted_plan = False
        self.promote()
        self.announce()
        return step

    def met(self, action: Action) -> None:
        """The step in flight is done to elements that are known only now; ``action`` names them."""
        if self.in_flight is not None:
            self.ledger.met(action)

    def amend_step(self, number: int, **facts: Unpack[StepFacts]) -> Step:
        """Adds what became known after the step's end, such as its screenshot; told only while the run is active."""
        step = self.ledger.amend(number, **facts)
        if not self.final:
            self.tell_step(step)
        return step

    def note_dialog(self, answer: DialogAnswer) -> None:
        """A native dialog was answered, on account of the step in flight, else of the one before."""
        step = None if self.final else self.ledger.note_dialog(answer)
        if step is not None and self.in_flight is None:
            self.tell_step(step)

    def human_step(self, action: Action, *, merges: bool = False, **facts: Unpack[StepFacts]) -> Step | None:
        """A person did this in the page. None before the page is open, and after the end.

        ``merges``: it takes the place of the person's step before, as more text in the same field does.
        """
        if self.phase is not RunStatus.RUNNING:
            return None
        self.acted = True
        step = self._record_human(action, merges=merges, **facts)
        self.tell_step(step)
        if self.wheel.holder is None:
            self.upcoming.set_aside()
            self.look_afresh()
            self.promote()
        return step

    def _dispatch(self, proposal: Proposal, displaced: Action | None) -> Step:
        self.diagnosis = self.diagnosis if proposal.source == "repair" else None
        facts: StepFacts = {"reasoning": proposal.reasoning, "box": proposal.box, "viewport": proposal.viewport}
        if self.diagnosis is not None:
            self.diagnosis.try_repair()
            failed = self.diagnosis.step
            if failed is not None and failed.full_action == proposal.action:
                return self.ledger.begin_again(failed.step_number, **facts)
        source = Source.OVERRIDE if proposal.source == "override" else Source.PLAN
        facts |= {"description": proposal.description, "proposed": displaced}
        return self.ledger.begin(proposal.action, source=source, version=self.version, **facts)

    def _diagnose(self, step: Step) -> None:
        reason = f"step {step.step_number} ({step.description}) failed: {step.error}"
        if self.diagnosis is None:
            self.diagnosis = Diagnosis(reason, step)
        else:
            self.diagnosis.fail(reason, step)

    def _record_human(self, action: Action, *, merges: bool, **facts: Unpack[StepFacts]) -> Step:
        facts.setdefault("description", self.describe(action))
        merged = self.ledger.merge(action, **facts) if merges else None
        if merged is not None:
            return merged
        facts.setdefault("duration_ms", 0)
        return self.ledger.record(action, StepStatus.PASSED, source=Source.HUMAN, version=self.version, **facts)

    # People

    def join(self, actor: Actor) -> None:
        """A connection of this viewer has opened."""
        if self.audience.join(actor):
            self.tell(self.audience.told())
            self.tell(self.wheel.back(actor.viewer_id))

    def leave(self, viewer_id: str) -> None:
        """A connection of this viewer has closed."""
        if self.audience.leave(viewer_id):
            self.tell(self.audience.told())
            self.tell(self.wheel.gone(viewer_id))
