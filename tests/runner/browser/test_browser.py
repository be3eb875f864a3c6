"""Browsers start, are lost, hang, and end: whatever happens, none is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from control.protocol.actions import Action, ActionType, Size
from control.protocol.commands import Input, Pick
from media.frames import LatestFrame
from runner.browser.launch import BrowserOptions, PlaywrightDrivers, process_id
from runner.driver import BrowserGone, StepFailed
from tests.chromium import browser_options
from tests.processes import alive, children, ended
from tests.runner.browser.driver_harness import VIEWPORT, WAIT_SECONDS, DriverHarness, driver_harness, site

pytestmark = pytest.mark.browser

PAGES = {
    "/": "<title>Here</title><button onclick=\"document.title = 'Clicked'\">Go</button>",
    "/busy": "<title>Busy</title><body><script>setTimeout(() => { for (;;) {} }, 50)</script></body>",
}
CLICK = Action(type=ActionType.CLICK, selector="button")


async def browser_process(harness: DriverHarness) -> int:
    browser = harness.driver.page.context.browser
    assert browser is not None
    pid = await process_id(browser)
    assert pid is not None
    return pid


async def test_each_run_has_a_browser_of_its_own_and_none_is_left() -> None:
    before = set(children(os.getpid()))
    drivers = PlaywrightDrivers(browser_options())
    first, second = await asyncio.gather(*(drivers.launch("chromium", viewport=VIEWPORT) for _ in range(2)))
    started = [pid for pid in children(os.getpid()) if pid not in before]
    assert len(alive(started)) > 4
    await first.aclose()
    async with site(PAGES) as base:
        await second.open(f"{base}/")
        await second.perform(CLICK, timeout_ms=15_000)
    await first.aclose()
    await drivers.aclose()
    async with asyncio.timeout(WAIT_SECONDS):
        for pid in started:
            await ended(pid)
    with pytest.raises(BrowserGone, match="the browser is closed"):
        await second.perform(CLICK, timeout_ms=15_000)


async def test_drivers_that_were_never_used_close_too() -> None:
    drivers = PlaywrightDrivers(browser_options())
    await drivers.aclose()
    await drivers.aclose()


async def test_a_browser_that_is_killed_is_told_of_and_everything_says_so() -> None:
    async with driver_harness(PAGES) as harness:
        await harness.show("/")
        gone = asyncio.Event()
        harness.driver.on_gone = lambda _: gone.set()
        await harness.driver.start_capture(LatestFrame(), fps=30)
        pid = await browser_process(harness)
        waiting = asyncio.ensure_future(
            harness.driver.perform(Action(type=ActionType.CLICK, selector="#never"), timeout_ms=30_000)
        )
        os.kill(pid, signal.SIGKILL)
        await asyncio.wait_for(gone.wait(), WAIT_SECONDS)
        with pytest.raises(BrowserGone, match="the browser process has ended"):
            await asyncio.wait_for(waiting, WAIT_SECONDS)
        for call in (
            harness.driver.observe(),
            harness.driver.screenshot(),
            harness.driver.find("button"),
            harness.driver.input(Input(kind="down")),
            harness.driver.pick(Pick()),
            harness.driver.start_capture(LatestFrame(), fps=30),
        ):
            with pytest.raises(BrowserGone):
                await asyncio.wait_for(call, WAIT_SECONDS)
        await harness.driver.stop_capture()


async def test_when_playwright_ends_runs_are_told_and_later_ones_work() -> None:
    before = set(children(os.getpid()))
    drivers = PlaywrightDrivers(browser_options())
    driver = await drivers.launch("chromium", viewport=VIEWPORT)
    gone = asyncio.Event()
    driver.on_gone = lambda _: gone.set()
    started = [pid for pid in children(os.getpid()) if pid not in before]
    os.kill(started[0], signal.SIGKILL)
    await asyncio.wait_for(gone.wait(), WAIT_SECONDS)
    with pytest.raises(BrowserGone):
        await driver.perform(CLICK, timeout_ms=15_000)
    await driver.aclose()
    later = await drivers.launch("chromium", viewport=VIEWPORT)
    async with site(PAGES) as base:
        await later.open(f"{base}/")
    await drivers.aclose()
    for pid in started:
        await asyncio.wait_for(ended(pid), WAIT_SECONDS)


async def test_a_page_that_crashes_is_a_browser_gone() -> None:
    async with driver_harness(PAGES) as harness:
        await harness.show("/")
        gone = asyncio.Event()
        harness.driver.on_gone = lambda _: gone.set()
        session = await harness.driver.page.context.new_cdp_session(harness.driver.page)
        crash = asyncio.ensure_future(session.send("Page.crash"))
        await asyncio.wait_for(gone.wait(), WAIT_SECONDS)
        with pytest.raises(BrowserGone, match="the page has crashed"):
            await harness.driver.perform(CLICK, timeout_ms=15_000)
        crash.cancel()


async def test_a_browser_that_hangs_is_ended_all_the_same() -> None:
    async with driver_harness(PAGES) as harness:
        await harness.show("/busy")
        pid = await browser_process(harness)
        below = [pid, *children(pid)]
        os.kill(pid, signal.SIGSTOP)
        async with asyncio.timeout(WAIT_SECONDS):
            await harness.driver.aclose()
            for each in below:
                await ended(each)


async def test_a_page_that_is_busy_does_not_hold_up_the_end() -> None:
    async with driver_harness(PAGES) as harness:
        await harness.show("/busy")
        pid = await browser_process(harness)
        async with asyncio.timeout(WAIT_SECONDS):
            await harness.driver.aclose()
            await ended(pid)


async def test_a_page_that_closes_itself_leaves_a_blank_one() -> None:
    async with driver_harness(PAGES) as harness:
        await harness.show("/")
        await harness.driver.page.evaluate("() => { setTimeout(() => window.close(), 10); }")
        await harness.pages.until(lambda page: page.url == "about:blank")
        await harness.show("/")
        await harness.do("click", selector="button")


async def test_what_is_missing_is_said(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-browser")
    drivers = PlaywrightDrivers(BrowserOptions(executables={"chromium": missing}))
    with pytest.raises(StepFailed, match=f"^chromium could not be started \\({missing}\\): .* 'jumpseat doctor'"):
        await drivers.launch("chromium", viewport=VIEWPORT)
    await drivers.aclose()


async def test_news_of_the_page_is_told_once() -> None:
    async with driver_harness(PAGES, viewport=Size(width=640, height=480)) as harness:
        await harness.show("/")
        here = await harness.pages.until(lambda page: page.title == "Here")
        assert here.viewport == Size(width=640, height=480)
        await harness.do("click", selector="button")
        await harness.pages.until(lambda page: page.title == "Clicked")
        told = [page.model_dump_json() for page in harness.pages]
        assert len(told) == len(set(told))


async def test_the_sandbox_is_on_for_everybody_but_root(monkeypatch: pytest.MonkeyPatch) -> None:
    drivers = PlaywrightDrivers(browser_options())
    root = os.geteuid() == 0
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    try:
        if root:
            # Chromium itself says so, because it was not told to do without.
            with pytest.raises(StepFailed, match=r"^Chromium's sandbox cannot start: allow "):
                await drivers.launch("chromium", viewport=VIEWPORT)
        else:
            await drivers.launch("chromium", viewport=VIEWPORT)
    finally:
        await drivers.aclose()
