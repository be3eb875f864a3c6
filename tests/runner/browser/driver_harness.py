"""A real browser with small pages of its own, for the tests of the driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.test_utils import TestServer

from control.protocol.actions import Action, Size
from control.protocol.events import Dialog, PageChanged
from runner.browser.launch import PlaywrightDrivers
from runner.browser.page_driver import PageDriver
from tests.browser_fixtures import SharedChromium
from tests.chromium import browser_options

T = TypeVar("T")
OpenHarness = Callable[..., AbstractAsyncContextManager["DriverHarness"]]
"""`driver_harness` on the shared browser."""
WAIT_SECONDS = 30.0
"""For anything that comes soon; a busy machine takes its time."""
VIEWPORT = Size(width=800, height=600)


class Reported(list[T]):
    """What was reported, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def record(self, item: T) -> None:
        self.append(item)
        self._more.set()

    async def until(self, wanted: Callable[[T], bool], *, seconds: float = WAIT_SECONDS) -> T:
        """The first item, heard already or yet to come, that is wanted."""
        async with asyncio.timeout(seconds):
            while (found := next((item for item in self if wanted(item)), None)) is None:
                self._more.clear()
                await self._more.wait()
            return found


@dataclass
class DriverHarness:
    """One driver and what it reports."""

    driver: PageDriver
    base: str
    pages: Reported[PageChanged] = field(default_factory=Reported)
    dialogs: Reported[Dialog] = field(default_factory=Reported)

    async def show(self, path: str) -> None:
        """Opens a page of the site, with nothing left of what was before."""
        self.pages.clear()
        self.dialogs.clear()
        self.driver.attended = False
        await self.driver.open(self.base + path)

    async def do(self, type: str, *, timeout_ms: int = 15_000, **fields: Any) -> None:  # noqa: ANN401
        await self.driver.perform(Action.model_validate({"type": type, **fields}), timeout_ms=timeout_ms)

    async def text(self, selector: str, wanted: str) -> None:
        """The page shows this text, soon."""
        await self.do("expect_text", selector=selector, value=wanted)


@asynccontextmanager
async def site(pages: Mapping[str, str]) -> AsyncIterator[str]:
    """Serves these pages on 127.0.0.1 and gives the address, without a slash at the end."""

    async def answer(request: web.Request) -> web.Response:
        if request.path not in pages:
            raise web.HTTPNotFound
        return web.Response(text=f"<!doctype html>{pages[request.path]}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/")).rstrip("/")


@asynccontextmanager
async def driver_harness(
    pages: Mapping[str, str],
    *,
    shared: SharedChromium | None = None,
    viewport: Size = VIEWPORT,
    **more: Any,  # noqa: ANN401 - options of BrowserOptions
) -> AsyncIterator[DriverHarness]:
    """A context of the shared browser, or a browser of its own where there is none, ready to show these pages."""
    drivers = PlaywrightDrivers(browser_options(**more))
    async with site(pages) as base:
        try:
            if shared is None:
                driver = await drivers.launch("chromium", viewport=viewport)
            else:
                driver = await drivers.open_context(await shared.browser(), viewport=viewport)
            harness = DriverHarness(driver, base)
            harness.driver.on_page = harness.pages.record
            harness.driver.on_dialog = harness.dialogs.record
            yield harness
        finally:
            await drivers.aclose()


@asynccontextmanager
async def attended(harness: DriverHarness) -> AsyncIterator[DriverHarness]:
    """Its first page, with a person at the wheel."""
    await harness.show("/")
    harness.driver.attended = True
    yield harness
    await harness.driver.flush_input()
