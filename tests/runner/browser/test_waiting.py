"""Why a step waits for its element is said while it waits."""

from __future__ import annotations

import asyncio

import pytest

from tests.runner.browser.driver_harness import OpenHarness

DISABLED = """<title>Shop</title><button disabled>Pay</button><script>
const veil = '<div id="veil" style="position: fixed; inset: 0"></div>';
const cover = () => document.body.insertAdjacentHTML('beforeend', veil);
</script>"""


@pytest.mark.asyncio(loop_scope="session")
async def test_the_reason_comes_while_the_step_still_waits(open_harness: OpenHarness) -> None:
    reasons: asyncio.Queue[str | None] = asyncio.Queue()
    async with open_harness({"/": DISABLED}) as harness:
        await harness.show("/")
        harness.driver.on_waiting = reasons.put_nowait
        step = asyncio.ensure_future(harness.do("click", selector='role=button[name="Pay"]', timeout_ms=60_000))
        reason = await asyncio.wait_for(reasons.get(), 30)
        assert reason is not None
        assert "is disabled" in reason
        assert "waited" not in reason
        await harness.driver.page.evaluate("cover(); document.querySelector('button').disabled = false")
        while "veil" not in (await asyncio.wait_for(reasons.get(), 30) or ""):
            pass
        await harness.driver.page.evaluate("document.querySelector('#veil').remove()")
        await step
        while await asyncio.wait_for(reasons.get(), 30) is not None:
            pass
