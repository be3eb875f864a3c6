"""The player in small boxes on other people's pages, and on pages that may not show it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, FrameLocator, Page, expect

from tests.e2e.test_player_element import Host
from tests.served import Served, free_ports, served

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDTHS = (320, 480, 720)
HEIGHT = 400
REASON = "#no-such-element-of-a-page-whose-selectors-are-as-long-as-those-of-generated-style-sheets-are"
# True where the middle of the element is what a click there would hit, within the box and the window.
HIT = """(element, box) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    const inside = top >= box.top && top + height <= box.bottom && left >= box.left && left + width <= box.right;
    const hit = element.getRootNode().elementFromPoint(x, y);
    return inside && top + height <= innerHeight && (hit === element || element.contains(hit));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hosts() -> AsyncIterator[tuple[Host, Host]]:
    """A site that the server lets in, and one that it does not."""
    allowed, refused = free_ports(2)
    async with served(JUMPSEAT_ALLOWED_ORIGINS=f"http://localhost:{allowed}") as server:
        sites = tuple(Host(server, f"http://localhost:{port}") for port in (allowed, refused))
        runners = []
        for site in sites:
            app = web.Application()
            app.router.add_get("/", site.answer)
            runners.append(web.AppRunner(app))
            await runners[-1].setup()
            await web.TCPSite(runners[-1], "localhost", int(site.origin.rpartition(":")[2])).start()
        yield sites[0], sites[1]
        for runner in runners:
            await runner.cleanup()


async def waiting_for_approval(server: Served) -> str:
    steps = [{"type": "navigate", "value": "/cart"}]
    run = await server.create({"url": "/", "steps": steps, "mode": "review"})
    await server.until(run["id"], lambda message: message["type"] == "step_proposed")
    return str(run["id"])


async def waiting_for_help(server: Served) -> str:
    steps: list[dict[str, Any]] = [{"type": "click", "selector": REASON}]
    run = await server.create({"url": "/", "steps": steps, "stepTimeoutMs": 300})
    await server.until(run["id"], lambda message: message["type"] == "help_needed")
    return str(run["id"])


NEEDS = [(waiting_for_approval, ("Approve", "Skip")), (waiting_for_help, ("Do something else", "Skip"))]


@pytest.mark.parametrize(("needs", "buttons"), NEEDS)
@pytest.mark.parametrize("way", ["element", "frame"])
async def test_a_small_box_hides_neither_help_nor_approval(
    hosts: tuple[Host, Host],
    viewer_browser: Browser,
    needs: Callable[[Served], Awaitable[str]],
    buttons: tuple[str, ...],
    way: str,
) -> None:
    host, _ = hosts
    run_id = await needs(host.server)
    status, share = await host.server.post(f"/api/tests/{run_id}/tokens", {"role": "controller"})
    assert status == 201
    token = share["token"]
    if way == "element":
        player = f'<live-stream-player run-id="{run_id}" token="{token}"></live-stream-player>'
    else:
        player = f'<iframe src="{host.server.api}/runs/{run_id}?token={token}" title="Live"></iframe>'
    page = await host.open(viewer_browser, player)
    box = page.locator("live-stream-player, iframe")
    for width in WIDTHS:
        style = f"display: block; border: 0; width: {width}px; height: {HEIGHT}px"
        await box.evaluate("(element, style) => { element.style.cssText = style; }", style)
        shown: Page | FrameLocator = page if way == "element" else page.frame_locator("iframe")
        within = await box.evaluate("element => element.getBoundingClientRect().toJSON()")
        if way == "frame":
            within |= {"top": 0, "left": 0, "right": width, "bottom": HEIGHT}
        for name in buttons:
            button = shown.get_by_role("button", name=name, exact=True)
            await expect(button).to_be_visible()
            assert await button.evaluate(HIT, within), (name, width)
    await page.close()
    await host.server.cancel(run_id)


async def test_what_is_done_by_hand_is_reached_from_the_call_for_help(
    hosts: tuple[Host, Host], viewer_browser: Browser
) -> None:
    host, _ = hosts
    run_id = await waiting_for_help(host.server)
    player = f'<live-stream-player run-id="{run_id}" token="{host.server.key}"></live-stream-player>'
    page = await host.open(viewer_browser, player)
    box = page.locator("live-stream-player")
    await box.evaluate(f"element => {{ element.style.cssText = 'width: 320px; height: {HEIGHT}px'; }}")
    await page.get_by_role("button", name="Do something else").click()
    tab = page.get_by_role("tab", name="Override")
    await expect(tab).to_have_attribute("aria-selected", "true")
    within = await box.evaluate("element => element.getBoundingClientRect().toJSON()")
    assert await tab.evaluate(HIT, within)
    await page.close()
    await host.server.cancel(run_id)


async def test_a_page_that_is_not_let_in_is_told_which_setting_would(
    hosts: tuple[Host, Host], viewer_browser: Browser
) -> None:
    allowed, refused = hosts
    run_id = await allowed.server.start_watchable("/", seconds=60)
    player = f'<live-stream-player run-id="{run_id}" token="{allowed.server.key}"></live-stream-player>'
    page = await refused.open(viewer_browser, player)
    said = page.get_by_role("alert")
    await expect(said).to_contain_text("JUMPSEAT_ALLOWED_ORIGINS")
    await expect(said).to_contain_text(refused.origin)
    await expect(page.locator(".jp-spinner")).to_have_count(0)
    await page.close()
    await allowed.server.cancel(run_id)


async def test_a_server_that_is_away_is_not_taken_for_one_that_lets_nobody_in(
    hosts: tuple[Host, Host], viewer_browser: Browser
) -> None:
    host, _ = hosts
    (nobody,) = free_ports(1)
    player = f'<live-stream-player run-id="r" token="t" api-url="http://127.0.0.1:{nobody}"></live-stream-player>'
    page = await host.open(viewer_browser, player, connect=f"http://127.0.0.1:{nobody}")
    await expect(page.get_by_text("The server cannot be reached")).to_be_visible()
    await expect(page.get_by_text("JUMPSEAT_ALLOWED_ORIGINS")).to_have_count(0)
    await page.close()
