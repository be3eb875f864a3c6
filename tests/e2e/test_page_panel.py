"""What the driven page itself said, in the player."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.e2e.watch_page import PHONE, watching
from tests.served import Served
from tests.unwell_site import unwell_site

STEPS = [
    {"type": "click", "selector": "#order"},
    {"type": "expect_text", "selector": "role=status", "value": "Thank you"},
]
NAMED = (
    "POST http",
    "/missing.png",
    "ReferenceError: cart is not defined",
    "TypeError: nobody waits for this",
    "Content Security Policy",
    "/prices",
)


async def test_what_goes_wrong_in_the_page_is_shown_at_its_step(server: Served, viewer_browser: Browser) -> None:
    async with unwell_site() as site:
        run = await server.create({"url": site, "steps": STEPS, "stepTimeoutMs": 1000})
        async with watching(viewer_browser, server, run["id"]) as viewer:
            await viewer.sees("The page's request POST /api/orders answered 500")
            await viewer.tab("Page")
            rows = viewer.page.locator(".jp-page-row")
            for text in NAMED:
                await expect(rows.filter(has_text=text).first).to_contain_text("Step 1")
            await expect(rows.first).to_have_attribute("data-status", "failed")
            assert await viewer.axe() == []
            await viewer.page.get_by_label("Filter by text").fill("orders")
            await viewer.page.get_by_label("Kind").select_option("network")
            await expect(rows).to_have_count(1)
            await expect(rows.get_by_role("button", name="Copy as cURL")).to_be_visible()
        async with watching(viewer_browser, server, run["id"], viewport=PHONE, scheme="dark") as viewer:
            await viewer.tab("Page")
            await expect(viewer.page.locator(".jp-page-row").first).to_contain_text("Step 1")
            assert await viewer.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert await viewer.axe() == []
        await server.cancel(run["id"])
