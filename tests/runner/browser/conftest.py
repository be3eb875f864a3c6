"""Drivers on the browser that the worker's tests share."""

from __future__ import annotations

from functools import partial

import pytest

from tests.browser_fixtures import SharedChromium
from tests.runner.browser.driver_harness import OpenHarness, driver_harness


@pytest.fixture(scope="session")
def open_harness(shared_chromium: SharedChromium) -> OpenHarness:
    """Opens driver harnesses, each in a context of its own."""
    return partial(driver_harness, shared=shared_chromium)
