"""The state machine of one run, without I/O.

Commands go in by ``apply``; what happened in the browser goes in by the methods named for it; out come numbered events
(``Run.log``) and, by ``next``, what the session should do now.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict, Unpack, assert_never

from control import commands as c
from control import events as e
from control.audience import Audience
from control.errors import InvalidTransition, NotFound
from control.log import Entry, EventLog
from control.roles import Actor, authorize
from control.shapes import (
    Action,
    Box,
    Clock,
    Holder,
    NewRun,
    PlannerName,
    Proposal,
    RunStatus,
    RunView,
    Size,
    Source,
    Step,
    StepStatus,
    utc_now,
)
from control.todo import Conclude, Diagnose, End, Hold, Perform, Plan, Todo
from control.wheel import Wheel

Describe = Callable[[Action], str]
"""One line for a person, telling what an action does."""


class StepFacts(TypedDict, total=False):
    """Fields of a step that become known while it is done; see ``Step``."""

    screenshot_url: str | None
    before_screenshot_url: str | None
    url: str | None
    description: str
    duration_ms: int
    reasoning: str | None
    proposed: Action | None
    attempts: int
    box: Box | None
    viewport: Size | None


class _StepFields(StepFacts, total=False):
    status: StepStatus
    error: str | None


@dataclass(slots=True)
class _Diagnosis:
    """The run is stuck, and why."""

    reason: str
    step: Step | None
    attempt: int = 1
    deadline: datetime | None = None
    """Set once people were asked for help."""

    def restart(self) -> None:
        self.attempt = 1
        self.deadline = None


class Run:
    """One run, from queued to its one final status.

    At most one step is in flight; nothing is dispatched while the run is paused or a person holds control; a proposal
    made from older instructions is never done.
    """

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
        self.log = EventLog(run_id, clock=clock)
        self.wheel = Wheel(clock=clock, grace=grace)
        self.steps: list[Step] = []
        self.proposal: Proposal | None = None
        self.in_flight: Step | None = None
        self.consumed = 0
        """How many entries of the plan are settled: done, replaced, or skipped."""
        self.error: str | None = None
        self.created_at = clock()
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self._clock = clock
        self._new_id = new_id
        self._describe = describe
        self._looks_ahead = looks_ahead
        """The planner is cheap enough to ask while the run is paused."""
        self._look_once = False
        self._phase = RunStatus.QUEUED
        self._paused = False
        self._stepping = False
        """The next step that is dispatched is followed by a pause."""
        self._pause_after: int | None = None
        self._approved = False
        self._displaced: Action | None = None
        self._overrides: deque[Action] = deque()
        self._diagnosis: _Diagnosis | None = None
        self._human_steps = 0
        self._remaining: int | None = None
        self._exhausted = False
        self._audience = Audience()
        self._told = (RunStatus.QUEUED, False)

    # What it is

    @property
    def status(self) -> RunStatus:
        if self._phase is not RunStatus.RUNNING:
            return self._phase
        if self.paused:
            return RunStatus.PAUSED
        return RunStatus.DIAGNOSING if self._diagnosis else RunStatus.RUNNING

    @property
    def paused(self) -> bool:
        return not self._phase.final and (self._paused or self.wheel.holder is not None)

    @property
    def final(self) -> bool:
        return self._phase.final

    def view(self) -> RunView:
        """The run as everybody may see it."""
        current = self.in_flight.step_number if self.in_flight else len(self.steps)
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
            current_step=current,
            total_steps=self._total(),
            steps=tuple(step.summary() for step in self.steps),
            proposal=self.proposal,
            control=self.wheel.view(),
            viewers=len(self._audience),
            created_at=self.created_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            error=self.error,
        )

    def next(self) -> Todo:  # noqa: PLR0911 - the order of the questions is the rule
        """What the session should do now."""
        if self.final:
            return End()
        if self._phase is not RunStatus.RUNNING or self.in_flight:
            return Hold()
        if self.wheel.holder is not None:
            return Hold(self.wheel.grace_until)
        if self._paused:
            return Plan(self.version) if self._wants_look_ahead() else Hold()
        if self.proposal is not None:
            return Perform(self.proposal) if self._approved else Hold(self._help_deadline())
        if self._diagnosis is not None:
            return self._diagnose(self._diagnosis)
        return Conclude() if self._exhausted else Plan(self.version)

    # Commands

    def apply(self, command: c.Command, actor: Actor) -> list[Entry]:
        """Carries the command out and returns the events that it made. Raises Refused with the reason."""
        authorize(actor, command.type)
        before = self.log.seq
        if self.final and not isinstance(command, c.Ping):
            raise InvalidTransition(f"cannot {command.type.replace('_', ' ')}: the run has {self._phase}")
        self._carry_out(command, actor)
        self._announce()
        return self.log.since(before) or []

    def _carry_out(self, command: c.Command, actor: Actor) -> None:  # noqa: PLR0912 - one line a command
        match command:
            case c.Pause():
                self._pause()
            case c.Resume():
                self._resume()
            case c.StepOnce():
                self._step_once()
            case c.Cancel():
                self._end(RunStatus.CANCELLED, None)
            case c.StepOverride():
                self._override(command.action)
            case c.SkipStep():
                self._skip()
            case c.ApproveStep():
                self._approve(command.proposal_id)
            case c.UpdateInstructions():
                self._instruct(command.instructions)
            case c.TakeControl():
                self._take_control(actor, force=command.force)
            case c.ReleaseControl():
                self._release_control(actor, command.to)
            case c.Input() | c.AnswerDialog():
                self._require_active(command.type)
                self.wheel.require(actor)
            case c.ReplayStep() | c.Pick() | c.Ping():
                pass
            case _:
                assert_never(command)

    def _pause(self) -> None:
        if self._paused:
            raise InvalidTransition("the run is paused already")
        if self.wheel.holder is not None:
            raise InvalidTransition(f"{self.wheel.holder.name} holds control, so the run is paused already")
        self._paused = True
        self._stepping = False
        self._pause_after = None
        self._look_once = False
        if self._diagnosis:
            self._diagnosis.deadline = None

    def _resume(self) -> None:
        self._refuse_while_held("resume")
        if not self._paused:
            raise InvalidTransition("the run is not paused")
        self._paused = False
        self._stepping = False
        self._pause_after = None
        if self._diagnosis:
            self._diagnosis.restart()

    def _step_once(self) -> None:
        self._require_active("step")
        self._refuse_while_held("step")
        self._paused = False
        self._stepping = True
        self._look_once = True
        self._approved = self.proposal is not None
        if self._diagnosis:
            self._diagnosis.restart()

    def _override(self, action: Action) -> None:
        self._require_active("override a step")
        self._overrides.append(action)
        self.log.append(e.StepOverrideQueued(action=action))
        self._promote_override()

    def _skip(self) -> None:
        self._require_active("skip a step")
        self._refuse_while_held("skip a step")
        if self.in_flight:
            raise InvalidTransition("a step is being done: wait for it, or take control to interrupt it")
        if self.proposal is not None and not self._is_repair(self.proposal):
            self._record_skipped(self.proposal)
        elif self._diagnosis is None:
            raise InvalidTransition("no step is proposed yet")
        self.consumed += 1
        self._diagnosis = None
        self._withdraw()
        self._promote_override()

    def _approve(self, proposal_id: str | None) -> None:
        self._refuse_while_held("approve a step")
        if self.proposal is None or self._approved:
            raise InvalidTransition("no step waits for approval")
        if proposal_id is not None and proposal_id != self.proposal.proposal_id:
            raise InvalidTransition("that proposal has been replaced by another: look at the new one")
        self._approved = True

    def _instruct(self, instructions: str) -> None:
        self._require_active("update the instructions")
        self.version += 1
        self.instructions = instructions
        if self.planner == "script":
            self.planner = "plain"
        self._exhausted = False
        self._remaining = None
        self._look_once = True
        self._diagnosis = None
        self.log.append(e.InstructionsUpdated(instructions=instructions, version=self.version))
        if self.proposal is not None and self.proposal.source != "override":
            self._withdraw()

    def _take_control(self, actor: Actor, *, force: bool) -> None:
        self._require_active("take control")
        self.log.append(self.wheel.take(actor, force=force))
        self._human_steps = 0
        if self._diagnosis:
            self._diagnosis.deadline = None
        if self.proposal is not None:
            if self.proposal.source == "override":
                self._overrides.appendleft(self.proposal.action)
            self._withdraw()

    def _release_control(self, actor: Actor, to: str | None) -> None:
        if to is None:
            self.log.append(self.wheel.release(actor, None))
            self._released()
            return
        heir = self._audience.find(to)
        if heir is None or not heir.role.controls:
            raise NotFound("control can be handed only to a controller who is connected")
        self.log.append(self.wheel.release(actor, Holder(viewer_id=heir.viewer_id, name=heir.name)))

    # What happened

    def start(self) -> None:
        """A browser is being started."""
        self._phase = RunStatus.STARTING
        self.started_at = self._clock()
        self._announce()

    def ready(self, remaining: int | None) -> None:
        """The page is open; ``remaining`` steps are planned, where that is known."""
        if not self.final:
            self._phase = RunStatus.RUNNING
            self._remaining = remaining
            self._announce()

    def propose(self, proposal: Proposal, *, remaining: int | None, needs_approval: bool = False) -> bool:
        """The planner's next step. False, and nothing more, where it is no longer wanted."""
        stale = proposal.instructions_version != self.version
        if self.final or stale or self.proposal or self.in_flight or self.wheel.holder:
            return False
        self._look_once = False
        self._remaining = remaining
        review = self.spec.mode == "review" and not self._stepping
        self._show(proposal, approved=not (needs_approval or review))
        return True

    def exhausted(self, version: int) -> None:
        """The planner has nothing left to propose from these instructions."""
        if version == self.version:
            self._exhausted = True
            self._remaining = 0
            self._look_once = False

    def stuck(self, reason: str, version: int) -> None:
        """The planner could not find a next step."""
        if not self.final and version == self.version and not self.proposal and not self._diagnosis:
            self._diagnosis = _Diagnosis(reason, None)
            self._announce()

    def begin_step(self, proposal: Proposal) -> Step:
        """The proposal is being done from now on. Raises InvalidTransition where it must not be."""
        todo = self.next()
        if not isinstance(todo, Perform) or todo.proposal.proposal_id != proposal.proposal_id:
            raise InvalidTransition("this step is not the one to do now")
        self.in_flight = self._record(proposal)
        self.proposal = None
        self._approved = False
        self._displaced = None
        if self._stepping:
            self._stepping = False
            self._pause_after = self.in_flight.step_number
        self._tell_step(self.in_flight)
        return self.in_flight

    def end_step(self, status: StepStatus, *, error: str | None = None, **facts: Unpack[StepFacts]) -> Step | None:
        """The step in flight is over; ``facts`` are fields of Step. None where it had ended before."""
        if self.in_flight is None:
            return None
        step = self._close_step(status, error, **facts)
        if status is StepStatus.FAILED:
            self._fail_step(step)
        else:
            self.consumed += 1
            self._diagnosis = None
        self._pause_if_stepping(step)
        self._promote_override()
        self._announce()
        return step

    def amend_step(self, number: int, **facts: Unpack[StepFacts]) -> Step:
        """Adds what became known after the step's end, such as its screenshot."""
        step = self._replace(number, **facts)
        self._tell_step(step)
        return step

    def ask_help(self, reason: str, suggestions: tuple[Proposal, ...] = ()) -> None:
        """The run cannot go on by itself; the first suggestion becomes the proposal, to be approved."""
        if self.final or self._diagnosis is None or self._diagnosis.deadline is not None:
            return
        self._diagnosis.reason = reason
        self._diagnosis.deadline = self._clock() + timedelta(milliseconds=self.spec.help_timeout_ms)
        deadline = self._diagnosis.deadline
        self.log.append(e.HelpNeeded(reason=reason, deadline=deadline, suggestions=suggestions))
        if suggestions and self.proposal is None:
            self._show(suggestions[0], approved=False)

    def human_step(self, action: Action, *, merges: bool = False, **facts: Unpack[StepFacts]) -> Step | None:
        """The holder of control did this; None where the run is over.

        ``merges``: it takes the place of the person's previous step, which it continues.
        """
        if self.final:
            return None
        self._human_steps += 1
        if merges and self.steps and self.steps[-1].source is Source.HUMAN:
            self.steps.pop()
        step = self._append(action, Source.HUMAN, facts.pop("description", self._describe(action)))
        self.steps[-1] = step = step.model_copy(update={"status": StepStatus.PASSED, "duration_ms": 0, **facts})
        self._tell_step(step)
        return step

    def tick(self) -> None:
        """Ends what the clock ends: an absent holder's control, and the wait for help."""
        if self.final:
            return
        expired = self.wheel.expire()
        if expired is not None:
            self.log.append(expired)
            self._released()
        deadline = self._help_deadline()
        if deadline is not None and not self.paused and self._clock() >= deadline and self._diagnosis:
            self._end(RunStatus.FAILED, self._diagnosis.reason)
        self._announce()

    def conclude(self) -> None:
        """Everything was done: the run has passed."""
        if isinstance(self.next(), Conclude):
            self._end(RunStatus.PASSED, None)

    def fail(self, error: str) -> None:
        """The run cannot go on."""
        if not self.final:
            self._end(RunStatus.FAILED, error)

    def cancel(self) -> None:
        """The server ends the run."""
        if not self.final:
            self._end(RunStatus.CANCELLED, None)

    def join(self, actor: Actor) -> None:
        """A connection of this viewer has opened."""
        if self._audience.join(actor):
            self.log.append(e.Viewers(count=len(self._audience)))
            self._tell(self.wheel.back(actor.viewer_id))

    def leave(self, viewer_id: str) -> None:
        """A connection of this viewer has closed."""
        if self._audience.leave(viewer_id):
            self.log.append(e.Viewers(count=len(self._audience)))
            self._tell(self.wheel.gone(viewer_id))

    def step(self, number: int) -> Step:
        """Raises NotFound."""
        if not 1 <= number <= len(self.steps):
            raise NotFound(f"there is no step {number}; the run has {len(self.steps)} so far")
        return self.steps[number - 1]

    # Parts of the above

    def _require_active(self, doing: str) -> None:
        if self._phase is not RunStatus.RUNNING:
            raise InvalidTransition(f"cannot {doing.replace('_', ' ')} while the run is {self.status}")

    def _refuse_while_held(self, doing: str) -> None:
        if self.wheel.holder is not None:
            raise InvalidTransition(f"cannot {doing} while {self.wheel.holder.name} holds control")

    def _wants_look_ahead(self) -> bool:
        free = self.proposal is None and self._diagnosis is None and not self._exhausted
        return free and (self._looks_ahead or self._look_once)

    def _help_deadline(self) -> datetime | None:
        return self._diagnosis.deadline if self._diagnosis else None

    def _diagnose(self, diagnosis: _Diagnosis) -> Todo:
        if diagnosis.deadline is not None:
            return Hold(diagnosis.deadline)
        return Diagnose(diagnosis.reason, diagnosis.step, diagnosis.attempt)

    def _show(self, proposal: Proposal, *, approved: bool) -> None:
        self.proposal = proposal
        self._approved = approved
        self.log.append(e.StepProposed(proposal=proposal))

    def _withdraw(self) -> None:
        if self.proposal is not None:
            self.proposal = None
            self._approved = False
            self._displaced = None
            self.log.append(e.StepProposed(proposal=None))

    def _is_repair(self, proposal: Proposal) -> bool:
        return proposal.source == "repair" and self._diagnosis is not None and self._diagnosis.step is not None

    def _promote_override(self) -> None:
        """Makes the oldest waiting override the next step, in place of what the planner had proposed."""
        waiting = self.proposal is not None and self.proposal.source == "override"
        if not self._overrides or self.in_flight or self.wheel.holder or waiting or self.final:
            return
        self._displaced = self.proposal.action if self.proposal else None
        action = self._overrides.popleft()
        proposal = Proposal(
            proposal_id=self._new_id(),
            step_number=len(self.steps) + 1,
            action=action,
            description=self._describe(action),
            source="override",
            instructions_version=self.version,
        )
        self._show(proposal, approved=True)

    def _released(self) -> None:
        """The planner looks afresh; what a person did in place of a step that failed settles that step."""
        if self._diagnosis and self._human_steps:
            self._diagnosis = None
            self.consumed += 1
        elif self._diagnosis:
            self._diagnosis.restart()
        self._look_once = True
        self._promote_override()

    def _record(self, proposal: Proposal) -> Step:
        diagnosis, self._diagnosis = self._diagnosis, None
        if (
            proposal.source == "repair"
            and diagnosis
            and diagnosis.step
            and proposal.action == diagnosis.step.full_action
        ):
            self._diagnosis = diagnosis
            diagnosis.attempt += 1
            diagnosis.deadline = None
            return self._replace(
                diagnosis.step.step_number,
                status=StepStatus.RUNNING,
                error=None,
                attempts=diagnosis.step.attempts + 1,
                reasoning=proposal.reasoning,
            )
        source = Source.OVERRIDE if proposal.source == "override" else Source.PLAN
        self._append(proposal.action, source, proposal.description)
        return self._replace(
            len(self.steps),
            reasoning=proposal.reasoning,
            proposed=self._displaced,
            box=proposal.box,
            viewport=proposal.viewport,
        )

    def _append(self, action: Action, source: Source, description: str) -> Step:
        step = Step(
            step_number=len(self.steps) + 1,
            action=action.type,
            target=action.selector or (action.text or None),
            value=None if action.value is None else action.text,
            description=description,
            source=source,
            status=StepStatus.RUNNING,
            timestamp=self._clock(),
            instructions_version=self.version,
            full_action=action,
        )
        self.steps.append(step)
        return step

    def _record_skipped(self, proposal: Proposal) -> None:
        source = Source.OVERRIDE if proposal.source == "override" else Source.PLAN
        step = self._append(proposal.action, source, proposal.description)
        self._tell_step(self._replace(step.step_number, status=StepStatus.SKIPPED, duration_ms=0))

    def _replace(self, number: int, **fields: Unpack[_StepFields]) -> Step:
        step = self.steps[number - 1].model_copy(update=fields)
        self.steps[number - 1] = step
        return step

    def _close_step(self, status: StepStatus, error: str | None, **facts: Unpack[StepFacts]) -> Step:
        assert self.in_flight is not None
        took = self._clock() - self.in_flight.timestamp
        facts.setdefault("duration_ms", int(took / timedelta(milliseconds=1)))
        step = self._replace(self.in_flight.step_number, status=status, error=error, **facts)
        self.in_flight = None
        if self._remaining:
            self._remaining -= step.source is Source.PLAN and status is not StepStatus.FAILED
        self._tell_step(step)
        return step

    def _fail_step(self, step: Step) -> None:
        reason = f"step {step.step_number} ({step.description}) failed: {step.error}"
        if self._diagnosis is None:
            self._diagnosis = _Diagnosis(reason, step)
        else:
            self._diagnosis.reason = reason
            self._diagnosis.step = step

    def _pause_if_stepping(self, step: Step) -> None:
        if self._pause_after == step.step_number:
            self._pause_after = None
            self._paused = True
            self._look_once = True

    def _end(self, status: RunStatus, error: str | None) -> None:
        if self.in_flight is not None:
            self._close_step(StepStatus.SKIPPED, f"the run has {status}")
        self._withdraw_override(status)
        self._withdraw()
        self._tell(self.wheel.drop())
        self._diagnosis = None
        self._phase = status
        self.error = error
        self.ended_at = self._clock()
        self._announce()
        self.log.append(e.RunFinished(status=status, error=error))

    def _withdraw_override(self, status: RunStatus) -> None:
        if self.proposal is not None and self.proposal.source == "override":
            self._overrides.appendleft(self.proposal.action)
        while self._overrides:
            action = self._overrides.popleft()
            self.log.append(e.StepOverrideDropped(action=action, reason=f"the run has {status}"))

    def _total(self) -> int | None:
        if self.final:
            return len(self.steps)
        return None if self._remaining is None else len(self.steps) + self._remaining

    def _tell(self, event: e.Event | None) -> None:
        if event is not None:
            self.log.append(event)

    def _tell_step(self, step: Step) -> None:
        self.log.append(e.TestStep(step=step, total_steps=self._total()))

    def _announce(self) -> None:
        now = (self.status, self.paused)
        if now != self._told:
            self._told = now
            self.log.append(e.RunState(status=now[0], paused=now[1]))
