"""The trace of a run with popups and frames, in Playwright's own viewer, as the product serves both."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from tests.e2e.test_recording import browsers
from tests.e2e.watch_page import watching
from tests.runner.browser.driver_harness import site
from tests.served import Served, served

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.process]

SECRET = "correct horse/1"
PAGES = {
    "/": """<title>Orders</title><link rel=icon href="data:,"><link rel=stylesheet href="/style.css">
<h1>Orders</h1><label>Key <input id=key></label><label>Pin <input id=pin type=password></label>
<iframe src="/frame"></iframe>
<button id=order onclick="order()">Order</button> <button onclick="window.open('/popup')">Terms</button>
<p id=said></p>
<script>
  async function order() {
    console.error("the key is", key.value);
    document.cookie = "session=s3ssion-cookie";
    const answer = await fetch(`/api/orders?key=${encodeURIComponent(key.value)}`, {
      method: "POST", body: JSON.stringify({ key: key.value, code: btoa(key.value + "!!") }),
      headers: { Authorization: "Bearer s3ssion-token" },
    });
    said.textContent = (await answer.text()) + key.value;
  }
</script>""",
    "/frame": "<p>A frame of its own</p>",
    "/popup": "<title>Terms</title><p>The terms in a popup</p>",
}


@asynccontextmanager
async def shop() -> AsyncIterator[str]:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text=f"<!doctype html>{PAGES[request.path]}", content_type="text/html")

    async def style(_: web.Request) -> web.Response:
        return web.Response(text="h1 { color: rgb(1, 2, 3) }", content_type="text/css")

    async def orders(request: web.Request) -> web.Response:
        return web.Response(status=500, text=f"no stock for {await request.text()}")

    app = web.Application()
    app.router.add_get("/style.css", style)
    app.router.add_post("/api/orders", orders)
    for path in PAGES:
        app.router.add_get(path, page)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/")).rstrip("/")


def page_of(text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    return page


STEPS: list[dict[str, Any]] = [
    {"type": "type", "selector": "#key", "value": "{{secret:KEY}}"},
    {"type": "type", "selector": "#pin", "value": "9271"},
    {"type": "click", "selector": "#order"},
    {"type": "expect_text", "selector": "#said", "value": "no stock"},
    {"type": "click", "selector": "text=Terms"},
    {"type": "switch_tab", "value": 1},
    {"type": "expect_text", "selector": "p", "value": "Something else"},
]


async def run_to_end(server: Served, url: str, steps: list[dict[str, Any]], **body: Any) -> dict[str, Any]:  # noqa: ANN401
    fields = {"stepTimeoutMs": 1500, "helpTimeoutMs": 0} | body
    run = await server.create({"url": url, "steps": steps, **fields})
    await server.until(run["id"], lambda message: message["type"] == "run_finished")
    return await server.get(f"/api/tests/{run['id']}")


async def download(server: Served, run_id: str) -> dict[str, bytes]:
    async with server.http.get(f"{server.api}/api/tests/{run_id}/trace") as answer:
        assert (answer.status, answer.content_type) == (200, "application/zip"), await answer.text()
        with ZipFile(io.BytesIO(await answer.read())) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


@asynccontextmanager
async def viewer(server: Served, browser: Browser, run_id: str) -> AsyncIterator[tuple[Page, list[str]]]:
    """The trace viewer at this run's trace, and what its console complains of."""
    ticket = (await server.get(f"/api/tests/{run_id}/stream"))["viewerToken"]
    context = await browser.new_context()
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(f"{server.api}/trace-viewer/?trace={quote(f'/api/tests/{run_id}/trace?token={ticket}', safe='')}")
    try:
        yield page, said
    finally:
        await context.close()


async def test_the_viewer_shows_steps_dom_console_and_network(server: Served, viewer_browser: Browser) -> None:
    async with shop() as url:
        run = await run_to_end(server, url, STEPS, secrets={"KEY": SECRET})
        assert run["status"] == "failed"
    async with viewer(server, viewer_browser, run["id"]) as (page, said):
        actions = page.get_by_role("tree").first
        for title in ("Open http", "1. Type", "3. Click", "5. Click", "7. Expect"):
            await expect(actions.get_by_text(title).first).to_be_visible()
        await actions.get_by_text("3. Click").first.click()
        await page.get_by_role("tab", name="After").click()
        dom = page.frame_locator("iframe.snapshot-visible[name=snapshot]")
        await expect(dom.locator("h1")).to_have_text("Orders")
        await expect(dom.locator("h1")).to_have_css("color", "rgb(1, 2, 3)")
        await expect(dom.locator("#key")).to_have_value("•••")
        await expect(dom.frame_locator("iframe").get_by_text("A frame of its own")).to_be_visible()
        await actions.get_by_text("7. Expect").first.click()
        await expect(dom.get_by_text("The terms in a popup")).to_be_visible()
        await page.get_by_role("tab", name="Console").click()
        await expect(page.get_by_text("the key is •••").first).to_be_visible()
        await page.get_by_role("tab", name="Network").click()
        await expect(page.get_by_text("orders").first).to_be_visible()
        await page.get_by_role("tab", name="Errors").click()
        await expect(page.get_by_text("Something else").first).to_be_visible()
    # The viewer's page has one script of its own inline, for who opens it as a file.
    assert len([line for line in said if "Content Security Policy" in line]) <= 1, said


async def test_nothing_secret_is_in_any_byte_of_it(server: Served) -> None:
    async with shop() as url:
        run = await run_to_end(server, url, STEPS, secrets={"KEY": SECRET})
        files = await download(server, run["id"])
    everything = b"\n".join(files.values())
    assert b"Order" in everything
    for spelled in (SECRET, quote(SECRET, safe=""), quote(SECRET), "Y29ycmVjdCBob3JzZS8x", "s3ssion"):
        assert spelled.encode() not in everything, spelled
    assert b'"__playwright_value_":"9271"' not in everything


async def test_pages_that_have_tampered_with_their_own_trace_run_nothing_here(
    server: Served, viewer_browser: Browser
) -> None:
    evil = "document.title = 'pwned'; top.document.title = 'pwned'; localStorage.pwned = 1"
    page = f"""<title>Evil</title><script>
      const evil = {evil!r};
      const html = ["HTML", {{}}, ["BODY", {{ onload: evil }}, ["SCRIPT", {{}}, evil],
        ["script ", {{}}, evil], ["IMG", {{ src: "x", onerror: evil, 'x="><script>' + evil + '</script>': "" }}],
        ["IFRAME", {{ srcdoc: `<script>${{evil}}</script>`, src: "javascript:" + evil }}],
        ["IFRAME", {{ __playwright_src__: "/file/resources/x.html" }}],
        ["A", {{ href: "javascript:" + evil, id: "link" }}, "a link"], ["P", {{}}, "it is here"]]];
      setInterval(() => {{
        for (const name of Object.getOwnPropertyNames(window))
          if (name.startsWith("__playwright_snapshot_streamer_")) window[name].captureSnapshot = () => ({{
            html, doctype: "html><script>" + evil + "</script", resourceOverrides: [],
            viewport: {{ width: 800, height: 600 }}, url: location.href, wallTime: Date.now(), collectionTime: 0,
          }});
      }}, 10);
    </script><p>Evil</p>"""
    async with site({"/": page}) as url:
        run = await run_to_end(server, url, [{"type": "wait", "value": 300}], trace="on")
    async with viewer(server, viewer_browser, run["id"]) as (tab, _):
        await tab.get_by_role("tree").first.get_by_text("1. ").first.click()
        await tab.get_by_role("tab", name="After").click()
        dom = tab.frame_locator("iframe.snapshot-visible[name=snapshot]")
        await expect(dom.get_by_text("it is here")).to_be_visible()
        await dom.get_by_text("a link").click()
        assert "pwned" not in await tab.title()
        assert await tab.evaluate("localStorage.pwned") is None


async def test_the_viewer_loads_no_other_file_than_traces_of_this_server(
    server: Served, viewer_browser: Browser
) -> None:
    """Such as one that a page has downloaded, and that nobody has cleaned."""
    zipped = io.BytesIO()
    with ZipFile(zipped, "w") as archive:
        archive.writestr("trace.trace", '{"version":10,"type":"context-options","origin":"library","title":"evil"}')

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=zipped.getvalue(), headers={"Content-Disposition": "attachment; filename=t.zip"})

    app = web.Application()
    app.router.add_get("/t.zip", answer)
    app.router.add_get("/", page_of("<a href=/t.zip>Save</a>"))
    async with TestServer(app, host="127.0.0.1") as shown:
        steps: list[dict[str, Any]] = [
            {"type": "click", "selector": "text=Save"},
            {"type": "wait", "value": 500},
        ]
        run = await run_to_end(server, str(shown.make_url("/")), steps)
    path = f"/api/tests/{run['id']}/downloads/1?token={server.key}"
    async with server.http.get(f"{server.api}{path}") as kept:
        assert kept.status == 200
    context = await viewer_browser.new_context()
    page = await context.new_page()
    await page.goto(f"{server.api}/trace-viewer/?trace={quote(path, safe='')}")
    await expect(page.get_by_text("Could not load trace")).to_be_visible()
    await context.close()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the browser's processes in /proc")
async def test_it_outlives_the_browser(tmp_path: Path) -> None:
    async with served(log=tmp_path / "log") as server:
        steps = [{"type": "navigate", "value": "/cart"}, {"type": "wait", "value": 60_000}]
        run = await server.create({"url": "/", "steps": steps, "stepTimeoutMs": 70_000})
        await server.until(run["id"], lambda each: each["type"] == "test_step" and each["step"]["stepNumber"] == 2)
        for process in browsers(server):
            os.kill(process, signal.SIGKILL)
        await server.until(run["id"], lambda message: message["type"] == "run_finished")
        files = await download(server, run["id"])
        assert b"1. " in files["0001.trace"]
        assert b"/cart" in files["0001.network"]


async def test_a_flood_ends_the_trace_and_not_the_run(tmp_path: Path) -> None:
    flood = "<title>Flood</title><script>for (let i = 0; i < 30000; i++) console.log('x'.repeat(200), i)</script>"
    async with served(log=tmp_path / "log", JUMPSEAT_MAX_TRACE="1MB") as server, site({"/": flood}) as url:
        run = await run_to_end(server, url, [{"type": "wait", "value": 5000}], trace="on")
        assert run["status"] == "passed"
        assert await download(server, run["id"])
    assert "JUMPSEAT_MAX_TRACE" in (tmp_path / "log").read_text()


async def test_the_player_opens_it_in_a_new_tab(server: Served, viewer_browser: Browser) -> None:
    run = await run_to_end(server, "/", [{"type": "expect_visible", "selector": "#nothing"}])
    async with watching(viewer_browser, server, run["id"]) as tab:
        await tab.page.locator(".jp-step button").first.click()
        async with tab.page.context.expect_page() as opened:
            await tab.press("Open the trace")
        page = await opened.value
        await expect(page.get_by_role("tree").first.get_by_text("1. ").first).to_be_visible()
        assert server.key not in page.url
        assert await tab.axe() == []


async def test_a_run_that_has_passed_offers_none(server: Served, viewer_browser: Browser) -> None:
    run = await run_to_end(server, "/", [{"type": "navigate", "value": "/cart"}])
    async with watching(viewer_browser, server, run["id"]) as tab:
        await tab.page.locator(".jp-step button").first.click()
        await expect(tab.page.locator(".jp-step[data-shown]")).to_be_visible()
        await expect(tab.button("Open the trace")).to_have_count(0)


async def test_two_runs_at_once_are_packed_side_by_side(server: Served) -> None:
    runs = await asyncio.gather(
        *(run_to_end(server, "/", [{"type": "navigate", "value": "/cart"}], trace="on") for _ in range(2))
    )
    for run in runs:
        assert b"/cart" in (await download(server, run["id"]))["0001.network"]
