"""Who may send which command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from control.errors import Forbidden
from control.protocol.commands import in_words


class Role(StrEnum):
    """What one may do, from the least to the most."""

    VIEWER = "viewer"
    CONTROLLER = "controller"
    OWNER = "owner"

    @property
    def controls(self) -> bool:
        """True where the role may steer the run: everything but watching, and replaying for oneself."""
        return self is not Role.VIEWER

    def includes(self, other: Role) -> bool:
        """Returns whether this role may do everything that the other may."""
        order = tuple(Role)
        return order.index(self) >= order.index(other)


LEAST_ROLE: Final[Mapping[str, Role]] = {
    "ping": Role.VIEWER,
    "replay_step": Role.VIEWER,
    "pause": Role.CONTROLLER,
    "resume": Role.CONTROLLER,
    "step": Role.CONTROLLER,
    "cancel": Role.CONTROLLER,
    "step_override": Role.CONTROLLER,
    "skip_step": Role.CONTROLLER,
    "approve_step": Role.CONTROLLER,
    "update_instructions": Role.CONTROLLER,
    "take_control": Role.CONTROLLER,
    "request_control": Role.CONTROLLER,
    "release_control": Role.CONTROLLER,
    "set_curtain": Role.CONTROLLER,
    "lift_covers": Role.OWNER,
    "input": Role.CONTROLLER,
    "browse": Role.CONTROLLER,
    "copy_selection": Role.CONTROLLER,
    "add_comment": Role.CONTROLLER,
    "remove_comment": Role.CONTROLLER,
    "pick": Role.CONTROLLER,
    "answer_dialog": Role.CONTROLLER,
}
"""The least role that may send a command, by the command's type. Taking control from another person by force needs an
owner besides, which depends on who holds it: see ``ControlLease.take``."""


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
    if not actor.role.includes(LEAST_ROLE.get(command_type, Role.OWNER)):
        whom = "for a controller link" if LEAST_ROLE.get(command_type) is Role.CONTROLLER else "the owner"
        raise Forbidden(f"a {actor.role} may not {in_words(command_type)}: ask {whom}")
