"""Roles, audience, and the wheel that one person at a time may hold."""

from __future__ import annotations

import pytest

from control.audience import Audience
from control.control_lease import ControlLease
from control.errors import ControlHeld, Forbidden, InvalidTransition, NotHolder
from control.protocol.commands import Command
from control.protocol.events import Viewers
from control.protocol.models import Holder
from control.roles import Role, authorize
from tests.control.run_scenarios import ADA, BOB, GRACE, OWNER, VIEWER, FakeClock, RunScenario

TYPES = sorted(kind.model_fields["type"].default for kind in Command.__args__)


@pytest.mark.parametrize("type", TYPES)
def test_controllers_and_owners_may_send_everything(type: str) -> None:
    authorize(ADA, type)
    authorize(OWNER, type)


@pytest.mark.parametrize("type", TYPES)
def test_a_viewer_may_watch_and_replay_for_itself(type: str) -> None:
    if type in {"ping", "replay_step"}:
        authorize(VIEWER, type)
        return
    with pytest.raises(Forbidden, match=f"^a viewer may not {type.replace('_', ' ')}: ask for a controller link$"):
        authorize(VIEWER, type)


def test_who_controls() -> None:
    assert [role for role in Role if role.controls] == [Role.CONTROLLER, Role.OWNER]


def test_a_crowd_that_comes_is_not_kept_once_for_each_event() -> None:
    audience = Audience()
    audience.join(ADA)
    told = audience.told()
    audience.join(BOB)
    assert audience.told().controllers[0] is told.controllers[0]


def test_the_audience_is_people_and_not_connections() -> None:
    audience = Audience()
    assert audience.join(ADA)
    assert not audience.join(ADA)
    assert audience.join(VIEWER)
    assert len(audience) == 2
    assert not audience.leave(ADA.viewer_id)
    assert audience.find(ADA.viewer_id) == ADA
    assert audience.leave(ADA.viewer_id)
    assert audience.find(ADA.viewer_id) is None
    assert not audience.leave(ADA.viewer_id)
    assert len(audience) == 1


def test_it_is_told_who_may_control() -> None:
    scenario = RunScenario()
    for actor in (VIEWER, BOB, ADA, BOB):
        scenario.run.join(actor)
    bob, ada = Holder(viewer_id=BOB.viewer_id, name="Bob"), Holder(viewer_id=ADA.viewer_id, name="Ada")
    assert scenario.published[-1].body == Viewers(count=3, controllers=(bob, ada))
    assert scenario.run.view().controllers == (bob, ada)
    scenario.run.leave(BOB.viewer_id)
    scenario.run.leave(BOB.viewer_id)
    assert scenario.published[-1].body == Viewers(count=2, controllers=(ada,))


# The wheel


def make_wheel() -> tuple[ControlLease, FakeClock]:
    clock = FakeClock()
    return ControlLease(clock=clock, grace=GRACE), clock


def holder_of(wheel: ControlLease) -> str | None:
    return wheel.holder.name if wheel.holder else None


def test_control_is_taken_and_released() -> None:
    wheel, clock = make_wheel()
    taken = wheel.take(ADA, force=False)
    assert taken.holder == Holder(viewer_id=ADA.viewer_id, name="Ada")
    assert (taken.since, taken.grace_until) == (clock.now, None)
    wheel.require(ADA)
    assert wheel.release(ADA, None).holder is None
    assert wheel.view().since is None


def test_control_that_is_held_is_not_to_be_had() -> None:
    wheel, _ = make_wheel()
    wheel.take(ADA, force=False)
    with pytest.raises(ControlHeld, match="Ada holds control: ask them to release it"):
        wheel.take(OWNER, force=False)
    with pytest.raises(Forbidden, match="only the run's owner"):
        wheel.take(BOB, force=True)
    with pytest.raises(InvalidTransition, match="you hold control already"):
        wheel.take(ADA, force=True)
    assert holder_of(wheel) == "Ada"


def test_the_owner_may_take_control_from_another() -> None:
    wheel, _ = make_wheel()
    wheel.take(ADA, force=False)
    wheel.take(OWNER, force=True)
    assert holder_of(wheel) == "Olga"


def test_only_the_holder_may_do_what_holders_do() -> None:
    wheel, _ = make_wheel()
    with pytest.raises(NotHolder, match="take control first"):
        wheel.require(ADA)
    wheel.take(ADA, force=False)
    with pytest.raises(NotHolder, match="Ada holds control"):
        wheel.release(BOB, None)


def test_grace_begins_when_the_holder_goes_and_is_told_once() -> None:
    wheel, clock = make_wheel()
    assert wheel.gone(ADA.viewer_id) is None
    wheel.take(ADA, force=False)
    assert wheel.gone(BOB.viewer_id) is None
    gone = wheel.gone(ADA.viewer_id)
    assert gone is not None
    assert gone.grace_until == clock.now + GRACE
    assert wheel.gone(ADA.viewer_id) is None


def test_a_holder_who_is_back_has_all_the_time() -> None:
    wheel, clock = make_wheel()
    wheel.take(ADA, force=False)
    assert wheel.back(ADA.viewer_id) is None
    wheel.gone(ADA.viewer_id)
    assert wheel.back(BOB.viewer_id) is None
    back = wheel.back(ADA.viewer_id)
    assert back is not None
    assert back.grace_until is None
    clock.pass_by(GRACE * 2)
    assert wheel.expire() is None


def test_control_expires_at_the_end_of_grace_and_not_before() -> None:
    wheel, clock = make_wheel()
    wheel.take(ADA, force=False, present=False)
    clock.pass_by(GRACE - GRACE / 100)
    assert wheel.expire() is None
    clock.pass_by(GRACE / 100)
    expired = wheel.expire()
    assert expired is not None
    assert expired.holder is None
    assert wheel.expire() is None


def test_control_is_dropped_once() -> None:
    wheel, _ = make_wheel()
    assert wheel.drop() is None
    wheel.take(ADA, force=False)
    assert wheel.drop() is not None
    assert wheel.drop() is None
