"""The sizes and rates that a stream is encoded at."""

from enum import StrEnum
from typing import NamedTuple

from media.frames import Codec


class Rendition(StrEnum):
    """The rungs of the ladder, best first."""

    FULL = "full"
    HALF = "half"
    SLOW = "slow"

    @property
    def divisor(self) -> int:
        """By what width and height are divided."""
        return 1 if self is Rendition.FULL else 2

    def fps(self, most: int) -> int:
        """Returns the pictures per second where the stream has `most` of them."""
        return min(most, 5) if self is Rendition.SLOW else most

    def ceiling(self, bitrate: int) -> int:
        """Returns the most it may have, in bits per second, where the stream may have `bitrate`."""
        return int(bitrate * _SHARES[self][1])

    def floor(self, bitrate: int) -> int:
        """Returns the least that it is worth having at, in bits per second."""
        return int(bitrate * _SHARES[self][0])


_SHARES = {Rendition.FULL: (0.24, 1.0), Rendition.HALF: (0.08, 0.4), Rendition.SLOW: (0.03, 0.1)}
"""Of the stream's bit rate: 600, 200 and 75 kbit/s at least and 2500, 1000 and 250 at most at the default."""


class EncodingKey(NamedTuple):
    """Identifies one encoding of a stream."""

    codec: Codec
    rendition: Rendition
    behind: bool = False
    """Whether it shows what is behind the curtain while that is closed."""
