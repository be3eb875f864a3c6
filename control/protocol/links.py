"""Share links, as the owner of a run sees them. JSON is camelCase."""

from __future__ import annotations

from control.protocol.shape import Shape, Timestamp
from control.roles import Role


class SharedLink(Shape):
    """A link that opens one run; its token is known to those alone who have it."""

    id: str
    """Names the link when it is revoked."""
    role: Role
    created_at: Timestamp
    """When it was made, or was first used where it was made elsewhere, as by ``jumpseat token``."""
    expires_at: Timestamp
    last_seen_at: Timestamp | None = None
    """When it was last used; None where it never was."""
