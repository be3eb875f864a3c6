"""Timestamps that always rise."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from media.rtp.clock import RtpClock


def test_ticks_are_those_of_the_wall_clock() -> None:
    clock = RtpClock()
    assert clock.stamp(2.0) == 180_000
    assert clock.stamp(2.5) == 225_000


def test_a_picture_taken_before_the_last_repetition_comes_just_after_it() -> None:
    clock = RtpClock()
    clock.stamp(10.0)
    assert clock.stamp(9.97) == 900_000 + RtpClock.STEP
    assert clock.stamp(10.1) == 909_000


def test_a_jump_of_the_wall_clock_leaves_no_gap() -> None:
    clock = RtpClock()
    last = clock.stamp(1000.0)
    for jumped in (5000.0, 100.0):
        start = clock.stamp(jumped)
        assert start == last + RtpClock.STEP
        last = clock.stamp(jumped + 1)
        assert last == start + 90_000


@given(st.lists(st.floats(0, 4e9), min_size=2, max_size=50))
def test_timestamps_always_rise(times: list[float]) -> None:
    clock = RtpClock()
    stamps = [clock.stamp(at) for at in times]
    assert all(earlier < later for earlier, later in pairwise(stamps))
