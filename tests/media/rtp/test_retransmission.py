"""Which lost packets are sent again."""

from media.rtp.retransmission import AGAIN_SECONDS, BURST, SHARE, RetransmissionBudget


def test_what_is_missing_is_sent_again_once_in_a_round_trip() -> None:
    budget = RetransmissionBudget()
    assert budget.choose([1, 2], round_trip=None, now=0.0) == [1, 2]
    assert budget.choose([1, 2, 3], round_trip=None, now=AGAIN_SECONDS / 2) == [3]
    assert budget.choose([1, 2, 3], round_trip=0.3, now=0.2) == []
    assert budget.choose([1], round_trip=0.3, now=0.3) == [1]


def test_repairs_stay_a_share_of_what_is_sent() -> None:
    budget = RetransmissionBudget()
    missing = list(range(1000))
    assert len(budget.choose(missing, round_trip=None, now=0.0)) == BURST
    budget.on_sent(80)
    assert len(budget.choose(missing, round_trip=None, now=1.0)) == 80 * SHARE
    assert budget.choose(missing, round_trip=None, now=2.0) == []


def test_what_came_before_the_newest_keyframe_is_not_sent_again() -> None:
    budget = RetransmissionBudget()
    budget.on_keyframe(65530, 3)
    budget.on_sent(10)
    assert budget.choose([65000, 65529, 65530, 65535, 3], round_trip=None, now=0.0) == [65530, 65535, 3]
    budget.on_sent(65536)
    assert budget.choose([65000, 65529], round_trip=None, now=1.0) == [65000, 65529]


def test_long_ago_is_forgotten() -> None:
    budget = RetransmissionBudget()
    for start in range(0, 65536, 10):
        budget.on_sent(100)
        assert len(budget.choose(range(start, min(start + 10, 65536)), round_trip=None, now=float(start))) > 0
    assert budget.choose([0], round_trip=1e9, now=70_000.0) == [0]


def test_an_outage_is_too_much_and_scattered_losses_are_not() -> None:
    budget = RetransmissionBudget()
    budget.on_keyframe(65500, 60)
    budget.on_sent(400)
    numbers = [(65500 + place) % 65536 for place in range(400)]
    most = int(BURST)
    assert not budget.is_outage(numbers[:60])  # of the keyframe itself
    assert not budget.is_outage(numbers[60 : 60 + most])
    assert budget.is_outage(numbers[60 : 61 + most])
    assert not budget.is_outage([*numbers[60::5], *numbers[60:80]])
    budget.on_keyframe(numbers[399] + 1, 1)
    assert not budget.is_outage(numbers)
