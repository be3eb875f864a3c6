"""The state machine of one run, without I/O.

Commands of people go in by ``Run.apply``; what happened in the browser and what the planner answered go in by the
methods named for it; numbered events come out by ``Run.log``, and what the session should do now by ``next_action``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Unpack, assert_never

from control.comments import Comments
from control.control_lease import ControlLease
from control.curtain import Curtain
from control.decision import decide
from control.detour import Detour
from control.diagnosis import Diagnosis
from control.errors import InvalidTransition, ProtocolError
from control.event_log import Entry, EventLog
from control.next_action import Diagnose, Finish, NextAction, Perform, Wait
from control.pacing import Pacing
from control.pending_step import Describe, PendingStep
from control.planning import Planning
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import ONLY_A_CLIENT_CALLS, Action, ActionType
from control.protocol.models import (
    DialogAnswer,
    NewRun,
    Place,
    PlannerName,
    Proposal,
    RunStatus,
    RunView,
    Step,
    StepStatus,
)
from control.protocol.shape import Clock, utc_now
from control.roles import Actor
from control.run_view import view_of
from control.step_history import StepFacts, StepHistory
from control.viewers import ConnectedViewers


class Run:
    """One run, from queued to its one final status.

    At most one step is in flight; nothing is dispatched while the run is paused or a person holds control; a proposal
    made from older instructions is never done. A fact that comes too late to matter is passed over, never an error.
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
        self.comments = Comments(self.log, clock=clock)
        self.viewers = ConnectedViewers()
        self.history = StepHistory(clock=clock)
        self.pending = PendingStep(self.log, new_id=new_id, describe=describe)
        self.diagnosis: Diagnosis | None = None
        """Set while the run is stuck."""
        self.detour = Detour()
        self._phase = RunStatus.QUEUED
        """As far as the run has come: queued, starting, running, or its final status."""
        self.pacing = Pacing()
        self.planning = Planning(planner, spec.instructions, looks_ahead=looks_ahead)
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
        request = self.diagnosis.help_request if self.diagnosis else None
        return request.model_copy(update={"deadline": None}) if request and self.paused else request

    def step(self, number: int) -> Step:
        """Returns the step of this number, from 1. Raises NotFound."""
        return self.history.get(number)

    def view(self, *, with_steps: bool = True) -> RunView:
        """Returns the run as everybody may see it; ``steps`` stays empty where they are not asked for."""
        return view_of(self, with_steps=with_steps)

    def next_action(self) -> NextAction:
        """Returns what the session should do now."""
        return decide(self)

    # Commands of people

    def apply(self, command: c.Command, actor: Actor) -> list[Entry]:
        """Carries the command out and returns the events that it made.

        Whether the actor's role allows the command was decided before (``control.roles``). Raises Refused with the
        reason where the run's state does not allow it, and has changed nothing then.
        """
        before = self.log.seq
        if self.final and not isinstance(command, c.Ping | c.ReplayStep):
            raise InvalidTransition(f"cannot {c.in_words(command.type)}: the run is over ({self.status})")
        self._dispatch(command, actor)
        self._publish_status()
        return self.log.since(before) or []

    def _dispatch(self, command: c.Command, actor: Actor) -> None:  # noqa: PLR0912 - one line a command
        match command:
            case c.Pause():
                self._pause()
            case c.Resume():
                self._resume()
            case c.StepOnce():
                self._step_once()
            case c.Cancel():
                self.cancel()
            case c.StepOverride():
                self._override(command.action, command.place)
            case c.SkipStep():
                self._skip()
            case c.ApproveStep():
                self._approve(command.proposal_id)
            case c.UpdateInstructions():
                self._update_instructions(command.instructions)
            case c.TakeControl():
                self._take_control(actor, force=command.force)
            case c.RequestControl():
                self._publish(self.control_lease.request(actor))
            case c.ReleaseControl():
                self._release_control(actor, command.to, command.failed_step)
            case c.SetCurtain() | c.LiftCovers():
                self.curtain.apply(command, actor)
            case c.AddComment() | c.RemoveComment():
                self.comments.apply(command, actor)
            case c.Input() | c.AnswerDialog() | c.Browse() | c.CopySelection():
                self._require_active(c.in_words(command.type))
                self.control_lease.require_holder(actor)
            case c.Pick():
                self._require_active("pick an element")
            case c.ReplayStep():
                self.history.get(command.step_number)
            case c.Ping():
                pass
            case _:
                assert_never(command)

    def _pause(self) -> None:
        if self.control_lease.holder is not None:
            raise InvalidTransition(f"{self.control_lease.holder.name} holds control, so the run is paused already")
        if self.pacing.pause_requested:
            raise InvalidTransition("the run is paused already")
        if self.pacing.step_armed:
            self.pending.revoke_approval()
        self.pacing.pause()
        self.planning.rest()

    def _resume(self) -> None:
        self._refuse_while_held("resume")
        if self.pacing.free and self.help_request is None:
            raise InvalidTransition("the run is not paused")
        self.pacing.resume()
        self._try_again()

    def _step_once(self) -> None:
        self._require_active("step")
        self._refuse_while_held("step")
        if self.pacing.step_armed and not self._waits_for_people():
            raise InvalidTransition("a single step is coming already")
        self.pacing.step_once()
        if self.proposal is not None:
            self.pending.approve()
        else:
            self._try_again()

    def _try_again(self) -> None:
        """Has what people were asked about tried again as it is; what nobody was asked about is only looked at."""
        if self.diagnosis is not None:
            asked = self.help_request is not None
            self._reconsider(retry=asked)

    def _override(self, action: Action, place: Place) -> None:
        self._require_active("override a step")
        if action.type is ActionType.CALL:
            raise ProtocolError(ONLY_A_CLIENT_CALLS, field="action")
        self.pending.queue(action, place)
        self._promote_override()

    def _skip(self) -> None:
        self._require_active("skip a step")
        self._refuse_while_held("skip a step")
        if self.in_flight:
            raise InvalidTransition("a step is being done: wait for it, or take control to interrupt it")
        if self.proposal is None and self.diagnosis is None:
            raise InvalidTransition("no step is proposed yet")
        skipped = self.proposal
        if skipped and self.diagnosis and self.diagnosis.repairs_recorded_step(skipped):
            skipped = None
        if skipped is None or skipped.place == "instead":
            self._settle_entry()
        if skipped is not None:
            displaced = self.pending.displaced.action if self.pending.displaced else None
            step = self.history.record_skipped(skipped, displaced=displaced, version=self.planning.version)
            self._publish_step(step)
        self.pending.drop("it was skipped")
        self.planning.show_next()
        self._promote_override()

    def _approve(self, proposal_id: str | None) -> None:
        self._refuse_while_held("approve a step")
        self.pending.require_awaiting_approval(proposal_id)
        self.pending.approve()

    def _update_instructions(self, instructions: str) -> None:
        self._require_active("update the instructions")
        self.planning.update(instructions)
        self.history.forget_plan()
        self.diagnosis = None
        self.detour.forget(in_flight=self.in_flight is not None)
        self._publish(e.InstructionsUpdated(instructions=instructions, version=self.planning.version))
        if not self.pending.is_override:
            self.pending.withdraw()

    def _take_control(self, actor: Actor, *, force: bool) -> None:
        self._require_active("take control")
        handed_over = self.control_lease.holder is not None
        present = self.viewers.find(actor.viewer_id) is not None
        self._publish(self.control_lease.take(actor, force=force, present=present))
        self._person_acted = self._person_acted and handed_over
        self.pending.set_aside()

    def _release_control(self, actor: Actor, to: str | None, failed_step: c.FailedStep | None) -> None:
        self.control_lease.require_holder(actor)
        heir = self.viewers.require_controller(to) if to is not None else None
        self._publish(self.control_lease.release(actor, heir))
        if heir is None:
            self._control_ended(failed_step)

    def _require_active(self, doing: str) -> None:
        """Raises InvalidTransition before the page is open, and after the end."""
        if self._phase is not RunStatus.RUNNING:
            raise InvalidTransition(f"cannot {doing} while the run is {self.status}")

    def _refuse_while_held(self, doing: str) -> None:
        """Raises InvalidTransition while a person holds control."""
        if self.control_lease.holder is not None:
            raise InvalidTransition(f"cannot {doing} while {self.control_lease.holder.name} holds control")

    def _waits_for_people(self) -> bool:
        return self.help_request is not None or (self.proposal is not None and not self.pending.cleared)

    # The run's life, as the session reports it

    def start(self) -> None:
        """Notes that a browser is being started."""
        if self._phase is RunStatus.QUEUED:
            self._phase = RunStatus.STARTING
            self.started_at = self._clock()
            self._publish_status()

    def ready(self, remaining: int | None) -> None:
        """Notes that the page is open; ``remaining`` steps are planned, where that is known."""
        if self._phase in {RunStatus.QUEUED, RunStatus.STARTING}:
            self._phase = RunStatus.RUNNING
            self.history.expect(remaining)
            self._publish_status()

    def finish(self) -> None:
        """Ends the run as passed, where everything was done."""
        if isinstance(self.next_action(), Finish):
            self.history.count_failures()
            self._end(RunStatus.PASSED, None)

    def fail(self, error: str) -> None:
        """Ends the run as failed, with a sentence for a person."""
        if not self.final:
            self._end(RunStatus.FAILED, error)

    def cancel(self, reason: str | None = None) -> None:
        """Ends the run as cancelled, with a sentence for a person where nobody has asked for it."""
        if not self.final:
            self._end(RunStatus.CANCELLED, reason)

    def tick(self) -> None:
        """Ends what the clock ends: an absent holder's control, and the wait for help."""
        expired = self.control_lease.expire()
        if expired is not None:
            self._publish(expired)
            self._control_ended()
        deadline = self.diagnosis.deadline if self.diagnosis else None
        if self.diagnosis and deadline and self.next_action() == Wait(deadline) and self._clock() >= deadline:
            self._help_expired(self.diagnosis)
        self._publish_status()

    def join(self, actor: Actor) -> None:
        """Notes that a connection of this viewer has opened."""
        if self.viewers.join(actor):
            self._publish(self.viewers.to_event())
            self._publish(self.control_lease.viewer_reconnected(actor.viewer_id))

    def leave(self, viewer_id: str) -> None:
        """Notes that a connection of this viewer has closed."""
        if self.viewers.leave(viewer_id):
            self._publish(self.viewers.to_event())
            self._publish(self.control_lease.viewer_disconnected(viewer_id))

    # The planner's answers

    def propose(self, proposal: Proposal, *, remaining: int | None) -> bool:
        """Takes the planner's next step, or its repair of one; returns False where it is no longer wanted.

        ``remaining``: how many steps are planned, this one included; for a repair None leaves that as it was.
        """
        if not self._wants(proposal):
            return False
        if remaining is not None or proposal.source == "plan":
            self.history.expect(remaining)
        self.planning.answered()
        review = self.spec.mode == "review"
        wanted = self.pacing.step_armed or (self.diagnosis is not None and self.diagnosis.retries(proposal.action))
        self.pending.show(proposal, needs_approval=review, approved=review and wanted)
        return True

    def plan_exhausted(self, version: int) -> None:
        """Notes that the planner has nothing left to propose from this version of the instructions."""
        if self.diagnosis is None and self._awaits_answer(version):
            self.planning.answered(exhausted=True)
            self.history.expect(0)

    def planner_stuck(self, reason: str, version: int) -> None:
        """Notes that the planner could not find a next step from this version of the instructions."""
        if self.diagnosis is None and self._awaits_answer(version):
            self.diagnosis = Diagnosis(reason)
            self.planning.answered()
            self._publish_status()

    def ask_help(self, reason: str, suggestions: tuple[Proposal, ...] = ()) -> None:
        """Asks people for help; the first suggestion becomes the proposal, to be approved."""
        if self.diagnosis is None or not isinstance(self.next_action(), Diagnose):
            return
        version = self.planning.version
        current = tuple(proposal for proposal in suggestions if proposal.instructions_version == version)
        deadline = self._clock() + timedelta(milliseconds=self.spec.help_timeout_ms)
        request = e.HelpNeeded(reason=reason, deadline=deadline, suggestions=current)
        self.diagnosis.request_help(request, self._clock())
        self._publish(request)
        if current:
            self.pending.show(current[0], needs_approval=True)

    def _awaits_answer(self, version: int) -> bool:
        """Returns whether an answer made from these instructions, and from the page as it was, is still of use."""
        busy = self.proposal or self.in_flight or self.control_lease.holder or self.planning.exhausted
        return self._phase is RunStatus.RUNNING and version == self.planning.version and not busy

    def _wants(self, proposal: Proposal) -> bool:
        if not self._awaits_answer(proposal.instructions_version):
            return False
        if proposal.source == "repair":
            return self.diagnosis is not None
        fresh = proposal.step_number == self.history.next_number
        return proposal.source == "plan" and self.diagnosis is None and fresh

    # Steps, as the session reports them

    def begin_step(self, proposal: Proposal, *, expected: bool = False) -> Step:
        """Dispatches the proposal and returns its step. Raises InvalidTransition where it is not the one to do now."""
        action = self.next_action()
        if not isinstance(action, Perform) or action.proposal.proposal_id != proposal.proposal_id:
            raise InvalidTransition("this step is not the one to do now")
        step = self._begin(*self.pending.take(expected=expected))
        self.pacing.step_began()
        self._publish_step(step)
        self._publish_status()
        return step

    def end_step(self, status: StepStatus, *, error: str | None = None, **facts: Unpack[StepFacts]) -> Step | None:
        """Ends the step in flight and returns it, or None where it had ended before; ``facts`` are fields of Step."""
        if self.in_flight is None:
            return None
        step = self.history.close(status, error, **facts)
        self._publish_step(step)
        if status is not StepStatus.FAILED:
            self._settle_entry(by=step)
        elif step.instructions_version == self.planning.version:
            self._diagnose(step)
        else:
            self.detour.forget(in_flight=False)
        self.planning.step_ended()
        if self.pacing.step_ended():
            self.planning.show_next()
        self._promote_override()
        self._publish_status()
        return step

    def resolve_target(self, action: Action) -> None:
        """Has the step in flight name the elements that its selectors were resolved to."""
        if self.in_flight is not None:
            self.history.resolve_target(action)

    def amend_step(self, number: int, **facts: Unpack[StepFacts]) -> Step:
        """Adds what became known after the step's end, such as its screenshot; published while the run is active.

        Raises NotFound.
        """
        step = self.history.amend(number, **facts)
        if not self.final:
            self._publish_step(step)
        return step

    def record_dialog(self, answer: DialogAnswer) -> None:
        """Notes that a native dialog was answered, on account of the step in flight, else of the one before."""
        step = None if self.final else self.history.record_dialog(answer)
        if step is not None and self.in_flight is None:
            self._publish_step(step)

    def record_human_step(self, action: Action, *, merges: bool = False, **facts: Unpack[StepFacts]) -> Step | None:
        """Records what a person did in the page, and returns the step.

        ``merges``: it takes the place of the person's step before, as more text in the same field does. Returns None,
        and records nothing, before the page is open and after the end.
        """
        if self._phase is not RunStatus.RUNNING:
            return None
        self._person_acted = True
        facts.setdefault("description", self._describe(action))
        step = self.history.record_human(action, merges=merges, version=self.planning.version, **facts)
        self._publish_step(step)
        if self.control_lease.holder is None:
            self.pending.set_aside()
            self._reconsider()
            self._promote_override()
        return step

    def _begin(self, proposal: Proposal, displaced: Proposal | None) -> Step:
        if proposal.place == "before":
            if self.diagnosis and self.diagnosis.expected:
                self.history.count_failures()  # something else was done in its place, though it is checked again
            self.detour.begin(self.diagnosis)
        self.diagnosis = self.diagnosis if proposal.source == "repair" else None
        if self.diagnosis is not None:
            self.diagnosis.begin_repair()
        return self.history.begin_proposed(
            proposal,
            failed=self.diagnosis.failed_step if self.diagnosis else None,
            displaced=displaced.action if displaced and proposal.place == "instead" else None,
            version=self.planning.version,
            planned=not self.detour.active,
        )

    def _diagnose(self, step: Step) -> None:
        reason = f"step {step.step_number} ({step.description}) failed: {step.error}"
        if self.diagnosis is None:
            self.diagnosis = Diagnosis(reason, step)
        else:
            self.diagnosis.repair_failed(reason, step)

    # Transitions that commands and facts share; whoever calls them publishes the status

    def _settle_entry(self, *, by: Step | None = None) -> None:
        """Settles the plan's current entry, and with it what was wrong with it; or the detour in front of it."""
        if self.detour.active:
            self.diagnosis = self.detour.end()
        else:
            self.diagnosis = None
            self.history.settle_entry(by=by)

    def _promote_override(self) -> None:
        """Makes an override that waits the next step, unless a step is in flight or a person holds control."""
        if not (self.in_flight or self.control_lease.holder or self.final):
            self.pending.promote(
                step_number=self.history.next_number,
                instructions_version=self.planning.version,
                expected=self.diagnosis is not None and self.diagnosis.expected,
            )

    def _reconsider(self, *, retry: bool = False) -> None:
        """Voids whatever was concluded from an earlier look at the page; ``retry``: what has failed is tried again."""
        if self.diagnosis is not None:
            self.diagnosis.restart()
            self.diagnosis.retry = self.diagnosis.retry or retry
            if not self.pending.cleared:
                self.pending.withdraw()
            if self.diagnosis.failed_step is None:
                self.diagnosis = None
        self.planning.reconsider()

    def _help_expired(self, diagnosis: Diagnosis) -> None:
        """Ends the run, as nobody has helped in time."""
        self._end(RunStatus.FAILED, diagnosis.reason)

    def _control_ended(self, failed_step: c.FailedStep | None = None) -> None:
        """Goes on without a holder; what a person did in place of a step that failed settles that step.

        An expectation is nothing that a person could do: it is checked again.
        """
        done = self._done_by_hand(failed_step)
        expected = self.diagnosis is not None and self.diagnosis.expected
        if self.diagnosis and done and not expected:
            self._settle_entry()
        self._reconsider(retry=failed_step == "retry" or (done and expected))
        self._promote_override()

    def _done_by_hand(self, failed_step: c.FailedStep | None) -> bool:
        """Returns whether a person who held control has done the step that failed; they may have said so."""
        return self._person_acted if failed_step is None else failed_step == "done"

    def _end(self, status: RunStatus, error: str | None) -> None:
        """Gives the run its one final status."""
        over = f"the run is over ({status})"
        self.history.expect(0)
        if self.in_flight is not None:
            self._publish_step(self.history.close(StepStatus.SKIPPED, over))
        self.pending.drop_all(over)
        self._publish(self.control_lease.revoke())
        self.diagnosis = None
        self._phase = status
        self.error = error
        self.ended_at = self._clock()
        self._publish_status()
        self._publish(e.RunFinished(status=status, error=error, failed_steps=self.history.overcome))

    # Events

    def _publish(self, event: e.Event | None) -> None:
        if event is not None:
            self.log.append(event)

    def _publish_step(self, step: Step) -> None:
        self._publish(e.TestStep(step=step, total_steps=self.history.total))

    def _publish_status(self) -> None:
        """Publishes status and pause where they have changed."""
        if (now := (self.status, self.paused)) != self._published_status:
            self._published_status = now
            self._publish(e.RunState(status=now[0], paused=now[1]))
