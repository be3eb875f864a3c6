"""Selectors are copied as the locators of somebody's own tests."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.watch_page import watching
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_steps_selector_is_copied_for_both_languages(server: Served, viewer_browser: Browser) -> None:
    run = await server.create({"url": "/", "steps": [{"type": "click", "selector": "role=button[name='Collections']"}]})
    await server.until(run["id"], lambda message: message["type"] == "run_finished")
    async with watching(viewer_browser, server, run["id"]) as viewer:
        await viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await viewer.page.locator(".jp-step button").first.click()
        copies = viewer.page.get_by_role("group", name="Copy as a locator")
        for language, locator in (("Python", 'get_by_role("button"'), ("TypeScript", "getByRole('button'")):
            await copies.get_by_role("button", name=language, exact=True).click()
            await expect(viewer.page.get_by_text(f"On the clipboard: {locator}")).to_be_visible()
            assert locator in await viewer.page.evaluate("navigator.clipboard.readText()")
        assert await viewer.axe() == []


async def test_what_is_suggested_is_copied_too(server: Served, viewer_browser: Browser) -> None:
    instructions = "Click 'Collection of things'"
    run = await server.create({"url": "/", "instructions": instructions, "stepTimeoutMs": 1000})
    asked = await server.until(run["id"], lambda message: message["type"] == "help_needed")
    assert asked[-1]["suggestions"]
    async with watching(viewer_browser, server, run["id"]) as viewer:
        await viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        copies = viewer.page.locator(".jp-suggestions").get_by_role("group", name="Copy as a locator").first
        await copies.get_by_role("button", name="Python", exact=True).click()
        await expect(viewer.page.get_by_text("On the clipboard: get_by_")).to_be_visible()
        assert await viewer.axe() == []
    await server.cancel(run["id"])
