"""How many pictures the machine can do."""

from media.rate.throttles import CaptureThrottle, EncodeThrottle


def test_fewer_pictures_when_they_take_too_much_of_the_time_and_all_of_them_again() -> None:
    throttle, now = EncodeThrottle(30), 0.0
    seen = []
    for each in (0.03, 0.005):
        for _ in range(600):
            now += 1 / throttle.fps
            throttle.on_encoded(each, now)
        seen.append(throttle.fps)
    assert 0.03 * seen[0] <= EncodeThrottle.TOO_MUCH
    assert seen[0] < 30 == seen[1]


def test_a_machine_that_can_do_nothing_still_does_a_few_pictures() -> None:
    throttle, now = EncodeThrottle(30), 0.0
    for _ in range(600):
        now += 1 / throttle.fps
        throttle.on_encoded(1 / throttle.fps, now)
    assert throttle.fps == EncodeThrottle.LEAST


def test_a_still_page_says_nothing_against_the_machine() -> None:
    throttle = EncodeThrottle(30)
    for second in range(100):
        throttle.on_encoded(0.1, second * 0.5)
    assert throttle.fps == 30


def test_capture_yields_at_once_and_comes_back_slowly() -> None:
    throttle = CaptureThrottle(30)
    seen = []
    for now, waited in enumerate([0.4, 0.4, 0.2, 0.4, *[0.0] * 20]):
        throttle.on_pressure(waited, float(now))
        seen.append(throttle.fps)
    assert seen[:4] == [15.0, 8.0, 8.0, 8.0]
    assert seen[5:10] == [10.0, 10.0, 12.5, 12.5, 15.625]
    assert seen[-1] == 30.0


def test_a_machine_that_is_very_short_gets_the_least_at_once() -> None:
    throttle = CaptureThrottle(30)
    throttle.on_pressure(0.5, 0.0)
    assert throttle.fps == 8.0


def test_who_asks_for_little_gets_it_under_pressure_too() -> None:
    throttle = CaptureThrottle(5)
    throttle.on_pressure(1.0, 0.0)
    assert throttle.fps == 5.0
