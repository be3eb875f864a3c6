"""What the census counts, and what is not of the test that it counts for."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future

import pytest

from tests.fuzz.resource_census import no_traceback, nothing_left


def log_in_thread(name: str) -> None:
    """Logs an error as LiveKit's SDK does, in a thread that is not the test's."""
    done = Future[None]()

    def work() -> None:
        logging.getLogger(name).error("the room of an earlier test: %s", "Traceback")
        done.set_result(None)

    threading.Thread(target=work).start()
    done.result(timeout=30)


def test_an_error_that_is_logged_fails() -> None:
    with pytest.raises(AssertionError, match="runner: the room"), no_traceback():
        log_in_thread("runner")


@pytest.mark.parametrize("name", ["livekit", "livekit.rtc"])
def test_what_the_sdk_logs_late_is_of_an_earlier_test(name: str) -> None:
    with no_traceback():
        log_in_thread(name)


async def test_an_exception_that_is_lost_fails() -> None:
    async def fails() -> None:
        raise ValueError("lost")

    async def loses() -> None:
        with no_traceback():
            await asyncio.wait([asyncio.create_task(fails())])

    with pytest.raises(AssertionError, match="lost"):
        await loses()


async def test_nothing_left_waits_for_what_is_about_to_end() -> None:
    async with nothing_left():
        ending = asyncio.create_task(asyncio.sleep(0))
    assert ending.done()
