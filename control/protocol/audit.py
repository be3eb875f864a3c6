"""The audit of a run: who did what to it, when, and from where. JSON is camelCase."""

from __future__ import annotations

from enum import StrEnum

from control.protocol.shape import Shape, Timestamp
from control.roles import Role


class AuditAction(StrEnum):
    """What is written down."""

    CREATED = "created"
    WATCHED = "watched"
    STEERED = "steered"
    SHARED = "shared"
    REVOKED = "revoked"
    EXPORTED = "exported"
    DELETED = "deleted"


class AuditEntry(Shape):
    """One thing that somebody did."""

    at: Timestamp
    action: AuditAction
    run_id: str
    owner: str
    """The name of the API key that the run belongs to."""
    role: Role
    name: str
    """The name of the API key, or what others see of one with a link."""
    link: str | None = None
    """The id of the link that it was done with; None for an API key."""
    viewer_id: str | None = None
    address: str
    """The client's, as far as trusted proxies tell it."""
    detail: str | None = None
    """The command, the transport, the format, or the link and its role; never what was typed."""


class AuditTrail(Shape):
    """What was done to a run, in order."""

    entries: tuple[AuditEntry, ...]
