"""The run as everybody may see it, and what people are needed for."""

from __future__ import annotations

from control.protocol.models import Attention, RunView
from control.run_facts import RunFacts


def view_of(run: RunFacts, *, with_steps: bool) -> RunView:
    """Returns the run as everybody may see it; ``steps`` stays empty where they are not asked for."""
    return RunView(
        id=run.id,
        name=run.spec.name or run.spec.address,
        status=run.status,
        paused=run.paused,
        url=run.spec.address,
        instructions=run.planning.instructions,
        instructions_version=run.planning.version,
        planner=run.planning.planner,
        mode=run.spec.mode,
        current_step=run.history.current,
        total_steps=run.history.total,
        steps=tuple(step.summary() for step in run.steps) if with_steps else (),
        proposal=run.proposal,
        control=run.control_lease.view(),
        viewers=len(run.viewers),
        controllers=run.viewers.controllers,
        watchers=run.viewers.watchers,
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        error=run.error,
        failed_steps=run.history.overcome,
        attention=_attention(run),
        curtain=run.curtain.view(),
        record=run.spec.record or "off",
        plan=run.plan_ahead.view() if with_steps else None,
        trace=run.spec.trace or "off",
        comments=run.comments.all,
        last_screenshot_url=next((url for step in reversed(run.steps) if (url := step.screenshot_url)), None),
    )


def _attention(run: RunFacts) -> Attention | None:
    """Returns what a person is needed for, while one is: help, or an approval."""
    request = run.help_request
    if request is not None and run.diagnosis is not None and run.diagnosis.asked_at is not None:
        return Attention(reason=request.reason, deadline=request.deadline, since=run.diagnosis.asked_at)
    pending = run.pending
    if pending.proposal is None or pending.cleared or pending.shown_at is None:
        return None
    return Attention(reason=f"Approve the step: {pending.proposal.description}", since=pending.shown_at)
