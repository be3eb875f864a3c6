"""How much is tried: the same inputs each time in CI, more and others with ``--hypothesis-profile=long``."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, settings

_MORE = 20
_SLOW = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)
"""Fixtures are servers, which are to outlive many inputs."""


def is_long() -> bool:
    return settings.get_current_profile_name() == "long"


def inputs(count: int) -> settings:
    """For a test of hypothesis that tries ``count`` inputs in CI."""
    long = is_long()
    more = _MORE if long else 1
    return settings(
        max_examples=count * more, derandomize=not long, database=None, deadline=None, suppress_health_check=_SLOW
    )


def rounds(count: int) -> range:
    """For a test that draws its inputs from ``dice``."""
    return range(count * (_MORE if is_long() else 1))


def dice(name: str) -> random.Random:
    """The same for each run of a test in CI."""
    return random.Random(None if is_long() else name)
