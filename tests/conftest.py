"""Fixtures that every test may use come from these plugins."""

import gc
import os
import sys
from collections.abc import Generator

import pytest
from _pytest.unraisableexception import collect_unraisable
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.browser_fixtures", "tests.livekit_server", "tests.tiers"]

# No test depends on how fast the machine is, or on luck; the tests in fuzz/ have other numbers of inputs. The quick one
# tries fewer, the long one more, and others each time.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", _UNTIMED, derandomize=True, database=None)
settings.register_profile("quick", _UNTIMED, derandomize=True, database=None, max_examples=20)
settings.register_profile("long", _UNTIMED, print_blob=True, max_examples=2000)
settings.load_profile("steady")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that is collected is ever thrown away: to look for garbage among it takes a sixth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Lets a test answer for what it has not closed itself, and not whichever test comes when it is collected.

    What outlives the test is left out of later collections, which would take most of the time else.
    """
    result = yield
    gc.collect()
    gc.freeze()
    collect_unraisable(item.config)
    return result


_status = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """As the command does (`jumpseat._leave`): LiveKit's native threads must not meet an interpreter that ends."""
    if "livekit.rtc" in sys.modules and _status in config.stash and not hasattr(config, "workerinput"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_status])
