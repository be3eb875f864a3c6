"""Which of the packets that a receiver misses are sent again. No I/O and no clock of its own."""

from collections import deque
from collections.abc import Sequence

SHARE = 0.25
"""Packets sent again for each one sent: a path that loses more is full, and repairs would fill it further."""
BURST = 40.0
"""Packets that may be sent again at once after a time without losses. More would fill a path that has become narrow for
seconds, and a keyframe replaces them sooner."""
AGAIN_SECONDS = 0.05
"""The least time between two repairs of one packet; the round trip where that is longer."""
REMEMBERED = 1024
NUMBERS = 1 << 16


class RetransmissionBudget:
    """Keeps repairs to a share of what is sent. Receivers repeat their whole list of what is missing (RFC 4585
    §6.2.1), so that after an outage an unlimited sender repairs more than it sends.

    All times in seconds of one steady clock.
    """

    def __init__(self) -> None:
        self._credit = BURST
        self._at: dict[int, float] = {}
        self._order: deque[int] = deque()
        self._keyframe = 0
        self._size = 0
        self._since = NUMBERS

    def on_keyframe(self, number: int, packets: int) -> None:
        """Records that the packet with this number begins a keyframe of so many: none before it is worth repairing.

        A receiver goes on asking for them until it has the keyframe, whose own lost packets must not wait for that.
        """
        self._keyframe, self._size, self._since = number, packets, 0

    def on_sent(self, packets: int) -> None:
        """Records that so many packets have been sent for the first time."""
        self._credit = min(BURST, self._credit + packets * SHARE)
        self._since += packets

    def choose(self, numbers: Sequence[int], *, round_trip: float | None, now: float) -> list[int]:
        """Returns those of the missing packets that are to be sent again now."""
        wait = max(AGAIN_SECONDS, round_trip or 0.0)
        wanted = [number for number in numbers if (number - self._keyframe) % NUMBERS < self._since]
        chosen = [number for number in wanted if now - self._at.get(number, float("-inf")) >= wait]
        chosen = chosen[: int(self._credit)]
        self._credit -= len(chosen)
        for number in chosen:
            self._mark_sent(number, now)
        return chosen

    def is_outage(self, numbers: Sequence[int]) -> bool:
        """Returns whether the missing packets are those of an outage, which a keyframe replaces sooner than repairs.

        So many in a row are not lost on a path that is merely narrow, but for those of a keyframe.
        """
        row, before = 0, -1
        for number in numbers:
            since = (number - self._keyframe) % NUMBERS
            if self._size <= since < self._since:
                row = row + 1 if number == (before + 1) % NUMBERS else 1
                if row > BURST:
                    return True
            before = number
        return False

    def _mark_sent(self, number: int, now: float) -> None:
        if number not in self._at:
            self._order.append(number)
        self._at[number] = now
        if len(self._order) > REMEMBERED:
            del self._at[self._order.popleft()]
