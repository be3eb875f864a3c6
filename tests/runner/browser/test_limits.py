"""A browser that takes more than it may is ended, with the reason."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from control.protocol.actions import Size
from runner.browser.launch import PlaywrightDrivers, process_id
from runner.browser.limits import BrowserLimits, usage
from runner.driver import BrowserGone
from tests.chromium import browser_options
from tests.processes import alive

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="no other system tells what a browser takes"),
]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (BrowserLimits(memory=20_000_000), "of memory, and a run may take 20 MB (JUMPSEAT_MAX_RUN_MEMORY)"),
        (BrowserLimits(processes=2), "processes, and a run may have 2 (JUMPSEAT_MAX_RUN_PROCESSES)"),
    ],
    ids=["memory", "processes"],
)
async def test_more_than_it_may_take_ends_it(limits: BrowserLimits, reason: str) -> None:
    drivers = PlaywrightDrivers(browser_options(limits=limits))
    try:
        driver = await drivers.launch("chromium", viewport=Size(width=400, height=300))
        gone: asyncio.Future[BrowserGone] = asyncio.get_running_loop().create_future()
        driver.on_gone = lambda error: None if gone.done() else gone.set_result(error)
        async with asyncio.timeout(30):
            assert str(await gone).endswith(reason)
            with pytest.raises(BrowserGone):
                await driver.count("body")
    finally:
        await drivers.aclose()


async def test_what_is_within_its_limits_goes_on_and_is_the_first_to_go_where_memory_is_used_up() -> None:
    drivers = PlaywrightDrivers(browser_options(limits=BrowserLimits(memory=10**11, processes=10_000)))
    try:
        driver = await drivers.launch("chromium", viewport=Size(width=400, height=300))
        pid = await process_id(driver.page.context.browser)  # type: ignore[arg-type]
        assert pid is not None
        found = usage(pid)
        assert found is not None
        assert found.memory > 20_000_000
        assert found.processes > 2
        async with asyncio.timeout(30):
            while int(Path(f"/proc/{pid}/oom_score_adj").read_text()) < 600:  # noqa: ASYNC110, ASYNC240 - it sends no events
                await asyncio.sleep(0.1)
        assert await driver.count("body") == 1
    finally:
        await drivers.aclose()
    assert alive([pid]) == []
