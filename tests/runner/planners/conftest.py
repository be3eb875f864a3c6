"""Pages for planners to look at, on the browser that the worker's tests share."""

from __future__ import annotations

from functools import partial

import pytest

from tests.browser_fixtures import SharedChromium
from tests.runner.planners.planner_harness import Showing, show


@pytest.fixture(scope="session")
def showing(shared_chromium: SharedChromium) -> Showing:
    """Shows pages, each time in a context of its own."""
    return partial(show, shared=shared_chromium)
