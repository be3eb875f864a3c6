"""What is around the page: a person in control goes back, to addresses and tabs, copies, and comments on elements."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Locator, expect

from tests.e2e.watch_page import PHONE, WatchPage, two_watching, watching
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")
PAGE = """<!doctype html><title>{title}</title><style>body {{ margin: 0; font: 40px sans-serif; }}</style>
<h1 style="margin: 0; height: 100px">{title}</h1><button style="height: 100px; width: 400px">Pay now</button>"""
BUTTON = (200, 150)
WORD = (60, 30)


@asynccontextmanager
async def waiting_run(server: Served) -> AsyncIterator[tuple[str, str]]:
    """A run that waits on the first page of a site for leave to do its only step: its id, and the site's address."""

    async def page(request: web.Request) -> web.Response:
        title = request.path.strip("/").title() or "First"
        return web.Response(text=PAGE.format(title=title), content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    async with TestServer(app, host="127.0.0.1") as site:
        url = str(site.make_url("/"))
        run = await server.create({"url": url, "steps": [{"type": "wait", "value": 50}], "mode": "review"})
        await server.until(run["id"], lambda message: message["type"] == "step_proposed")
        yield str(run["id"]), url
        await server.cancel(run["id"])


async def take_control(viewer: WatchPage) -> None:
    await viewer.live("whep")
    await viewer.press("Take control")
    await expect(viewer.page.locator('.jp-stage[data-held="me"]')).to_be_visible()


def tabs(viewer: WatchPage) -> Locator:
    return viewer.page.get_by_role("list", name="Tabs of the browser").locator(".jp-browser-tab")


async def test_a_person_goes_to_addresses_and_tabs_and_each_is_a_step(server: Served, viewer_browser: Browser) -> None:
    async with waiting_run(server) as (run_id, url), watching(viewer_browser, server, run_id) as viewer:
        await take_control(viewer)
        address = viewer.page.get_by_label("Address of the page")
        await expect(address).to_have_value(url)
        await address.fill("/second")
        await address.press("Enter")
        await expect(tabs(viewer)).to_have_text(["Second"])
        await viewer.press("Back")
        await expect(tabs(viewer)).to_have_text(["First"])
        await viewer.press("Forward")
        await expect(tabs(viewer)).to_have_text(["Second"])
        await viewer.press("Reload the page")
        await viewer.press("New tab")
        await expect(tabs(viewer)).to_have_text(["Second", "about:blank"])
        await address.fill(f"{url}third")
        await address.press("Enter")
        await expect(tabs(viewer)).to_have_text(["Second", "Third"])
        await tabs(viewer).first.click()
        await expect(tabs(viewer).first).to_have_attribute("aria-current", "page")
        await viewer.press("Close tab 2: Third")
        await expect(tabs(viewer)).to_have_text(["Second"])
        assert await viewer.axe() == []
    steps = (await server.get(f"/api/tests/{run_id}/steps"))["steps"]
    assert [(step["action"], step["source"]) for step in steps[:9]] == [
        *[(kind, "human") for kind in ("navigate", "back", "forward", "reload", "new_tab", "navigate")],
        *[(kind, "human") for kind in ("switch_tab", "close_tab")],
    ]


async def test_what_does_not_load_is_said_and_the_page_stays(server: Served, viewer_browser: Browser) -> None:
    async with waiting_run(server) as (run_id, _), watching(viewer_browser, server, run_id) as viewer:
        await take_control(viewer)
        address = viewer.page.get_by_label("Address of the page")
        await address.fill("file:///etc/passwd")
        await address.press("Enter")
        await viewer.sees("only http and https addresses are")
        await expect(tabs(viewer)).to_have_text(["First"])


async def test_what_is_selected_in_the_page_comes_to_ones_own_clipboard(
    server: Served, viewer_browser: Browser
) -> None:
    async with waiting_run(server) as (run_id, _), watching(viewer_browser, server, run_id) as viewer:
        await viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await take_control(viewer)
        await viewer.page.evaluate("navigator.clipboard.writeText('as it was')")
        await viewer.press("Copy what is selected in the page")
        await viewer.sees("Nothing is selected in the page")
        assert await viewer.page.evaluate("navigator.clipboard.readText()") == "as it was"
        await viewer.page.mouse.dblclick(*await viewer.point(*WORD))
        await viewer.page.keyboard.press("Control+c")
        await viewer.page.wait_for_function(
            "() => navigator.clipboard.readText().then(text => text.trim() === 'First')"
        )


async def test_a_comment_on_an_element_is_seen_by_everybody(server: Served, viewer_browser: Browser) -> None:
    async with (
        waiting_run(server) as (run_id, _),
        two_watching(viewer_browser, server, run_id, role="viewer") as (owner, other),
    ):
        await owner.live("whep")
        await owner.tab("Comments")
        await owner.press("Pick an element")
        await owner.page.mouse.click(*await owner.point(*BUTTON))
        await owner.sees("button “Pay now”")
        await owner.page.get_by_label("Comment", exact=True).fill("It must not say now.")
        assert await owner.axe() == []
        await owner.press("Comment")
        await owner.sees("before the steps")
        await other.page.get_by_role("tab", name=re.compile("Comments")).click()
        await other.sees("It must not say now.")
        await other.sees("button “Pay now”")
        await expect(other.page.get_by_label("Comment", exact=True)).to_have_count(0)
        await owner.press("Take back")
        await other.sees("Nobody has commented on this run.")


async def test_a_phone_has_room_for_it(server: Served, viewer_browser: Browser) -> None:
    async with (
        waiting_run(server) as (run_id, _),
        watching(viewer_browser, server, run_id, viewport=PHONE, touch=True) as viewer,
    ):
        await take_control(viewer)
        await viewer.press("New tab")
        await expect(tabs(viewer)).to_have_text(["First", "about:blank"])
        for label in ("Back", "New tab", "Copy what is selected in the page"):
            await expect(viewer.button(label)).to_be_in_viewport()
        assert await viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
