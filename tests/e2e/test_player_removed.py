"""Pictures that are gone from the server: the player says so in words."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.watch_page import watching
from tests.served import Served, served

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.process]

REMOVED = "This picture was removed to make room."


async def test_a_picture_that_was_removed_is_told_of_in_words(viewer_browser: Browser) -> None:
    async with served(JUMPSEAT_MAX_DISK="0") as server:
        run = await server.create({"url": "/", "steps": [{"type": "navigate", "value": "/cart"}]})
        await server.until(run["id"], lambda message: message["type"] == "run_finished")
        await until_gone(server, run["id"])
        async with watching(viewer_browser, server, run["id"]) as viewer:
            await expect(viewer.page.locator(".jp-frame > .jp-missing")).to_have_text(REMOVED)
            await viewer.press("Step before")
            await expect(viewer.page.locator(".jp-replay > .jp-missing")).to_have_text(REMOVED)
            await expect(viewer.page.locator(".jp-replay > img")).to_have_count(0)
            assert await viewer.axe() == []


async def until_gone(server: Served, run_id: str) -> None:
    """Until the server has removed the picture of the first step; it sends no event of it."""
    async with asyncio.timeout(30):
        while True:
            async with server.http.get(f"{server.api}/api/tests/{run_id}/steps/1/screenshot") as answer:
                if answer.status == 410:
                    return
            await asyncio.sleep(0.1)
