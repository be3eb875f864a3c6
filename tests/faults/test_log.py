"""What nobody awaits is told in the log only where it is an error of ours."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from jumpseat.logging_setup import pass_over_lost_peers


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


async def fail_unseen(error: Exception) -> None:
    """A task fails, and is forgotten."""

    async def fail() -> None:
        raise error

    pass_over_lost_peers(asyncio.get_running_loop())
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()


async def test_sending_to_a_viewer_who_has_vanished_is_no_error(told: pytest.LogCaptureFixture) -> None:
    await fail_unseen(ConnectionError("Cannot send data, not connected"))
    assert told.text == ""


async def test_any_other_failure_is_told(told: pytest.LogCaptureFixture) -> None:
    await fail_unseen(ValueError("what nobody has thought of"))
    assert "what nobody has thought of" in told.text
