"""How fast an encoder sends, how often it makes a keyframe, and how many pictures the machine can do."""

from media.rate import (
    CALM_SECONDS,
    BitrateMeter,
    CaptureThrottle,
    EncodeThrottle,
    KeyframeGate,
    OvershootGuard,
    RateControl,
)

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


def test_fewer_pictures_when_they_take_too_much_of_the_time_and_all_of_them_again() -> None:
    effort, now = EncodeThrottle(30), 0.0
    seen = []
    for each in (0.03, 0.005):
        for _ in range(600):
            now += 1 / effort.fps
            effort.note(each, now)
        seen.append(effort.fps)
    assert 0.03 * seen[0] <= EncodeThrottle.TOO_MUCH
    assert seen[0] < 30 == seen[1]


def test_a_machine_that_can_do_nothing_still_does_a_few_pictures() -> None:
    effort, now = EncodeThrottle(30), 0.0
    for _ in range(600):
        now += 1 / effort.fps
        effort.note(1 / effort.fps, now)
    assert effort.fps == EncodeThrottle.LEAST


def test_a_still_page_says_nothing_against_the_machine() -> None:
    effort = EncodeThrottle(30)
    for second in range(100):
        effort.note(0.1, second * 0.5)
    assert effort.fps == 30


def test_capture_yields_at_once_and_comes_back_slowly() -> None:
    deference = CaptureThrottle(30)
    seen = []
    for now, waited in enumerate([0.4, 0.4, 0.2, 0.4, *[0.0] * 20]):
        deference.note(waited, float(now))
        seen.append(deference.fps)
    assert seen[:4] == [15.0, 8.0, 8.0, 8.0]
    assert seen[5:10] == [10.0, 10.0, 12.5, 12.5, 15.625]
    assert seen[-1] == 30.0


def test_a_machine_that_is_very_short_gets_the_least_at_once() -> None:
    deference = CaptureThrottle(30)
    deference.note(0.5, 0.0)
    assert deference.fps == 8.0


def test_who_asks_for_little_gets_it_under_pressure_too() -> None:
    deference = CaptureThrottle(5)
    deference.note(1.0, 0.0)
    assert deference.fps == 5.0
