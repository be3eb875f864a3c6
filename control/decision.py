"""What a run wants done next, decided from all that it holds."""

from __future__ import annotations

from control.next_action import End, Finish, NextAction, Perform, Plan, Wait
from control.protocol.models import Proposal, RunStatus
from control.run_facts import RunFacts


def decide(run: RunFacts) -> NextAction:
    """Returns what the session should do now."""
    if run.final:
        return End()
    if run.status in {RunStatus.QUEUED, RunStatus.STARTING}:
        return Wait()
    if run.in_flight or run.control_lease.holder is not None:
        return Wait(run.control_lease.grace_until)
    return _if_paused(run) if run.pacing.pause_requested else _if_free(run)


def awaits_answer(run: RunFacts, version: int) -> bool:
    """Returns whether a planner's answer from this version of the instructions, and from the page as it was, counts."""
    opened = run.status not in {RunStatus.QUEUED, RunStatus.STARTING} and not run.final
    busy = run.proposal or run.in_flight or run.control_lease.holder or run.planning.exhausted
    return opened and version == run.planning.version and not busy


def wants(run: RunFacts, proposal: Proposal) -> bool:
    """Returns whether this is still what the planner was asked for."""
    if not awaits_answer(run, proposal.instructions_version):
        return False
    if proposal.source == "repair":
        return run.diagnosis is not None
    fresh = proposal.step_number == run.history.next_number
    return proposal.source == "plan" and run.diagnosis is None and fresh


def waits_for_people(run: RunFacts) -> bool:
    """Returns whether the run goes on only once somebody has helped, or approved what is proposed."""
    return run.help_request is not None or (run.proposal is not None and not run.pending.cleared)


def _if_paused(run: RunFacts) -> NextAction:
    unknown = run.proposal is None and run.diagnosis is None
    return Plan(run.planning.version) if unknown and run.planning.wanted_while_paused else Wait()


def _if_free(run: RunFacts) -> NextAction:
    if run.proposal is not None:
        deadline = run.diagnosis.deadline if run.diagnosis else None
        return Perform(run.proposal) if run.pending.cleared else Wait(deadline)
    if run.diagnosis is not None:
        return run.diagnosis.next_action()
    return Finish() if run.planning.exhausted else Plan(run.planning.version)
