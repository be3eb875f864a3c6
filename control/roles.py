"""Who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from control.errors import Forbidden


class Role(StrEnum):
    """From the least to the most that one may do."""

    VIEWER = "viewer"
    CONTROLLER = "controller"
    OWNER = "owner"

    @property
    def controls(self) -> bool:
        """May steer the run: everything but watching, and replaying for oneself."""
        return self is not Role.VIEWER


_FOR_EVERYBODY = frozenset({"ping", "replay_step"})


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, or program, that sent a command."""

    viewer_id: str
    """The same over all transports of one client, and public: others see it as the holder of control."""
    role: Role
    name: str = "somebody"
    """How others see them."""


def authorize(actor: Actor, command_type: str) -> None:
    """Raises Forbidden where the actor's role does not allow commands of this type."""
    if command_type not in _FOR_EVERYBODY and not actor.role.controls:
        raise Forbidden(f"a {actor.role} may not {command_type.replace('_', ' ')}: ask for a controller link")
