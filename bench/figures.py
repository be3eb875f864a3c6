"""What a benchmark's figures are made of."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the report."""

    key: str
    """Its name in `results.json`."""
    title: str
    rows: list[Row]
    """All with the same keys, in the order of the columns."""


def percentile(values: Sequence[float], percent: float) -> float | None:
    """By nearest rank, to a tenth; None where there are no values."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)], 1) if ordered else None


def spread(values: Sequence[float]) -> Row:
    """Median and 95th percentile, and how many values they stand on."""
    return {"p50Ms": percentile(values, 50), "p95Ms": percentile(values, 95), "samples": len(values)}


def ratio(value: object, other: object) -> float | None:
    """To three digits; None where one of them was not measured."""
    if not isinstance(value, int | float) or not isinstance(other, int | float) or not other:
        return None
    return float(f"{value / other:.3g}")


def machine() -> Row:
    """What the figures were measured on, and how busy it was just before."""
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "loadAverage": round(os.getloadavg()[0], 2),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
