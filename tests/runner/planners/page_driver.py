"""The part of a driver that planners use, on one real page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from playwright.async_api import Page, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from control.shapes import Size, Step
from runner.driver import Driver, Element, PageView, Target
from runner.install import find_browser
from runner.planners.base import Task

VIEWPORT = Size(width=800, height=600)
_NAMED = re.compile(r'^\s*- (?P<role>[a-z]+) "(?P<name>(?:[^"\\]|\\.)*)".*\[ref=(?P<ref>\w+)\]')


class PageDriver:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.counted: list[str] = []

    @property
    def url(self) -> str:
        return self.page.url

    async def count(self, selector: str) -> int:
        self.counted.append(selector)
        return await self.page.locator(selector).filter(visible=True).count()

    async def find(self, selector: str, *, timeout_ms: int = 0) -> Target | None:
        shown = self.page.locator(selector).filter(visible=True).first
        try:
            await shown.wait_for(state="visible", timeout=max(timeout_ms, 1))
        except PlaywrightTimeout:
            return None
        return Target(selector, None, VIEWPORT)

    async def observe(self) -> PageView:
        snapshot = await self.page.locator("body").aria_snapshot(mode="ai")
        found = [named for line in snapshot.splitlines() if (named := _NAMED.match(line))]
        elements = tuple(Element(named["role"], named["name"], f"aria-ref={named['ref']}") for named in found)
        return PageView(self.page.url, await self.page.title(), snapshot, elements)


def as_driver(driver: PageDriver) -> Driver:
    return cast(Driver, driver)


@asynccontextmanager
async def open_page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await browser.new_page(viewport={"width": VIEWPORT.width, "height": VIEWPORT.height})
        yield page
        await browser.close()


def task(instructions: str = "", *, consumed: int = 0, version: int = 1, steps: Sequence[Step] = ()) -> Task:
    return Task("http://shop.test/start", instructions, version, consumed, steps)
