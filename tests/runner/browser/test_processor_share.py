"""Browsers that nobody watches yield while somebody watches another."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from media.frames import LatestFrame
from runner.browser.launch import PlaywrightDrivers, process_id
from runner.browser.page_driver import PageDriver
from runner.browser.processor_share import ProcessorShares
from tests.chromium import browser_options
from tests.runner.browser.driver_harness import VIEWPORT, WAIT_SECONDS

YIELDING = 10
A, B, C, D = range(10_000_001, 10_000_005)
"""Processes beyond all that a system can have."""


class Sessions:
    """Stands for the kernel: what each session's nice value was set to, one after another."""

    def __init__(self) -> None:
        self.nice: dict[int, list[int]] = {}
        self.refusals: list[OSError] = []
        self._more = asyncio.Event()

    def set_nice(self, pid: int, nice: int) -> None:
        if self.refusals:
            raise self.refusals.pop()
        self.nice.setdefault(pid, []).append(nice)
        self._more.set()

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not wanted():
                self._more.clear()
                await self._more.wait()


async def test_without_viewers_all_are_equal_and_nothing_is_set() -> None:
    sessions = Sessions()
    shares = ProcessorShares(sessions.set_nice)
    shares.add("a", A)
    shares.add("b", B)
    shares.watch("a", False)
    shares.remove("b")
    await shares.aclose()
    assert sessions.nice == {}


async def test_those_that_nobody_watches_yield_until_the_last_viewer_has_gone() -> None:
    sessions = Sessions()
    shares = ProcessorShares(sessions.set_nice)
    shares.add("a", A)
    shares.add("b", B)
    shares.watch("a", True)
    await sessions.until(lambda: sessions.nice == {B: [YIELDING]})
    shares.add("c", C)
    await sessions.until(lambda: sessions.nice == {B: [YIELDING], C: [YIELDING]})
    shares.watch("b", True)
    await sessions.until(lambda: sessions.nice[B] == [YIELDING, 0])
    shares.watch("a", False)
    await sessions.until(lambda: sessions.nice.get(A) == [YIELDING])
    shares.remove("b")
    await sessions.until(lambda: sessions.nice[A] == [YIELDING, 0] and sessions.nice[C] == [YIELDING, 0])
    assert sessions.nice[B] == [YIELDING, 0]
    await shares.aclose()


async def test_somebody_elses_browser_that_is_watched_never_yields_and_has_the_others_yield() -> None:
    sessions = Sessions()
    shares = ProcessorShares(sessions.set_nice)
    shares.add("a", A)
    shares.watch("a client's context", True)
    await sessions.until(lambda: sessions.nice == {A: [YIELDING]})
    shares.watch("a client's context", False)
    await sessions.until(lambda: sessions.nice == {A: [YIELDING, 0]})
    await shares.aclose()


async def test_what_the_kernel_takes_later_is_tried_again_and_what_it_does_not_take_is_let_be() -> None:
    sessions = Sessions()
    sessions.refusals = [BlockingIOError(), BlockingIOError()]
    shares = ProcessorShares(sessions.set_nice)
    shares.add("a", A)
    shares.watch("b", True)
    await sessions.until(lambda: sessions.nice == {A: [YIELDING]})
    sessions.refusals = [FileNotFoundError()]
    shares.add("c", C)
    shares.add("d", D)
    await sessions.until(lambda: D in sessions.nice)
    assert C not in sessions.nice
    await shares.aclose()


def nice_of(pid: int) -> int | None:
    """Returns None for a process in none of the sessions' groups, as one that was there before the first of them."""
    words = Path(f"/proc/{pid}/autogroup").read_text().split()
    return int(words[-1]) if words else None


async def process_of(driver: PageDriver) -> int:
    browser = driver.page.context.browser
    assert browser is not None
    pid = await process_id(browser)
    assert pid is not None
    return pid


@pytest.mark.browser
@pytest.mark.skipif(
    sys.platform != "linux" or not Path("/proc/self/autogroup").exists(), reason="this system has no sessions' shares"
)
async def test_a_browser_yields_from_its_start_while_another_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    drivers = PlaywrightDrivers(browser_options())
    try:
        watched = await drivers.launch("chromium", viewport=VIEWPORT)
        own = nice_of(os.getpid())
        if nice_of(await process_of(watched)) is None:
            pytest.skip("this system puts no session into a group of its own")
        await watched.start_capture(LatestFrame(), fps=30)
        monkeypatch.setattr(drivers.shares, "add", lambda *_: None)  # from its start, and not from here on
        other = await drivers.launch("chromium", viewport=VIEWPORT)
        pid = await process_of(other)
        assert (nice_of(pid), nice_of(await process_of(watched)), nice_of(os.getpid())) == (YIELDING, 0, own)
        monkeypatch.undo()
        drivers.shares.add(other, pid)
        await watched.stop_capture()
        async with asyncio.timeout(WAIT_SECONDS):
            while nice_of(pid) != 0:  # noqa: ASYNC110 - the kernel sends no events
                await asyncio.sleep(0.05)
    finally:
        await drivers.aclose()
