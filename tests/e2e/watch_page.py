"""A person at the watch page, as tests drive it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, cast

from playwright.async_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

from tests.served import WAIT_SECONDS, Served

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
SECONDS = 1000.0
_ROOT = Path(__file__).parents[2]
_AXE = _ROOT / "web/node_modules/axe-core/axe.min.js"
READ_TIMECODE = """() => {
    const view = document.querySelector(".jp-surface > *");
    if (!view) return null;
    const [width, height] = view.videoWidth ? [view.videoWidth, view.videoHeight] : [view.width, view.height];
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    context.drawImage(view, 0, 0);
    return width && readTimecode(context.getImageData(0, 0, width, height).data, width, height);
}"""


class WatchPage:
    """One tab with the watch page of one run."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def live(self, transport: str, *, seconds: float = WAIT_SECONDS) -> None:
        """Until the picture comes by that transport: ``whep``, ``mjpeg``, ``polling``, ``livekit``."""
        badge = self.page.locator(f'.jp-connection[data-transport="{transport}"]')
        await expect(badge).to_be_visible(timeout=seconds * SECONDS)

    async def choose(self, transport: str) -> None:
        await self.tab("Stats")
        await self.page.get_by_label("Transport").select_option(transport)

    async def tab(self, name: str) -> None:
        await self.page.get_by_role("tab", name=name).click()

    async def press(self, name: str) -> None:
        await self.button(name).click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def sees(self, text: str, *, seconds: float = WAIT_SECONDS) -> None:
        await expect(self.page.get_by_text(text).first).to_be_visible(timeout=seconds * SECONDS)

    async def timecode(self) -> int | None:
        """The time that is painted in the picture as it now stands on the page."""
        await self.page.evaluate((_ROOT / "tests/timecode.js").read_text() + "\n;undefined")
        return cast("int | None", await self.page.evaluate(READ_TIMECODE))

    async def newer_picture(self) -> None:
        """Until the picture shows a later moment than now."""
        before = await self.timecode() or 0
        later = f"() => {{ const code = ({READ_TIMECODE})(); return code !== null && code > {before}; }}"
        await self.page.wait_for_function(later, timeout=WAIT_SECONDS * SECONDS)

    async def point(self, x: float, y: float, *, width: int = 1280, height: int = 720) -> tuple[float, float]:
        """Where a pixel of the remote page is on this one."""
        box = cast(FloatRect, await self.page.locator(".jp-frame").bounding_box())
        return box["x"] + box["width"] * x / width, box["y"] + box["height"] * y / height

    async def axe(self) -> list[str]:
        """What axe-core finds that is serious or worse, in words."""
        await self.page.evaluate(_AXE.read_text() + "\n;undefined")
        found: list[dict[str, Any]] = await self.page.evaluate("async () => (await axe.run(document)).violations")
        bad = [each for each in found if each["impact"] in {"serious", "critical"}]
        return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in bad]


@asynccontextmanager
async def watching(
    browser: Browser,
    server: Served,
    run_id: str,
    *,
    token: str | None = None,
    viewport: ViewportSize = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
    touch: bool = False,
) -> AsyncIterator[WatchPage]:
    """Opens the watch page in a profile of its own; the test fails if the page had an error of its own."""
    context = await browser.new_context(viewport=viewport, color_scheme=scheme, has_touch=touch)
    errors: list[str] = []
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{server.api}/runs/{run_id}?token={token or server.key}")
    yield WatchPage(page)
    await context.close()
    assert errors == []


@asynccontextmanager
async def two_watching(
    browser: Browser, server: Served, run_id: str, *, role: Literal["viewer", "controller"]
) -> AsyncIterator[tuple[WatchPage, WatchPage]]:
    """Opens the watch page for the owner, and for somebody with a link of this role."""
    status, share = await server.post(f"/api/tests/{run_id}/tokens", {"role": role})
    assert status == 201
    async with (
        watching(browser, server, run_id) as owner,
        watching(browser, server, run_id, token=share["token"]) as other,
    ):
        yield owner, other
