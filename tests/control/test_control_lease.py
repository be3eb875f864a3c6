"""The control lease: one person at a time holds control, and may be gone for a while."""

from __future__ import annotations

import pytest

from control.control_lease import ControlLease
from control.errors import ControlHeld, Forbidden, InvalidTransition, NotHolder
from control.protocol.models import Holder
from tests.control.run_scenarios import ADA, BOB, GRACE, OWNER, FakeClock


def make_lease() -> tuple[ControlLease, FakeClock]:
    clock = FakeClock()
    return ControlLease(clock=clock, grace=GRACE), clock


def holder_of(lease: ControlLease) -> str | None:
    return lease.holder.name if lease.holder else None


def test_control_is_taken_and_released() -> None:
    lease, clock = make_lease()
    taken = lease.take(ADA, force=False)
    assert taken.holder == Holder(viewer_id=ADA.viewer_id, name="Ada")
    assert (taken.since, taken.grace_until) == (clock.now, None)
    lease.require_holder(ADA)
    assert lease.release(ADA, None).holder is None
    assert lease.view().since is None


def test_control_that_is_held_is_not_to_be_had() -> None:
    lease, _ = make_lease()
    lease.take(ADA, force=False)
    with pytest.raises(ControlHeld, match="Ada holds control: ask them to release it"):
        lease.take(OWNER, force=False)
    with pytest.raises(Forbidden, match="only the run's owner"):
        lease.take(BOB, force=True)
    with pytest.raises(InvalidTransition, match="you hold control already"):
        lease.take(ADA, force=True)
    assert holder_of(lease) == "Ada"


def test_the_owner_may_take_control_from_another() -> None:
    lease, _ = make_lease()
    lease.take(ADA, force=False)
    lease.take(OWNER, force=True)
    assert holder_of(lease) == "Olga"


def test_only_the_holder_may_do_what_holders_do() -> None:
    lease, _ = make_lease()
    with pytest.raises(NotHolder, match="take control first"):
        lease.require_holder(ADA)
    lease.take(ADA, force=False)
    with pytest.raises(NotHolder, match="Ada holds control"):
        lease.release(BOB, None)


def test_grace_begins_when_the_holder_goes_and_is_published_once() -> None:
    lease, clock = make_lease()
    assert lease.viewer_disconnected(ADA.viewer_id) is None
    lease.take(ADA, force=False)
    assert lease.viewer_disconnected(BOB.viewer_id) is None
    gone = lease.viewer_disconnected(ADA.viewer_id)
    assert gone is not None
    assert gone.grace_until == clock.now + GRACE
    assert lease.viewer_disconnected(ADA.viewer_id) is None


def test_a_holder_who_is_back_has_all_the_time() -> None:
    lease, clock = make_lease()
    lease.take(ADA, force=False)
    assert lease.viewer_reconnected(ADA.viewer_id) is None
    lease.viewer_disconnected(ADA.viewer_id)
    assert lease.viewer_reconnected(BOB.viewer_id) is None
    back = lease.viewer_reconnected(ADA.viewer_id)
    assert back is not None
    assert back.grace_until is None
    clock.pass_by(GRACE * 2)
    assert lease.expire() is None


def test_control_expires_at_the_end_of_grace_and_not_before() -> None:
    lease, clock = make_lease()
    lease.take(ADA, force=False, present=False)
    clock.pass_by(GRACE - GRACE / 100)
    assert lease.expire() is None
    clock.pass_by(GRACE / 100)
    expired = lease.expire()
    assert expired is not None
    assert expired.holder is None
    assert lease.expire() is None


def test_control_is_dropped_once() -> None:
    lease, _ = make_lease()
    assert lease.revoke() is None
    lease.take(ADA, force=False)
    assert lease.revoke() is not None
    assert lease.revoke() is None
