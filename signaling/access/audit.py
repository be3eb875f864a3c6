"""Notes who did what to a run, for its owner."""

from __future__ import annotations

from collections import OrderedDict

from control.protocol.audit import AuditAction, AuditEntry
from control.protocol.shape import Clock, utc_now
from control.roles import Role
from signaling.access.authentication import RequestContext
from signaling.ports import AuditTrail

_SAME_VISIT_SECONDS = 300.0
"""Whoever comes again so soon by the same transport, as polling clients do, is still the same visitor."""
_VISITORS = 10_000
_STEERING = frozenset(
    {
        *("pause", "resume", "step", "cancel", "step_override", "skip_step", "approve_step", "update_instructions"),
        *("take_control", "request_control", "release_control", "answer_dialog", "pick", "set_curtain"),
        *("browse", "copy_selection", "add_comment", "remove_comment"),
    }
)
"""Commands that change what a run does. What somebody does who holds control is in the run's steps."""


class Audit:
    """Puts what was done into the audit trail."""

    def __init__(self, trail: AuditTrail, *, clock: Clock = utc_now) -> None:
        self.trail = trail
        self._clock = clock
        self._visits: OrderedDict[tuple[str, str, str | None, str], float] = OrderedDict()
        """When each visitor was last noted, by run, credential, address and transport."""

    def created(self, run_id: str, *, owner: str, address: str | None, detail: str | None = None) -> None:
        """Notes a new run."""
        entry = AuditEntry(
            at=self._clock(),
            run_id=run_id,
            action=AuditAction.CREATED,
            who=owner,
            role=Role.OWNER,
            address=address,
            detail=detail,
        )
        self.trail.record(entry, owner=owner)

    def record(self, action: AuditAction, context: RequestContext, detail: str | None = None) -> None:
        """Notes what the context's actor did to its run."""
        entry = AuditEntry(
            at=self._clock(),
            run_id=context.run.id,
            action=action,
            who=context.actor.name,
            role=context.actor.role,
            link=_link(context),
            address=context.address,
            detail=detail,
        )
        self.trail.record(entry, owner=context.run.owner)

    def watched(self, context: RequestContext, transport: str) -> None:
        """Notes that somebody watches, once for each visit."""
        visit = (context.run.id, context.credential.identity, context.address, transport)
        now = self._clock().timestamp()
        last = self._visits.get(visit)
        self._visits[visit] = now
        self._visits.move_to_end(visit)
        if len(self._visits) > _VISITORS:
            self._visits.popitem(last=False)
        if last is None or now - last > _SAME_VISIT_SECONDS:
            self.record(AuditAction.WATCHED, context, transport)

    def steered(self, context: RequestContext, command: str) -> None:
        """Notes a command that was carried out, where it is one that steers."""
        if command in _STEERING:
            self.record(AuditAction.STEERED, context, command)


def _link(context: RequestContext) -> str | None:
    """Returns the id of the share link that was used, itself or by a ticket that was made from it."""
    claims = context.credential.claims
    if claims is None:
        return None
    return claims.parent or (claims.id if claims.subject is None else None)
