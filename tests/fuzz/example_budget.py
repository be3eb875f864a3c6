"""How much is tried, by Hypothesis's profile.

The same inputs each time. With ``--hypothesis-profile=quick``, as `make quick` runs it, the first tenth of them; with
``--hypothesis-profile=long`` twenty times as many, and others each time.
"""

from __future__ import annotations

import random

from hypothesis import HealthCheck, settings

_SHARES = {"quick": 0.1, "long": 20.0}
_SLOW = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)
"""Fixtures are servers, which are to outlive many inputs."""


def is_long() -> bool:
    return settings.get_current_profile_name() == "long"


def is_quick() -> bool:
    return settings.get_current_profile_name() == "quick"


def _share(count: int) -> int:
    return max(1, round(count * _SHARES.get(settings.get_current_profile_name(), 1.0)))


def inputs(count: int) -> settings:
    """For a test of hypothesis that tries ``count`` inputs in CI."""
    return settings(
        max_examples=_share(count),
        derandomize=not is_long(),
        database=None,
        deadline=None,
        suppress_health_check=_SLOW,
    )


def rounds(count: int) -> range:
    """For a test that draws its inputs from ``dice``."""
    return range(_share(count))


def dice(name: str) -> random.Random:
    """The same for each run of a test in CI."""
    return random.Random(None if is_long() else name)
