"""Large frames leave at a pace, small ones at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.bandwidth import FREE_PACE, PACE, BandwidthEstimator
from media.rtp.pacer import BURST_SECONDS, PACKET, PACKETS_AT_ONCE, Pacer

LARGE = (bytes(PACKET),) * 200


def departures(pacer: Pacer, payloads: tuple[bytes, ...], pace: float, start: float) -> list[tuple[float, int]]:
    """When how many packets leave, as the sender has it."""
    now, left = start, payloads
    found: list[tuple[float, int]] = []
    for _ in range(1000):
        if not left:
            return found
        count = pacer.take(left, pace, now)
        found.append((now, count))
        left = left[count:]
        now += pacer.wait(left, pace)
    raise AssertionError(f"{len(left)} packets never left")


@given(st.floats(60_000, 100e6), st.lists(st.tuples(st.integers(1, 300), st.floats(0, 2)), min_size=1, max_size=8))
def test_no_more_than_the_pace_and_one_burst_leaves_and_everything_does(
    pace: float, frames: list[tuple[int, float]]
) -> None:
    pacer, now, sent = Pacer(), 100.0, 0
    for packets, rest in frames:
        for at, count in departures(pacer, LARGE[:1] * packets, pace, now):
            sent += count * PACKET
            now = at
            assert sent <= (now - 100) * pace / 8 + (PACKETS_AT_ONCE + 1) * PACKET
        now += rest


def test_what_fits_into_a_burst_leaves_at_once() -> None:
    assert departures(Pacer(), LARGE[:PACKETS_AT_ONCE], 50e6, 0) == [(0, PACKETS_AT_ONCE)]
    narrow = int(1.25e6 * BURST_SECONDS / 8 / PACKET)
    assert departures(Pacer(), LARGE[:narrow], 1.25e6, 0) == [(0, narrow)]


def test_a_large_frame_takes_the_time_that_its_bytes_take_at_the_pace() -> None:
    last, _ = departures(Pacer(), LARGE, 10e6, 0)[-1]
    burst = min(PACKETS_AT_ONCE, 10e6 * BURST_SECONDS / 8 / PACKET) * PACKET
    assert last == pytest.approx((len(LARGE) * PACKET - burst) * 8 / 10e6, abs=0.005)


def test_what_is_sent_again_is_waited_for_but_not_for_long() -> None:
    pacer = Pacer()
    assert pacer.take(LARGE[:40], 10e6, 0) == 40
    pacer.spend(100 * PACKET)
    assert pacer.take(LARGE, 10e6, 0) == 0
    assert pacer.wait(LARGE, 10e6) < 0.02


def test_the_pace_follows_what_the_path_takes() -> None:
    path = BandwidthEstimator(2_500_000)
    assert path.pace == 2_500_000 * FREE_PACE
    path.on_remb(3_000_000, sent=2_400_000, target=2_500_000, now=0)
    path.on_remb(600_000, sent=2_400_000, target=2_500_000, now=1)
    assert path.pace == 600_000 * PACE
