"""What a browser or a page can do to its own run, and to no other."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from tests.faults.fault_target import FaultTarget, browsers, is_step, one_sentence, renderers
from tests.runner.browser.driver_harness import site

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("whole_chromium"),
    pytest.mark.skipif(sys.platform != "linux", reason="finds the browsers' processes in /proc"),
]

FLOOD = "for (let i = 0; i < 100; i++) alert(i); document.title = 'Flooded'"
SLOW = "const end = Date.now() + 4000; while (Date.now() < end); pressed.value++"
TOLD = "const look = async () => (await fetch('/now')).ok ? close() : setTimeout(look, 200); look()"
PAGES = {
    "/": "<title>Still</title><button>Go</button>",
    "/flood": f'<title>Dry</title><button onclick="{FLOOD}">Go</button><p>Read on</p>',
    "/endless": "<title>Dry</title><button onclick=\"for (;;) alert('again')\">Go</button><p>Read on</p>",
    "/slow": f'<title>Dry</title><button onclick="{SLOW}">Go</button><input id="pressed" value="0">',
    "/opens": "<title>First</title><button onclick=\"window.open('/closes')\">Go</button><p>Still here</p>",
    "/closes": f"<title>Second</title><p>Until it is told</p><script>{TOLD}</script>",
}
PATIENCE_MS = 10_000
"""Of a step in which something is to happen before it fails, however busy the machine is."""
STOPPED_MS = 4_000
"""Of a step whose browser or page is stopped as soon as it has begun."""
NEVER = {"type": "click", "selector": "text=Never"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def base() -> AsyncIterator[str]:
    async with site(PAGES) as address:
        yield address


async def mid_step(target: FaultTarget, base: str, *, timeout_ms: int = 60_000) -> tuple[str, int]:
    """A run whose step waits for what never comes, and its browser's main process."""
    before = browsers(target.server.process.pid)
    run_id = await target.run({"url": f"{base}/", "steps": [NEVER], "stepTimeoutMs": timeout_ms})
    await target.step_begun(run_id)
    (browser,) = set(browsers(target.server.process.pid)) - set(before)
    return run_id, browser


async def test_a_browser_that_is_killed_mid_step(target: FaultTarget, base: str) -> None:
    run_id, browser = await mid_step(target, base)
    os.kill(browser, signal.SIGKILL)
    run = await target.ended(run_id)
    assert (run["status"], run["error"]) == ("failed", "the browser has gone: the browser process has ended")
    assert [step["status"] for step in run["steps"]] == ["skipped"]
    await target.unharmed()


async def test_a_page_that_crashes_mid_step(target: FaultTarget, base: str) -> None:
    run_id, browser = await mid_step(target, base)
    for renderer in renderers(browser):
        with suppress(ProcessLookupError):
            os.kill(renderer, signal.SIGKILL)
    run = await target.ended(run_id)
    assert (run["status"], run["error"]) == ("failed", "the browser has gone: the page has crashed")
    await target.unharmed()


async def stop_mid_step(target: FaultTarget, base: str, *, page_only: bool) -> str:
    run_id, browser = await mid_step(target, base, timeout_ms=STOPPED_MS)
    for pid in renderers(browser) if page_only else [browser]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    return run_id


async def test_a_browser_and_pages_that_answer_nothing_mid_step(target: FaultTarget, base: str) -> None:
    stopped = [await stop_mid_step(target, base, page_only=page_only) for page_only in (False, True)]
    stopped.append(await pressed(target, base, "/endless", timeout_ms=STOPPED_MS))
    for run in await asyncio.gather(*map(target.ended, stopped)):
        assert run["status"] == "failed"
        assert "does not answer" in run["error"]
        assert one_sentence(run["error"])
    await target.unharmed()


async def pressed(target: FaultTarget, base: str, path: str, *steps: dict[str, Any], timeout_ms: int) -> str:
    """A run that presses Go there, and then does more."""
    click = {"type": "click", "selector": "text=Go"}
    return await target.run({"url": base + path, "steps": [click, *steps], "stepTimeoutMs": timeout_ms})


async def test_a_page_that_floods_alerts_is_answered_and_the_run_goes_on(target: FaultTarget, base: str) -> None:
    read = {"type": "expect_text", "selector": "p", "value": "Read on"}
    run = await target.ended(await pressed(target, base, "/flood", read, timeout_ms=30_000))
    assert (run["status"], run["error"]) == ("passed", None)
    await target.unharmed()


async def test_a_press_that_keeps_the_page_busy_is_waited_for_and_not_made_twice(
    target: FaultTarget, base: str
) -> None:
    done = {"type": "expect_text", "selector": "#pressed", "value": "1"}
    run = await target.ended(await pressed(target, base, "/slow", done, timeout_ms=30_000))
    assert (run["error"], [step["status"] for step in run["steps"]]) == (None, ["passed"] * 2)


async def test_a_tab_that_closes_under_its_step(target: FaultTarget) -> None:
    async with site(pages := dict(PAGES)) as base:
        run_id = await pressed(target, base, "/opens", NEVER, timeout_ms=PATIENCE_MS)
        await target.step_begun(run_id, 2)
        pages["/now"] = "close"
        run = await target.ended(run_id)
    assert run["status"] == "failed"
    assert one_sentence(run["error"])
    told = await target.server.until(run["id"], lambda message: message["type"] == "run_finished")
    begun = next(at for at, message in enumerate(told) if is_step(message, 2, "running"))
    tabs = [(at > begun, len(message["tabs"])) for at, message in enumerate(told) if message["type"] == "page_changed"]
    assert (False, 2) in tabs
    assert (True, 1) in tabs
    await target.unharmed()
