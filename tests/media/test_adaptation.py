"""Who gets which rendition, and at what bit rate."""

import pytest

from media.adaptation import Ladder
from media.renditions import Rendition
from media.rtp.bandwidth import CAP_SECONDS, BandwidthEstimator

BITRATE = 2_500_000


class Watcher:
    """A viewer whose path is limited by what the test says."""

    def __init__(self) -> None:
        self.bandwidth = BandwidthEstimator(BITRATE)

    def cap(self, bitrate: int, now: float) -> None:
        self.bandwidth.set_cap(bitrate, now)


@pytest.fixture
def ladder() -> Ladder[Watcher]:
    return Ladder(BITRATE)


def test_everybody_starts_at_the_top_with_all_of_the_bit_rate(ladder: Ladder[Watcher]) -> None:
    assert ladder.join(Watcher()) is Rendition.FULL
    assert ladder.settle(0.0) == []
    assert ladder.target(Rendition.FULL) == BITRATE


def test_a_lone_viewer_keeps_the_full_rendition_at_less(ladder: Ladder[Watcher]) -> None:
    a = Watcher()
    ladder.join(a)
    a.cap(1_000_000, 0.0)
    assert ladder.settle(0.0) == []
    assert ladder.target(Rendition.FULL) == 1_000_000


@pytest.mark.parametrize(
    ("limit", "rendition", "target"),
    [
        (600_000, Rendition.FULL, 600_000),
        (599_000, Rendition.HALF, 599_000),
        (200_000, Rendition.HALF, 200_000),
        (199_000, Rendition.SLOW, 199_000),
        (10_000, Rendition.SLOW, 75_000),
    ],
)
def test_down_to_what_is_worth_having(ladder: Ladder[Watcher], limit: int, rendition: Rendition, target: int) -> None:
    a = Watcher()
    ladder.join(a)
    a.cap(limit, 0.0)
    moves = ladder.settle(0.0)
    assert moves == ([] if rendition is Rendition.FULL else [(a, rendition)])
    assert ladder.target(rendition) == target


def test_a_slower_viewer_costs_another_nothing(ladder: Ladder[Watcher]) -> None:
    fast, slow = Watcher(), Watcher()
    for viewer in (fast, slow):
        ladder.join(viewer)
    slow.cap(1_200_000, 0.0)
    assert ladder.settle(0.0) == [(slow, Rendition.HALF)]
    assert ladder.target(Rendition.FULL) == BITRATE
    assert ladder.target(Rendition.HALF) == Rendition.HALF.ceiling(BITRATE)


def test_viewers_as_good_as_alike_share_what_the_least_of_them_takes(ladder: Ladder[Watcher]) -> None:
    a, b = Watcher(), Watcher()
    for viewer in (a, b):
        ladder.join(viewer)
    b.cap(1_900_000, 0.0)
    assert ladder.settle(0.0) == []
    assert ladder.target(Rendition.FULL) == 1_900_000
    ladder.leave(b)
    ladder.settle(0.0)
    assert ladder.target(Rendition.FULL) == BITRATE


def test_up_again_only_with_something_to_spare(ladder: Ladder[Watcher]) -> None:
    a = Watcher()
    ladder.join(a)
    a.cap(300_000, 0.0)
    assert ladder.settle(0.0) == [(a, Rendition.HALF)]
    a.cap(700_000, 1.0)
    assert ladder.settle(1.0) == []
    a.cap(750_000, 2.0)
    assert ladder.settle(2.0) == [(a, Rendition.FULL)]
    a.cap(650_000, 3.0)
    assert ladder.settle(3.0) == []


def test_who_is_back_at_the_top_must_not_slow_those_who_are_there(ladder: Ladder[Watcher]) -> None:
    fast, slow = Watcher(), Watcher()
    for viewer in (fast, slow):
        ladder.join(viewer)
    slow.cap(500_000, 0.0)
    ladder.settle(0.0)
    slow.cap(2_000_000, 1.0)
    assert ladder.settle(1.0) == []
    ladder.leave(fast)
    assert ladder.settle(1.0) == [(slow, Rendition.FULL)]


def test_a_cap_that_is_not_repeated_ends(ladder: Ladder[Watcher]) -> None:
    a = Watcher()
    ladder.join(a)
    a.cap(100_000, 0.0)
    assert ladder.settle(0.0) == [(a, Rendition.SLOW)]
    assert ladder.settle(CAP_SECONDS) == [(a, Rendition.FULL)]


def test_a_pinned_viewer_stays_and_its_limit_is_that_of_the_rendition(ladder: Ladder[Watcher]) -> None:
    livekit = Watcher()
    ladder.join(livekit, pinned=True)
    livekit.cap(100_000, 0.0)
    assert ladder.settle(0.0) == []
    assert ladder.target(Rendition.FULL) == Rendition.FULL.floor(BITRATE)


def test_no_rendition_goes_faster_than_the_stream() -> None:
    assert [rendition.fps(30) for rendition in Rendition] == [30, 30, 5]
    assert [rendition.fps(3) for rendition in Rendition] == [3, 3, 3]
