"""What is written to the audit log: by whom, with which link, from where."""

from __future__ import annotations

from control.protocol.audit import AuditAction, AuditEntry
from control.protocol.commands import Command
from control.protocol.shape import Clock, utc_now
from control.roles import Actor
from signaling.ports import Audit, RunHandle

UNTOLD = frozenset({"ping", "replay_step", "pick", "input"})
"""Commands that change nothing, and input, of which there are many a second: taking control stands for it."""


class Auditor:
    """Words the entries of the audit log; does nothing where there is none."""

    def __init__(self, log: Audit | None, *, clock: Clock = utc_now) -> None:
        self._log = log
        self._clock = clock

    def note(self, action: AuditAction, actor: Actor, run: RunHandle, detail: str | None = None) -> None:
        """Writes down what somebody has done to a run."""
        if self._log is None:
            return
        self._log.note(
            AuditEntry(
                at=self._clock(),
                action=action,
                run_id=run.id,
                owner=run.owner,
                role=actor.role,
                name=actor.name,
                link=actor.link,
                viewer_id=actor.viewer_id,
                address=actor.address,
                detail=detail,
            )
        )

    def command(self, command: Command, actor: Actor, run: RunHandle) -> None:
        """Writes down a command that was carried out."""
        if command.type not in UNTOLD:
            self.note(AuditAction.STEERED, actor, run, command.type)
