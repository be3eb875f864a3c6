"""The state of one run: what it is, what is to be done next, and the moves that commands and facts share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from control.audience import Audience
from control.control_lease import ControlLease
from control.diagnosis import Diagnosis
from control.errors import InvalidTransition
from control.event_log import EventLog
from control.next_action import End, Finish, Perform, Plan, Todo, Wait
from control.pending_step import Describe, PendingStep
from control.protocol import events as e
from control.protocol.models import NewRun, PlannerName, Proposal, RunStatus, RunView, Step, StepStatus
from control.protocol.shape import Clock, utc_now
from control.step_history import StepHistory


class Stepping(Enum):
    """Does a pause follow, because a single step was asked for?"""

    NO = auto()
    NEXT = auto()
    """After the next step that is dispatched."""
    LAST = auto()
    """After the step that is in flight."""


class RunCore:
    """What ``control.steering`` and ``control.run`` work on. A move leaves it to its caller to announce the status."""

    def __init__(
        self,
        spec: NewRun,
        *,
        run_id: str,
        planner: PlannerName,
        new_id: Callable[[], str],
        describe: Describe,
        clock: Clock = utc_now,
        grace: timedelta = timedelta(seconds=20),
        looks_ahead: bool = True,
    ) -> None:
        self.spec = spec
        self.id = run_id
        self.planner: PlannerName = planner
        self.instructions = spec.instructions
        self.version = 1
        self.error: str | None = None
        self.created_at = clock()
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.clock = clock
        self.describe = describe
        self.log = EventLog(run_id, clock=clock)
        self.wheel = ControlLease(clock=clock, grace=grace)
        self.audience = Audience()
        self.ledger = StepHistory(clock=clock)
        self.upcoming = PendingStep(self.log, new_id=new_id, describe=describe)
        self.diagnosis: Diagnosis | None = None
        self.phase = RunStatus.QUEUED
        """As far as the run has come: queued, starting, running, or its final status."""
        self.pause_asked = False
        self.stepping = Stepping.NO
        self.exhausted_plan = False
        """The planner has nothing left to propose."""
        self.looks_ahead = looks_ahead
        """The planner is cheap enough to ask while the run is paused."""
        self.look_once = False
        """Ask the planner though the run is paused: something has changed that people want to see the effect of."""
        self.acted = False
        """A person has done something since control was taken."""
        self._told = (RunStatus.QUEUED, False)

    # What it is

    @property
    def status(self) -> RunStatus:
        if self.phase is not RunStatus.RUNNING:
            return self.phase
        if self.paused:
            return RunStatus.PAUSED
        return RunStatus.DIAGNOSING if self.diagnosis else RunStatus.RUNNING

    @property
    def paused(self) -> bool:
        return not self.final and (self.pause_asked or self.wheel.holder is not None)

    @property
    def final(self) -> bool:
        return self.phase.final

    @property
    def steps(self) -> list[Step]:
        return self.ledger.steps

    @property
    def in_flight(self) -> Step | None:
        return self.ledger.in_flight

    @property
    def consumed(self) -> int:
        """How many entries of the plan are settled: done, replaced, or skipped. Never goes down."""
        return self.ledger.consumed

    @property
    def proposal(self) -> Proposal | None:
        return self.upcoming.proposal

    def view(self) -> RunView:
        """The run as everybody may see it."""
        return RunView(
            id=self.id,
            name=self.spec.name or self.spec.url,
            status=self.status,
            paused=self.paused,
            url=self.spec.url,
            instructions=self.instructions,
            instructions_version=self.version,
            planner=self.planner,
            mode=self.spec.mode,
            current_step=self.ledger.current,
            total_steps=self.ledger.total,
            steps=tuple(step.summary() for step in self.steps),
            proposal=self.proposal,
            control=self.wheel.view(),
            viewers=len(self.audience),
            controllers=self.audience.controllers,
            created_at=self.created_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            error=self.error,
        )

    # What is to be done

    def next(self) -> Todo:
        """What the session should do now."""
        if self.final:
            return End()
        if self.phase is not RunStatus.RUNNING:
            return Wait()
        if self.in_flight or self.wheel.holder is not None:
            return Wait(self.wheel.grace_until)
        return self._next_if_paused() if self.pause_asked else self._next_step()

    def _next_if_paused(self) -> Todo:
        free = self.proposal is None and self.diagnosis is None and not self.exhausted_plan
        return Plan(self.version) if free and (self.looks_ahead or self.look_once) else Wait()

    def _next_step(self) -> Todo:
        if self.proposal is not None:
            deadline = self.diagnosis.deadline if self.diagnosis else None
            return Perform(self.proposal) if self.upcoming.cleared else Wait(deadline)
        if self.diagnosis is not None:
            return self.diagnosis.todo()
        return Finish() if self.exhausted_plan else Plan(self.version)

    # What may be done

    def require_active(self, doing: str) -> None:
        """Raises InvalidTransition before the page is open, and after the end."""
        if self.phase is not RunStatus.RUNNING:
            raise InvalidTransition(f"cannot {doing} while the run is {self.status}")

    def refuse_while_held(self, doing: str) -> None:
        """Raises InvalidTransition while a person holds control."""
        if self.wheel.holder is not None:
            raise InvalidTransition(f"cannot {doing} while {self.wheel.holder.name} holds control")

    # Moves

    def settle(self) -> None:
        """The plan's current entry is done with, and so is what was wrong with it."""
        self.diagnosis = None
        self.ledger.settle()

    def promote(self) -> None:
        """An override that waits becomes the next step, unless a step is in flight or a person holds control."""
        if not (self.in_flight or self.wheel.holder or self.final):
            self.upcoming.promote(step_number=self.ledger.next_number, version=self.version)

    def look_afresh(self) -> None:
        """Whatever was concluded from an earlier look at the page is void."""
        if self.diagnosis is not None:
            self.diagnosis.restart()
            if not self.upcoming.cleared:
                self.upcoming.withdraw()
            if self.diagnosis.step is None:
                self.diagnosis = None
        self.exhausted_plan = False
        self.look_once = True

    def released(self) -> None:
        """Nobody holds control any more; what a person did in place of a step that failed settles that step."""
        if self.diagnosis and self.acted:
            self.settle()
        self.look_afresh()
        self.promote()

    def end(self, status: RunStatus, error: str | None) -> None:
        """The run's one final status."""
        over = f"the run is over ({status})"
        self.ledger.expect(0)
        if self.in_flight is not None:
            self.tell_step(self.ledger.close(StepStatus.SKIPPED, over))
        self.upcoming.drop_all(over)
        self.tell(self.wheel.drop())
        self.diagnosis = None
        self.phase = status
        self.error = error
        self.ended_at = self.clock()
        self.announce()
        self.tell(e.RunFinished(status=status, error=error))

    # What is told

    def tell(self, event: e.Event | None) -> None:
        if event is not None:
            self.log.append(event)

    def tell_step(self, step: Step) -> None:
        self.tell(e.TestStep(step=step, total_steps=self.ledger.total))

    def announce(self) -> None:
        """Tells status and pause where they have changed."""
        now = (self.status, self.paused)
        if now != self._told:
            self._told = now
            self.tell(e.RunState(status=now[0], paused=now[1]))
