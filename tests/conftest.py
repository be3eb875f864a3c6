"""Fixtures that every test may use come from these plugins."""

import os
import sys

import pytest
from hypothesis import settings

pytest_plugins = ["tests.livekit_server"]

# More and other inputs for the tests in fuzz/, which take their number from it; the default is what CI runs.
settings.register_profile("long", print_blob=True)

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
