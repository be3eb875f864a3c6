"""What pages download, in a real Chromium of its own, whose folder of downloads is watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from control.protocol.actions import Size
from control.protocol.page_log import DownloadEntry
from runner.browser.launch import PlaywrightDrivers
from runner.browser.page_driver import PageDriver
from tests.chromium import browser_options
from tests.runner.browser.driver_harness import Reported

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><a id=small href=/small>small</a><a id=endless href=/endless>endless</a>
<a id=broken href=/broken>broken</a>"""
Taken = tuple[DownloadEntry, Path | None]


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def _small(_: web.Request) -> web.Response:
    return web.Response(body=b"hello", headers={"Content-Disposition": 'attachment; filename="../a b.txt"'})


async def _endless(request: web.Request) -> web.StreamResponse:
    """As long as somebody reads."""
    response = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="endless.bin"'})
    await response.prepare(request)
    while True:
        await response.write(b"x" * 100_000)
        await asyncio.sleep(0)


async def _broken(request: web.Request) -> web.StreamResponse:
    headers = {"Content-Disposition": 'attachment; filename="broken.bin"', "Content-Length": "1000000"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(b"x" * 1000)
    if request.transport is not None:
        request.transport.abort()
    return response


@asynccontextmanager
async def downloading() -> AsyncIterator[tuple[PageDriver, Reported[Taken]]]:
    app = web.Application()
    app.add_routes([web.get("/", _page), web.get("/small", _small), web.get("/endless", _endless)])
    app.router.add_get("/broken", _broken)
    drivers = PlaywrightDrivers(browser_options(most_download_bytes=3_000_000))
    taken: Reported[Taken] = Reported()
    async with TestServer(app, host="127.0.0.1") as server:
        try:
            driver = await drivers.launch("chromium", viewport=Size(width=800, height=600))
            driver.on_download = lambda entry, file: taken.record((entry, file))
            await driver.open(str(server.make_url("/")))
            yield driver, taken
        finally:
            await drivers.aclose()


async def test_a_file_is_there_until_the_browser_goes() -> None:
    async with downloading() as (driver, taken):
        await driver.page.click("#small")
        entry, file = await taken.until(lambda each: "small" in each[0].url)
        assert (entry.size, entry.error, "/" in entry.name) == (5, None, False)
        assert file is not None
        assert file.read_bytes() == b"hello"
    assert not file.parent.exists()


async def test_one_that_is_too_large_is_cut_and_the_page_goes_on() -> None:
    async with downloading() as (driver, taken):
        await driver.page.click("#endless")
        entry, file = await taken.until(lambda each: "endless" in each[0].url)
        assert (entry.size, file) == (None, None)
        assert entry.error == "the downloads of a run may have 3 MB together: it was cut"
        assert await driver.count("#small") == 1


async def test_one_that_breaks_off_says_so() -> None:
    async with downloading() as (driver, taken):
        await driver.page.click("#broken")
        entry, file = await taken.until(lambda each: "broken" in each[0].url)
        assert file is None
        assert entry.error
        assert entry.error.startswith("it did not come to its end: ")
