"""The audit trail: who did what to a run, when, and from where. JSON is camelCase."""

from __future__ import annotations

from enum import StrEnum

from control.protocol.shape import Shape, Timestamp
from control.roles import Role


class AuditAction(StrEnum):
    """What somebody did."""

    CREATED = "created"
    REMOVED = "removed"
    WATCHED = "watched"
    STEERED = "steered"
    SHARED = "shared"
    REVOKED = "revoked"
    EXPORTED = "exported"
    KEPT_SECRET = "kept_secret"
    LIFTED_COVERS = "lifted_covers"


class AuditEntry(Shape):
    """One thing that somebody did; nothing that was typed, and no secret, is in it."""

    at: Timestamp
    run_id: str
    action: AuditAction
    who: str
    """The name of the API key, or a viewer's own name, by which events call them, too."""
    role: Role
    link: str | None = None
    """The id of the share link that was used; None for an API key."""
    address: str | None = None
    """The address of the client; None where another server, such as LiveKit's, stands between."""
    detail: str | None = None
    """The attach session that a run was created by, the transport of who watched, the command of who steered, the id of
    the link that was shared or revoked, the format that was exported, the name of the secret that was kept, whether
    covered fields are ``shown`` or ``covered`` from now on."""


class NumberedAuditEntry(AuditEntry):
    """An entry as it is kept."""

    number: int
    """Grows from entry to entry of a server, with gaps."""
