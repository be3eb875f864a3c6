"""Takes a picture of every page and state of the web pages: ``python -m tests.e2e.screenshots [FOLDER]``."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page, ViewportSize

from tests.chromium import chromium
from tests.e2e.reporting_page import PASSWORD, ReportingPage
from tests.e2e.watch_page import WatchPage, watching
from tests.served import Served, served

Act = Callable[[WatchPage], Awaitable[None]]
Scheme = Literal["light", "dark"]

FOLDER = Path("build/screenshots")
SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1440, "height": 900},
    "small": {"width": 1024, "height": 768},
    "phone": {"width": 390, "height": 844},
}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DONE: list[dict[str, Any]] = [
    {"type": "click", "selector": "text=Altitude mug"},
    {"type": "click", "selector": 'role=button[name="Add to cart"]'},
    {"type": "navigate", "value": "/checkout"},
    {"type": "type", "selector": 'role=textbox[name="Name"]', "value": "Ada Lovelace"},
]
NEXT: list[dict[str, Any]] = [
    {"type": "type", "selector": 'role=textbox[name="Email"]', "value": "ada@example.com"},
    {"type": "click", "selector": 'role=button[name="Place order"]'},
]


class Camera:
    """Photographs one address in every size and colour scheme."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder

    async def shoot(self, name: str, url: str, act: Act | None = None, *, moving: bool = False) -> None:
        """``act`` leads from the page as it opens to the state that is wanted; ``moving`` waits for a live picture."""
        for size, viewport in SIZES.items():
            for scheme in SCHEMES:
                context = await self._browser.new_context(
                    viewport=viewport, color_scheme=scheme, reduced_motion="reduce", has_touch=size == "phone"
                )
                page = await context.new_page()
                await page.goto(url)
                viewer = WatchPage(page)
                if moving:
                    await viewer.live("whep")
                if act is not None:
                    await act(viewer)
                await self._take(page, f"{name}-{size}-{scheme}")
                await context.close()

    async def _take(self, page: Page, name: str) -> None:
        await page.wait_for_load_state("networkidle")
        await page.screenshot(path=self._folder / f"{name}.png")
        print(name)


async def take_all(folder: Path) -> None:
    """Starts a server and a browser of its own; writes one PNG for each page, state, size and scheme."""
    async with served() as server, chromium() as browser:
        camera = Camera(browser, folder)
        await camera.shoot("sign-in", server.api)
        await camera.shoot("dashboard-empty", f"{server.api}/?token={server.key}")
        await camera.shoot("no-such-run", watch_url(server, "nobody"))
        await camera.shoot("nothing-here", f"{server.api}/nothing?token={server.key}")
        await shoot_steering(camera, server)
        await shoot_others(camera, browser, server)
        await shoot_endings(camera, server)
        await camera.shoot("dashboard", f"{server.api}/?token={server.key}")
        await camera.shoot("dashboard-list", f"{server.api}/?token={server.key}", press("List"))
        await camera.shoot("dashboard-selected", f"{server.api}/?token={server.key}", select_all)
        await camera.shoot("no-such-runs", f"{server.api}/?token={server.key}&q=nobody+called+it+that")
        await camera.shoot("new-run", f"{server.api}/?token={server.key}", press("New run"))
        await camera.shoot("new-run-unclear", f"{server.api}/?token={server.key}", type_unclear)
        await camera.shoot("edit-again", f"{server.api}/?token={server.key}", edit_again)


async def shoot_steering(camera: Camera, server: Served) -> None:
    """One run in review mode, a few steps in."""
    body = {"url": "/", "steps": [*DONE, *NEXT], "mode": "review", "name": "A guest checks out"}
    run_id = str((await server.create(body))["id"])
    for number in range(1, len(DONE) + 1):
        await server.until(run_id, proposed(number))
        await server.post(f"/api/tests/{run_id}/commands", {"type": "approve_step"})
    await server.until(run_id, proposed(len(DONE) + 1))
    await server.post(f"/api/tests/{run_id}/breakpoints", {"index": len(DONE) + 1, "on": True})
    url = watch_url(server, run_id)
    states: dict[str, Act | None] = {
        "review": None,
        "edit": press("Edit"),
        "instructions": tab("Instructions"),
        "override": tab("Override"),
        "pick": pick,
        "planned": look_ahead,
        "stats": tab("Stats"),
        "replay": press("Step before"),
        "share": share,
    }
    for name, act in states.items():
        await camera.shoot(name, url, act, moving=True)
    _, link = await server.post(f"/api/tests/{run_id}/tokens", {"role": "viewer"})
    async with server.http.delete(f"{server.api}/api/tests/{run_id}/tokens/{link['id']}"):
        await camera.shoot("link-revoked", link["watchUrl"])
    await camera.shoot("control", url, take_control, moving=True)
    await server.cancel(run_id)


async def shoot_others(camera: Camera, browser: Browser, server: Served) -> None:
    """A run while somebody else holds its control, and a password that one has typed by hand."""
    driven = ReportingPage()
    async with driven.site:
        run_id = await driven.waiting_run(server)
        async with watching(browser, server, run_id) as other:
            await other.live("whep")
            await take_control(other)
            _, link = await server.post(f"/api/tests/{run_id}/tokens", {"role": "controller"})
            await camera.shoot("held-by-another", link["watchUrl"], moving=True)
            await other.press("Hide from viewers")
            await other.button("Show to viewers").wait_for()
            await camera.shoot("hidden-by-another", link["watchUrl"], moving=True)
            await other.press("Show to viewers")
            await other.page.mouse.click(*await other.point(*PASSWORD))
            await other.page.keyboard.type("tr0ub4dor")
            await driven.until_it_says(password="tr0ub4dor")
            await other.press("Release control")
            await other.button("Keep typed_new_password as a secret of this run").wait_for()
        await camera.shoot("typed-password", watch_url(server, run_id), moving=True)
        await camera.shoot("hiding", watch_url(server, run_id), hide, moving=True)
        await server.cancel(run_id)


async def shoot_endings(camera: Camera, server: Served) -> None:
    instructions = "Click 'Altitude mug'\nClick 'Add to basket now'\nGo to /cart"
    stuck = await server.create({"url": "/", "instructions": instructions, "name": "Stuck", "stepTimeoutMs": 1000})
    await server.until(stuck["id"], lambda message: message["type"] == "help_needed")
    for state, act in (("", tab("Steps")), ("-override", tab("Override")), ("-control", take_control)):
        await camera.shoot(f"help{state}", watch_url(server, stuck["id"]), act, moving=True)
    failing: dict[str, Any] = {
        "url": "/",
        "instructions": instructions,
        "name": "Fails",
        "stepTimeoutMs": 1000,
        "helpTimeoutMs": 0,
    }
    passing: dict[str, Any] = {"url": "/", "steps": DONE, "name": "Passes"}
    for name, body in (("failed", failing), ("passed", passing)):
        run_id = str((await server.create(body))["id"])
        await server.until(run_id, lambda message: message["type"] == "run_finished")
        await camera.shoot(name, watch_url(server, run_id))
    await camera.shoot("save-as", watch_url(server, run_id), press("Save as…"))


def watch_url(server: Served, run_id: str) -> str:
    return f"{server.api}/runs/{run_id}?token={server.key}"


def proposed(number: int) -> Callable[[dict[str, Any]], bool]:
    def seen(message: dict[str, Any]) -> bool:
        return message["type"] == "step_proposed" and (message["proposal"] or {}).get("stepNumber") == number

    return seen


def press(name: str) -> Act:
    return lambda viewer: viewer.press(name)


def tab(name: str) -> Act:
    return lambda viewer: viewer.tab(name)


async def pick(viewer: WatchPage) -> None:
    await viewer.tab("Override")
    await viewer.press("Pick in the picture")
    await viewer.page.mouse.move(*await viewer.point(200, 400))
    await viewer.page.locator(".jp-box-label code").wait_for()


async def look_ahead(viewer: WatchPage) -> None:
    await viewer.page.locator(".jp-planned").last.scroll_into_view_if_needed()


async def share(viewer: WatchPage) -> None:
    await viewer.press("Share")
    await viewer.page.get_by_role("button", name=re.compile("Make (the|another) link")).click()
    await viewer.page.get_by_label("Link", exact=True).wait_for()


async def type_unclear(viewer: WatchPage) -> None:
    await viewer.press("New run")
    await viewer.page.get_by_label("Instructions").fill("Scroll down\nBuy it\nClick 'Checkout")
    await viewer.sees("Line 3:")


async def select_all(viewer: WatchPage) -> None:
    await viewer.press("List")
    await viewer.press("Select all that are shown")
    await viewer.press("Delete")


async def edit_again(viewer: WatchPage) -> None:
    await viewer.page.get_by_role("button", name="Edit and run again: Fails").first.click()
    await viewer.page.get_by_role("form", name="Edit and run again").wait_for()


async def hide(viewer: WatchPage) -> None:
    await take_control(viewer)
    await viewer.press("Hide from viewers")
    await viewer.button("Show to viewers").wait_for()


async def take_control(viewer: WatchPage) -> None:
    """From the one of the picture before too, whose page has gone and who is waited for."""
    await viewer.press("Take control")
    taken = viewer.page.locator('.jp-stage[data-held="me"]')
    question = viewer.page.get_by_role("button", name="Take it from")
    await taken.or_(question).first.wait_for()
    if await question.is_visible():
        await question.click()
    await taken.wait_for()


if __name__ == "__main__":
    wanted = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    wanted.mkdir(parents=True, exist_ok=True)
    asyncio.run(take_all(wanted))
