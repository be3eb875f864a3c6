"""What an encoder aims at, and what it has spent."""

from media.rate.rate_control import CALM_SECONDS, BitrateMeter, OvershootGuard, RateControl

CEILING = 2_500_000


def test_down_at_once_up_only_after_a_calm() -> None:
    rate = RateControl(CEILING)
    assert rate.target(500_000, 0.0) == 500_000
    assert rate.target(2_000_000, 0.1) == 500_000
    assert rate.target(2_000_000, CALM_SECONDS) == 2_000_000


def test_wobble_moves_nothing() -> None:
    rate = RateControl(CEILING)
    rate.target(1_000_000, 0.0)
    for wanted in (950_000, 1_200_000):
        assert rate.target(wanted, 5.0) == 1_000_000


def test_the_ceiling_is_reached_however_near_it_is() -> None:
    rate = RateControl(CEILING)
    rate.target(2_200_000, 0.0)
    assert rate.target(CEILING, CALM_SECONDS) == CEILING


def test_budget_forgives_a_keyframe_but_not_steady_overspending() -> None:
    budget = OvershootGuard()
    assert not budget.overspent(0.0, 1000)
    budget.spend(900)
    assert not budget.overspent(0.1, 1000)
    budget.spend(900)
    assert budget.overspent(0.2, 1000)
    assert budget.overspent(0.6, 1000)
    assert not budget.overspent(0.9, 1000)


def test_meter_forgets_after_two_seconds() -> None:
    meter = BitrateMeter()
    for at in range(4):
        meter.add(1000, float(at))
    assert meter.rate(3.0) == 1000
    assert meter.rate(4.5) == 500
    assert meter.rate(9.0) == 0
