"""Calls to Playwright that its tracing leaves out, as Playwright's own test runner marks those of its fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright._impl.channel_owner import ApiZone
from playwright._impl.utils.zones import _async_local_storage, current_zone


@contextmanager
def internal_calls() -> Iterator[None]:
    """Marks the calls that are made within this, and by the tasks that are begun within it.

    Playwright's errors do not begin with the name of the call then.
    """
    zone = current_zone().with_("apiZone", ApiZone(api_name="", frames=[], title=None, internal=True))
    token = _async_local_storage.set(zone)
    try:
        yield
    finally:
        _async_local_storage.reset(token)
