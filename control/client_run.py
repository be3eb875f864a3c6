"""The state machine of an attached run, whose steps are the calls of a client outside, without I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Unpack

from control.decision import awaits_answer
from control.diagnosis import Diagnosis
from control.errors import InvalidTransition
from control.next_action import NextAction, Wait
from control.pending_step import Describe
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.commands import FailedStep
from control.protocol.models import (
    AttachedRun,
    AttachedTest,
    Proposal,
    RunStatus,
    RunView,
    Source,
    SourceLocation,
    Step,
    StepStatus,
)
from control.protocol.shape import Clock, utc_now
from control.roles import Actor
from control.run import Run
from control.step_history import StepFacts


class ClientRun(Run):
    """A run whose plan is whatever its client calls next.

    While nobody holds them, calls go ahead by themselves and are only recorded (``begin_call``, ``end_call``). A
    call that fails is kept from the client while the run is attended; where nobody helps, the client gets its own error
    and the run goes on. Nothing is held once everybody who may steer has been gone for the grace period.
    """

    def __init__(
        self,
        spec: AttachedRun,
        *,
        run_id: str,
        new_id: Callable[[], str],
        describe: Describe,
        clock: Clock = utc_now,
        grace: timedelta = timedelta(seconds=20),
        attended_elsewhere: Callable[[], bool] = lambda: False,
    ) -> None:
        """``attended_elsewhere``: says whether somebody who may steer is at the page of the run's session."""
        super().__init__(
            spec, run_id=run_id, planner="attached", new_id=new_id, describe=describe, clock=clock, grace=grace
        )
        self._attached = spec
        self._test = spec.test
        self._grace = grace
        self._attended_elsewhere = attended_elsewhere
        self._alone_at: datetime | None = None
        """When those who steered will count as gone, unless somebody comes back."""
        self._answer_is_stale = False
        """The planner's next answer may still be about a call that was taken back."""

    @property
    def attended(self) -> bool:
        """True while somebody is there who may steer the run."""
        return bool(self.viewers.controllers) or self._alone_at is not None or self._attended_elsewhere()

    @property
    def keeps_failures(self) -> bool:
        """True while a call that fails is kept from the client, for people to mend."""
        return self.attended and self.spec.help_timeout_ms > 0 and not self.final

    @property
    def calls_pass(self) -> bool:
        """True while a call goes ahead at once, without being proposed."""
        reviewed = self.spec.mode == "review" and self.attended
        return self.status is RunStatus.RUNNING and self.pacing.free and self.proposal is None and not reviewed

    def view(self, *, with_steps: bool = True) -> RunView:
        """Returns the run as everybody may see it, with its client, test and session."""
        known = {"client": self._attached.client, "test": self._test, "session": self._attached.session}
        return super().view(with_steps=with_steps).model_copy(update=known)

    def next_action(self) -> NextAction:
        """Returns what the session should do now; a wait for people who have gone ends with the grace period."""
        action = super().next_action()
        if isinstance(action, Wait) and self._alone_at is not None and self.in_flight is None:
            return Wait(min(action.until or self._alone_at, self._alone_at))
        return action

    def propose(self, proposal: Proposal, *, remaining: int | None) -> bool:
        """Takes the next call, or another way of doing one that has failed; False where it is no longer wanted."""
        stale, self._answer_is_stale = self._answer_is_stale, False
        return not stale and super().propose(proposal, remaining=remaining)

    # The client, as the gate reports it

    def identify(self, test: AttachedTest) -> None:
        """Notes which test the run belongs to."""
        if test != self._test and not self.final:
            self._test = test
            self._publish(e.TestIdentified(test=test))

    def begin_call(
        self, action: Action, *, description: str, location: SourceLocation | None, ago: timedelta = timedelta(0)
    ) -> Step:
        """Records a call that goes ahead by itself, since ``ago``, beside whatever else is done."""
        step = self.history.record(
            action,
            StepStatus.RUNNING,
            source=Source.PLAN,
            version=self.planning.version,
            description=description,
            location=location,
            timestamp=self._clock() - ago,
        )
        self._publish_step(step)
        return step

    def end_call(self, number: int, error: str | None, **facts: Unpack[StepFacts]) -> Step:
        """Ends the step of a call that has gone ahead by itself, failed where there is an error. Raises NotFound."""
        step = self.history.end(number, StepStatus.PASSED if error is None else StepStatus.FAILED, error, **facts)
        if not self.final:
            self._publish_step(step)
        return step

    def show_value(self, number: int, action: Action, description: str) -> None:
        """Shows in full what a call was given, once that may be seen. Raises NotFound."""
        step = self.history.replace_action(number, action, description=description)
        if not self.final:
            self._publish_step(step)

    def keep_failure(self, number: int) -> bool:
        """Asks people about a failed call whose error is kept from the client; False while something else is going on.

        Raises NotFound.
        """
        if self.diagnosis is not None or not awaits_answer(self, self.planning.version):
            return False
        self._diagnose(self.step(number))
        self._publish_status()
        return True

    def give_up(self) -> None:
        """Notes that the client was given the error of its call, and goes on."""
        if self.diagnosis is not None:
            self.history.forgive_failures()
            self._settle_entry()
            self.pending.drop("the client was given the error of its call")
            self._promote_override()
            self._publish_status()

    def withdraw_call(self) -> None:
        """Takes back what is proposed or asked about a call that its client has aborted; overrides of people stay."""
        if self.in_flight is None and not self.final:
            self._answer_is_stale = self.proposal is None and self.diagnosis is None
            self._settle_entry()
            if not self.pending.is_override:
                self.pending.withdraw()
            self._promote_override()
            self._publish_status()

    def conclude(self, error: str | None) -> None:
        """Ends the run as its client says: passed where there is no error."""
        if not self.final:
            self._end(RunStatus.PASSED if error is None else RunStatus.FAILED, error)

    # People

    def tick(self) -> None:
        """Ends what the clock ends, and lets everything go where everybody who may steer has gone."""
        if self._alone_at is not None and self._clock() >= self._alone_at:
            self._alone_at = self._clock() + self._grace if self._attended_elsewhere() else None
            if self._alone_at is None and not self.viewers.controllers:
                self._let_go()
        super().tick()

    def join(self, actor: Actor) -> None:
        """Notes that a connection of this viewer has opened."""
        super().join(actor)
        if actor.role.controls:
            self._alone_at = None

    def leave(self, viewer_id: str) -> None:
        """Notes that a connection of this viewer has closed."""
        steered = bool(self.viewers.controllers)
        super().leave(viewer_id)
        if steered and not self.viewers.controllers:
            self._alone_at = self._clock() + self._grace

    def _let_go(self) -> None:
        if self.pacing.pause_requested:
            self.pacing.resume()
        if self.diagnosis is not None:
            self._help_expired(self.diagnosis)
        elif self.proposal is not None:
            self.pending.approve()

    def _update_instructions(self, instructions: str) -> None:
        raise InvalidTransition("the steps of an attached run come from its own test: change them there")

    def _begin(self, proposal: Proposal, displaced: Proposal | None) -> Step:
        failed = self.diagnosis.failed_step if self.diagnosis else None
        step = super()._begin(proposal, displaced)
        if failed is None or self.detour.active or step.step_number == failed.step_number:
            return step
        if step.full_action == failed.full_action:
            return self.history.amend(step.step_number, location=failed.location)
        return self.history.amend(step.step_number, proposed=failed.full_action, location=failed.location)

    def _diagnose(self, step: Step) -> None:
        super()._diagnose(step)
        self.history.note_failure(step.step_number)
        if not self.viewers.controllers and self._alone_at is None:
            self._alone_at = self._clock() + self._grace

    def _end(self, status: RunStatus, error: str | None) -> None:
        for step in self.steps:
            if step.status is StepStatus.RUNNING and step is not self.in_flight:
                over = f"the run is over ({status})"
                self._publish_step(self.history.end(step.step_number, StepStatus.SKIPPED, over))
        super()._end(status, error)

    def _help_expired(self, diagnosis: Diagnosis) -> None:
        diagnosis.expire()
        self.pending.withdraw()

    def _done_by_hand(self, failed_step: FailedStep | None) -> bool:
        """Returns what people have said: nobody else knows whether a failed call is done."""
        return failed_step == "done"
