"""Roles: who may send which command."""

from __future__ import annotations

import pytest

from control.errors import Forbidden
from control.protocol.commands import Command
from control.roles import LEAST_ROLE, Role, authorize
from tests.control.run_scenarios import ADA, OWNER, VIEWER

TYPES = sorted(kind.model_fields["type"].default for kind in Command.__args__)


@pytest.mark.parametrize("type", TYPES)
def test_owners_may_send_everything_and_controllers_all_but_what_is_the_owners(type: str) -> None:
    authorize(OWNER, type)
    if type != "lift_covers":
        authorize(ADA, type)
        return
    with pytest.raises(Forbidden, match=r"^a controller may not lift covers: ask the owner$"):
        authorize(ADA, type)


@pytest.mark.parametrize("type", TYPES)
def test_a_viewer_may_watch_and_replay_for_itself(type: str) -> None:
    if type in {"ping", "replay_step"}:
        authorize(VIEWER, type)
        return
    whom = "the owner" if type == "lift_covers" else "for a controller link"
    with pytest.raises(Forbidden, match=f"^a viewer may not {type.replace('_', ' ')}: ask {whom}$"):
        authorize(VIEWER, type)


def test_who_controls() -> None:
    assert [role for role in Role if role.controls] == [Role.CONTROLLER, Role.OWNER]


def test_the_role_table_has_every_command() -> None:
    assert sorted(LEAST_ROLE) == TYPES


def test_a_role_includes_those_below_it() -> None:
    roles = [Role.VIEWER, Role.CONTROLLER, Role.OWNER]
    assert [[role.includes(other) for other in roles] for role in roles] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
