"""What is known of one run: the parts that it consists of, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from control.comments import Comments
from control.control_lease import ControlLease
from control.curtain import Curtain
from control.detour import Detour
from control.diagnosis import Diagnosis
from control.event_log import EventLog
from control.pacing import Pacing
from control.pending_step import Describe, PendingStep
from control.plan_ahead import PlanAhead
from control.planning import Planning
from control.protocol import events as e
from control.protocol.models import NewRun, PlannerName, Proposal, RunStatus, Step
from control.protocol.shape import Clock, utc_now
from control.step_history import StepHistory
from control.viewers import ConnectedViewers


class RunFacts:
    """Holds the parts of a run. Nothing here changes it: `control.run.Run` does."""

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
        """
        Args:
            spec: what the run is made from.
            run_id: its unguessable id.
            planner: the planner that ``spec`` comes to.
            new_id: makes ids of proposals.
            describe: says in one line for a person what an action does.
            clock: the present moment, with a time zone.
            grace: how long a holder of control may be disconnected before control ends.
            looks_ahead: the planner is cheap enough to ask while the run is paused.
        """
        self.id = run_id
        self.spec = spec
        self.error: str | None = None
        """Why the run has failed, for a person."""
        self.created_at = clock()
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.log = EventLog(run_id, clock=clock)
        self.control_lease = ControlLease(clock=clock, grace=grace)
        self.curtain = Curtain(self.log, self.control_lease)
        self.viewers = ConnectedViewers()
        self.history = StepHistory(clock=clock)
        self.comments = Comments(self.log, self.history, clock=clock)
        self.pending = PendingStep(self.log, new_id=new_id, describe=describe)
        self.diagnosis: Diagnosis | None = None
        """Set while the run is stuck."""
        self.detour = Detour()
        self._phase = RunStatus.QUEUED
        """As far as the run has come: queued, starting, running, or its final status."""
        self.pacing = Pacing()
        self.planning = Planning(planner, spec.instructions, looks_ahead=looks_ahead)
        self.plan_ahead = PlanAhead(
            self.log, self.history, self.planning, self.pacing, self.detour, pause_before=spec.pause_before
        )
        self._person_acted = False
        """A person has done something in the page since control was taken."""
        self._clock = clock
        self._describe = describe
        self._published_status = (RunStatus.QUEUED, False)

    # What the run is

    @property
    def status(self) -> RunStatus:
        """The status as everybody sees it."""
        if self._phase is not RunStatus.RUNNING:
            return self._phase
        if self.paused:
            return RunStatus.PAUSED
        return RunStatus.DIAGNOSING if self.diagnosis else RunStatus.RUNNING

    @property
    def paused(self) -> bool:
        """True while no step may be dispatched because people asked for a pause or hold control."""
        return not self.final and (self.pacing.pause_requested or self.control_lease.holder is not None)

    @property
    def final(self) -> bool:
        """True once the run is over."""
        return self._phase.final

    @property
    def steps(self) -> list[Step]:
        """Every step that was begun, in order."""
        return self.history.steps

    @property
    def in_flight(self) -> Step | None:
        """The step that is being done."""
        return self.history.in_flight

    @property
    def consumed(self) -> int:
        """How many entries of the plan are settled: done, replaced, or skipped. Never goes down."""
        return self.history.consumed

    @property
    def proposal(self) -> Proposal | None:
        """The step that is proposed to be done next."""
        return self.pending.proposal

    @property
    def help_request(self) -> e.HelpNeeded | None:
        """What people are asked, while the run waits for their help; the wait stands still while it is paused."""
        return self.diagnosis.asked(paused=self.paused) if self.diagnosis else None

    def step(self, number: int) -> Step:
        """Returns the step of this number, from 1. Raises NotFound."""
        return self.history.get(number)

    # Events

    def _publish(self, event: e.Event | None) -> None:
        if event is not None:
            self.log.append(event)

    def _publish_step(self, step: Step) -> None:
        self._publish(e.TestStep(step=step, total_steps=self.history.total))
