"""A rate as it is set: so many at once, and as many again over a period."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` at once, and as many again over ``seconds``."""

    count: int
    """How many."""
    seconds: int
    """Over which period."""

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Returns the rate that ``10/second``, ``240/minute`` or ``1000/hour`` stands for. Raises ValueError."""
        match = re.fullmatch(r"([1-9]\d{0,6})/(second|minute|hour)", text.strip())
        if not match:
            raise ValueError("give a rate such as 10/second, 240/minute or 1000/hour")
        return cls(int(match[1]), {"second": 1, "minute": 60, "hour": 3600}[match[2]])

    def __str__(self) -> str:
        period = {1: "second", 60: "minute", 3600: "hour"}.get(self.seconds, f"{self.seconds} seconds")
        return f"{self.count} a {period}" if self.seconds in {1, 60, 3600} else f"{self.count} in {period}"
