"""What is taken for congestion, what is not, and how a limit goes away again: by a clock of the test's own."""

import random

from media.rtp.bandwidth import HOLD_SECONDS, LEAST, LONG_HOLD_SECONDS, BandwidthEstimator

CEILING = 2_500_000


def reported(
    path: BandwidthEstimator, start: float, *, seconds: int, lost: float = 0.0, trip: float = 0.02, sent: int = CEILING
) -> float:
    """One report a second; returns the time after the last of them."""
    for second in range(seconds):
        path.on_receiver_report(lost=lost, round_trip=trip, sent=sent, target=CEILING, now=start + second)
    return start + seconds


def test_a_good_path_has_no_limit() -> None:
    path = BandwidthEstimator(CEILING)
    reported(path, 0, seconds=60)
    assert path.limit is None


def test_a_path_that_loses_one_in_twenty_has_no_limit() -> None:
    path, chance = BandwidthEstimator(CEILING), random.Random(1)
    for second in range(300):
        lost = sum(chance.random() < 0.05 for _ in range(40)) / 40
        path.on_receiver_report(lost=lost, round_trip=0.02, sent=400_000, target=CEILING, now=second)
    assert path.limit is None


def test_heavy_loss_cuts_to_less_than_what_got_through() -> None:
    path = BandwidthEstimator(CEILING)
    path.on_receiver_report(lost=0.8, round_trip=0.02, sent=CEILING, target=CEILING, now=0)
    assert path.limit is not None
    assert LEAST < path.limit < CEILING * 0.2


def test_loss_of_the_few_packets_of_a_still_page_means_nothing() -> None:
    path = BandwidthEstimator(CEILING)
    reported(path, 0, seconds=20, lost=0.5, sent=30_000)
    assert path.limit is None


def test_reports_about_what_was_sent_before_a_cut_do_not_cut_again() -> None:
    path = BandwidthEstimator(CEILING)
    path.on_receiver_report(lost=0.5, round_trip=0.02, sent=CEILING, target=CEILING, now=0)
    first = path.limit
    path.on_receiver_report(lost=0.9, round_trip=0.02, sent=CEILING, target=CEILING, now=0.5)
    assert path.limit == first
    path.on_receiver_report(lost=0.9, round_trip=0.02, sent=CEILING, target=CEILING, now=1.5)
    assert path.limit is not None
    assert first is not None
    assert path.limit < first


def test_a_round_trip_has_to_go_on_growing_unless_it_is_long() -> None:
    path = BandwidthEstimator(CEILING)
    now = reported(path, 0, seconds=3)
    for trip in (0.2, 0.02, 0.2):
        now = reported(path, now, seconds=1, trip=trip)
    assert path.limit is None
    now = reported(path, now, seconds=1, trip=0.3)
    assert path.limit == CEILING * 0.8
    reported(path, now + 1, seconds=1, trip=0.6)
    assert path.limit == CEILING * 0.8 * 0.6


def test_a_way_that_is_simply_longer_now_is_no_congestion() -> None:
    path = BandwidthEstimator(CEILING)
    now = reported(path, 0, seconds=5)
    reported(path, now, seconds=20, trip=0.32)
    assert path.limit is None
    reported(path, now + 20, seconds=10, trip=0.6)
    assert path.limit is None


def test_a_way_that_is_very_much_longer_is_found_out() -> None:
    path = BandwidthEstimator(CEILING)
    now = reported(path, 0, seconds=5)
    now = reported(path, now, seconds=3, trip=0.8)
    assert path.limit is not None
    reported(path, now, seconds=20, trip=0.8)
    assert path.limit is None


def test_a_path_that_is_long_from_the_beginning_is_as_good_as_any() -> None:
    path = BandwidthEstimator(CEILING)
    reported(path, 0, seconds=60, trip=0.3)
    assert path.limit is None


def test_the_way_back_up_takes_less_than_fifteen_seconds() -> None:
    path = BandwidthEstimator(CEILING)
    path.on_receiver_report(lost=0.9, round_trip=0.02, sent=CEILING, target=CEILING, now=0)
    assert path.limit is not None
    assert path.limit <= CEILING / 10
    low = path.limit
    now = reported(path, 1, seconds=int(HOLD_SECONDS) - 1)
    assert path.limit == low
    reported(path, now, seconds=15 - int(now))
    assert path.limit is None


def test_growth_that_has_failed_soon_is_tried_again_later() -> None:
    path = BandwidthEstimator(CEILING)
    path.on_receiver_report(lost=0.5, round_trip=0.02, sent=CEILING, target=CEILING, now=0)
    now = reported(path, 1, seconds=5)
    path.on_receiver_report(lost=0.5, round_trip=0.02, sent=CEILING, target=CEILING, now=now)
    limit = path.limit
    reported(path, now + 1, seconds=int(LONG_HOLD_SECONDS) - 1)
    assert path.limit == limit
    reported(path, now + LONG_HOLD_SECONDS + 1, seconds=1)
    assert path.limit is not None
    assert limit is not None
    assert path.limit > limit


def test_without_reports_nothing_grows() -> None:
    path = BandwidthEstimator(CEILING)
    path.on_receiver_report(lost=0.9, round_trip=0.02, sent=CEILING, target=CEILING, now=0)
    low = path.limit
    assert low is not None
    path.on_receiver_report(lost=0, round_trip=0.02, sent=CEILING, target=CEILING, now=100)
    assert path.limit is not None
    assert path.limit < low * 3


def test_estimates_of_an_idle_stream_are_no_limit() -> None:
    path = BandwidthEstimator(CEILING)
    for estimate in (100_000, 50_000, 30_000, 60_000):
        path.on_remb(estimate, sent=30_000, target=CEILING, now=0)
    assert path.limit is None


def test_a_low_but_rising_estimate_of_a_busy_stream_is_no_limit() -> None:
    path = BandwidthEstimator(CEILING)
    path.on_remb(30_000, sent=30_000, target=CEILING, now=0)
    for estimate in (32_000, 35_000):
        path.on_remb(estimate, sent=2_400_000, target=CEILING, now=0)
    assert path.limit is None


def test_a_falling_estimate_of_a_busy_stream_is_followed_down() -> None:
    path = BandwidthEstimator(CEILING)
    limits = []
    for estimate, sent, target in [
        (2_400_000, 2_400_000, CEILING),
        (1_000_000, 2_400_000, CEILING),
        (800_000, 900_000, 1_000_000),
        (850_000, 800_000, 800_000),
        (100_000, 20_000, 850_000),
    ]:
        path.on_remb(estimate, sent=sent, target=target, now=0)
        limits.append(path.limit)
    assert limits == [None, 1_000_000, 800_000, 800_000, 800_000]


def test_a_first_estimate_well_below_what_is_sent_is_a_limit() -> None:
    path = BandwidthEstimator(CEILING)
    path.on_remb(400_000, sent=2_400_000, target=CEILING, now=0)
    assert path.limit == 400_000


def test_a_limit_does_not_outgrow_what_is_tried() -> None:
    path = BandwidthEstimator(CEILING)
    path.on_remb(200_000, sent=CEILING, target=CEILING, now=0)
    for second in range(30):
        path.on_receiver_report(lost=0, round_trip=0.02, sent=200_000, target=200_000, now=second)
    assert path.limit == 400_000
