"""Who decides how fast the encoder sends, and how often it makes a keyframe."""

from media.rate import CALM_SECONDS, FLOOR, FRESH_SECONDS, Budget, KeyframeGate, Meter, RateControl, RembGuard

CEILING = 2_500_000


def test_without_estimates_the_ceiling_holds() -> None:
    assert RateControl(CEILING).target(0.0) == CEILING


def test_the_lowest_estimate_counts_within_floor_and_ceiling() -> None:
    rate = RateControl(CEILING)
    rate.report("a", 9_000_000, 0.0)
    assert rate.target(0.0) == CEILING
    rate.report("b", 1_000_000, 0.0)
    assert rate.target(0.0) == 1_000_000
    rate.report("a", 10_000, 0.0)
    assert rate.target(0.0) == FLOOR


def test_an_old_estimate_and_one_of_a_viewer_that_left_do_not_count() -> None:
    rate = RateControl(CEILING)
    rate.report("a", 1_000_000, 0.0)
    assert rate.target(0.0) == 1_000_000
    assert rate.target(FRESH_SECONDS) == CEILING
    rate.report("b", 500_000, 20.0)
    assert rate.target(20.0) == 500_000
    rate.forget("b")
    assert rate.target(30.0) == CEILING


def test_down_at_once_up_only_after_a_calm() -> None:
    rate = RateControl(CEILING)
    rate.report("a", 500_000, 0.0)
    assert rate.target(0.0) == 500_000
    rate.report("a", 2_000_000, 0.1)
    assert rate.target(0.1) == 500_000
    assert rate.target(CALM_SECONDS) == 2_000_000


def test_wobble_moves_nothing() -> None:
    rate = RateControl(CEILING)
    rate.report("a", 1_000_000, 0.0)
    rate.target(0.0)
    for estimate in (950_000, 1_200_000):
        rate.report("a", estimate, 5.0)
        assert rate.target(5.0) == 1_000_000


def test_a_ceiling_below_the_floor_is_the_floor() -> None:
    rate = RateControl(100_000)
    rate.report("a", 1, 0.0)
    assert rate.target(0.0) == 100_000


def test_keyframes_two_a_second_and_none_lost() -> None:
    gate = KeyframeGate()
    assert gate.due() is None
    for at in (10.0, 10.1):
        gate.request()
        due = gate.due()
        assert due is not None
        assert due <= at
        gate.sent(at)
    gate.request()
    assert gate.due() == 11.0
    gate.sent(11.0)
    gate.request()
    gate.request()
    assert gate.due() == 11.1


def test_a_keyframe_answers_every_request_before_it() -> None:
    gate = KeyframeGate()
    gate.request()
    gate.sent(1.0)
    assert gate.due() is None


def test_budget_forgives_a_keyframe_but_not_steady_overspending() -> None:
    budget = Budget()
    assert not budget.overspent(0.0, 1000)
    budget.spend(900)
    assert not budget.overspent(0.1, 1000)
    budget.spend(900)
    assert budget.overspent(0.2, 1000)
    assert budget.overspent(0.6, 1000)
    assert not budget.overspent(0.9, 1000)


def test_meter_forgets_after_two_seconds() -> None:
    meter = Meter()
    for at in range(4):
        meter.add(1000, float(at))
    assert meter.rate(3.0) == 1000
    assert meter.rate(4.5) == 500
    assert meter.rate(9.0) == 0


def test_estimates_of_an_idle_stream_are_no_limit() -> None:
    guard = RembGuard()
    for estimate in (100_000, 50_000, 30_000, 60_000):
        assert guard.heard(estimate, sent=30_000, target=CEILING) is None


def test_a_low_but_rising_estimate_of_a_busy_stream_is_no_limit() -> None:
    guard = RembGuard()
    guard.heard(30_000, sent=30_000, target=CEILING)
    for estimate in (32_000, 35_000):
        assert guard.heard(estimate, sent=2_400_000, target=CEILING) is None


def test_a_falling_estimate_of_a_busy_stream_is_followed_down_and_up() -> None:
    guard = RembGuard()
    assert guard.heard(2_400_000, sent=2_400_000, target=CEILING) is None
    assert guard.heard(1_000_000, sent=2_400_000, target=CEILING) == 1_000_000
    assert guard.heard(800_000, sent=900_000, target=1_000_000) == 800_000
    assert guard.heard(850_000, sent=800_000, target=800_000) == 850_000
    assert guard.heard(100_000, sent=20_000, target=850_000) == 850_000


def test_a_first_estimate_well_below_what_is_sent_is_a_limit() -> None:
    assert RembGuard().heard(400_000, sent=2_400_000, target=CEILING) == 400_000
