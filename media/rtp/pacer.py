"""When the packets of a large frame may leave, so that they do not fill the queue of a narrow path.

No I/O and no clock of its own.
"""

from collections.abc import Sequence

PACKETS_AT_ONCE = 40
"""What a socket and a home router take in one go."""
BURST_SECONDS = 0.04
"""What may leave at once after a rest, in time at the pace; two packets at least."""
DEBT_PACKETS = 4
PACKET = 1200
"""Bytes of payload in a full packet."""


class Pacer:
    """A bucket of bytes, filled at the pace; times in seconds of one steady clock.

    Frames that change little pass whole: only what is larger than the bucket is spread.
    """

    def __init__(self) -> None:
        self._tokens = float("inf")
        self._at = 0.0

    def take(self, payloads: Sequence[bytes], pace: float, now: float) -> int:
        """Returns how many of these payloads may leave now, in order.

        Args:
            pace: bits per second.
        """
        depth = min(PACKETS_AT_ONCE, max(2.0, pace * BURST_SECONDS / 8 / PACKET)) * PACKET
        self._tokens = min(depth, self._tokens + max(0.0, now - self._at) * pace / 8)
        self._at = now
        count = 0
        while count < min(len(payloads), PACKETS_AT_ONCE) and self._tokens > 0:
            self._tokens -= len(payloads[count])
            count += 1
        return count

    def spend(self, octets: int) -> None:
        """Records what has left besides, such as packets that are sent again; new ones wait for some of it only."""
        self._tokens = max(self._tokens - octets, -DEBT_PACKETS * PACKET)

    def wait(self, payloads: Sequence[bytes], pace: float) -> float:
        """Returns the seconds from the latest `take` until some of the payloads left may leave: a tenth of a burst."""
        some = min(len(payloads), PACKETS_AT_ONCE // 10) * PACKET
        return max(0.0, (min(some, sum(map(len, payloads))) - self._tokens) * 8 / pace)
