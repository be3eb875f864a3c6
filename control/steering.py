"""What people may do to a run: one method a command. Each does it, or raises Refused and has changed nothing."""

from __future__ import annotations

from typing import assert_never

from control.core import RunCore, Stepping
from control.errors import InvalidTransition, NotFound
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import Holder, Proposal, RunStatus, Source, StepStatus
from control.roles import Actor


class Steering:
    """Carries commands out; who may send which was asked before."""

    def __init__(self, run: RunCore) -> None:
        self._run = run

    def carry_out(self, command: c.Command, actor: Actor) -> None:  # noqa: PLR0912 - one line a command
        match command:
            case c.Pause():
                self._pause()
            case c.Resume():
                self._resume()
            case c.StepOnce():
                self._step_once()
            case c.Cancel():
                self._run.end(RunStatus.CANCELLED, None)
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
                self._run.require_active(command.type.replace("_", " "))
                self._run.wheel.require(actor)
            case c.Pick():
                self._run.require_active("pick an element")
            case c.ReplayStep():
                self._run.ledger.get(command.step_number)
            case c.Ping():
                pass
            case _:
                assert_never(command)

    def _pause(self) -> None:
        run = self._run
        if run.wheel.holder is not None:
            raise InvalidTransition(f"{run.wheel.holder.name} holds control, so the run is paused already")
        if run.pause_asked:
            raise InvalidTransition("the run is paused already")
        run.pause_asked = True
        run.look_once = False
        if run.stepping is Stepping.NEXT:
            run.upcoming.revoke_approval()
        run.stepping = Stepping.NO

    def _resume(self) -> None:
        run = self._run
        run.refuse_while_held("resume")
        if not run.pause_asked and run.stepping is Stepping.NO and not self._helpless():
            raise InvalidTransition("the run is not paused")
        run.pause_asked = False
        run.stepping = Stepping.NO
        if run.diagnosis:
            run.look_afresh()

    def _step_once(self) -> None:
        run = self._run
        run.require_active("step")
        run.refuse_while_held("step")
        if run.stepping is Stepping.NEXT and not self._waits_for_people():
            raise InvalidTransition("a single step is coming already")
        run.pause_asked = False
        run.stepping = Stepping.NEXT
        if run.proposal is not None:
            run.upcoming.approve()
        elif run.diagnosis is not None:
            run.look_afresh()

    def _override(self, action: Action) -> None:
        self._run.require_active("override a step")
        self._run.upcoming.queue(action)
        self._run.promote()

    def _skip(self) -> None:
        run = self._run
        run.require_active("skip a step")
        run.refuse_while_held("skip a step")
        if run.in_flight:
            raise InvalidTransition("a step is being done: wait for it, or take control to interrupt it")
        if run.proposal is None and run.diagnosis is None:
            raise InvalidTransition("no step is proposed yet")
        recorded = run.proposal is None or self._repairs_a_step(run.proposal)
        run.settle()
        if run.proposal is not None and not recorded:
            self._record_skipped(run.proposal)
        run.upcoming.drop("it was skipped")
        run.look_once = True
        run.promote()

    def _approve(self, proposal_id: str | None) -> None:
        self._run.refuse_while_held("approve a step")
        self._run.upcoming.require_asking(proposal_id)
        self._run.upcoming.approve()

    def _instruct(self, instructions: str) -> None:
        run = self._run
        run.require_active("update the instructions")
        run.version += 1
        run.instructions = instructions
        if run.planner == "script":
            run.planner = "plain"
        run.ledger.forget_plan()
        run.diagnosis = None
        run.exhausted_plan = False
        run.look_once = True
        run.tell(e.InstructionsUpdated(instructions=instructions, version=run.version))
        if not run.upcoming.is_override:
            run.upcoming.withdraw()

    def _take_control(self, actor: Actor, *, force: bool) -> None:
        run = self._run
        run.require_active("take control")
        handed = run.wheel.holder is not None
        present = run.audience.find(actor.viewer_id) is not None
        run.tell(run.wheel.take(actor, force=force, present=present))
        run.acted = run.acted and handed
        run.upcoming.set_aside()

    def _release_control(self, actor: Actor, to: str | None) -> None:
        run = self._run
        run.wheel.require(actor)
        if to is not None:
            run.tell(run.wheel.release(actor, self._heir(to)))
            return
        run.tell(run.wheel.release(actor, None))
        run.released()

    def _heir(self, viewer_id: str) -> Holder:
        heir = self._run.audience.find(viewer_id)
        if heir is None or not heir.role.controls:
            raise NotFound("control can be handed only to a controller who is connected")
        return Holder(viewer_id=heir.viewer_id, name=heir.name)

    def _waits_for_people(self) -> bool:
        run = self._run
        return self._helpless() or (run.proposal is not None and not run.upcoming.cleared)

    def _helpless(self) -> bool:
        """People are asked for help."""
        return self._run.diagnosis is not None and self._run.diagnosis.help is not None

    def _repairs_a_step(self, proposal: Proposal) -> bool:
        """The step that it is for is in the books already, as failed."""
        failed = self._run.diagnosis.step if self._run.diagnosis else None
        return proposal.source == "repair" and failed is not None

    def _record_skipped(self, proposal: Proposal) -> None:
        run = self._run
        source = Source.OVERRIDE if proposal.source == "override" else Source.PLAN
        step = run.ledger.record(
            proposal.action,
            StepStatus.SKIPPED,
            source=source,
            version=run.version,
            description=proposal.description,
            reasoning=proposal.reasoning,
            proposed=run.upcoming.displaced,
            duration_ms=0,
        )
        run.tell_step(step)
