"""The pointer on the picture shows what it is on, and a click makes a selector, or an expectation, of it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.watch_page import WatchPage, watching
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

STEPS = [
    {"type": "click", "selector": "text=Altitude mug"},
    {"type": "click", "selector": 'role=button[name="Add to cart"]'},
    {"type": "navigate", "value": "/checkout"},
    {"type": "type", "selector": 'role=textbox[name="Name"]', "value": "Ada Lovelace"},
    {"type": "reload"},
]


async def centres(browser: Browser, server: Served) -> dict[str, tuple[float, float]]:
    """Where things are on the page at checkout, in a window of the run's size with the same cart."""
    page = await browser.new_page(viewport={"width": 1280, "height": 720})
    await page.goto(f"{server.site}/")
    await page.get_by_text("Altitude mug").first.click()
    await page.get_by_role("button", name="Add to cart").click()
    await page.goto(f"{server.site}/checkout")
    found = {
        "name": page.get_by_role("textbox", name="Name"),
        "order": page.get_by_role("button", name="Place order"),
        "heading": page.get_by_role("heading", level=1),
    }
    places: dict[str, tuple[float, float]] = {}
    for name, locator in found.items():
        box = await locator.bounding_box()
        assert box is not None
        places[name] = (box["x"] + min(box["width"], 60) / 2, box["y"] + box["height"] / 2)
    await page.context.close()
    return places


async def at_checkout(server: Served) -> str:
    run = await server.create({"url": "/", "steps": STEPS, "pauseBefore": 4})
    await server.until(run["id"], lambda message: message["type"] == "plan_changed" and message["pausedAt"] == 4)
    return str(run["id"])


async def point_at(viewer: WatchPage, place: tuple[float, float], *, click: bool = False) -> None:
    await viewer.page.mouse.move(*await viewer.point(*place))
    if click:
        await viewer.page.mouse.click(*await viewer.point(*place))


async def test_what_the_pointer_is_on_is_outlined_with_its_locator(server: Served, viewer_browser: Browser) -> None:
    places = await centres(viewer_browser, server)
    run_id = await at_checkout(server)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.tab("Override")
        await viewer.press("Pick in the picture")
        label = viewer.page.locator(".jp-frame .jp-box-label")
        await point_at(viewer, places["order"])
        await expect(label).to_contain_text("getByRole('button', { name: 'Place order', exact: true })")
        await expect(label).to_contain_text("matches 1 of 1")
        await point_at(viewer, places["name"])
        await expect(label).to_contain_text("getByRole('textbox', { name: 'Name'")
        assert await viewer.axe() == []
        await point_at(viewer, places["name"], click=True)
        await expect(viewer.page.get_by_label("Selector")).to_have_value('role=textbox[name="Name"]')
        await expect(viewer.page.locator(".jp-pick")).to_have_count(0)
        await expect(label).to_have_count(0)
    audit = await server.get(f"/api/tests/{run_id}/audit")
    assert [entry["detail"] for entry in audit["entries"]].count("pick") == 1
    await server.cancel(run_id)


@pytest.mark.parametrize(
    ("place", "choice", "done"),
    [
        ("heading", "Expect text", ["expect_text", "role=heading", "Checkout"]),
        ("name", "Expect value", ["expect_text", 'role=textbox[name="Name"]', "Ada Lovelace"]),
        ("order", "Expect visible", ["expect_visible", 'role=button[name="Place order"]', None]),
    ],
)
async def test_an_expectation_is_made_by_pointing(
    server: Served, viewer_browser: Browser, place: str, choice: str, done: list[str | None]
) -> None:
    places = await centres(viewer_browser, server)
    run_id = await at_checkout(server)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.tab("Override")
        await viewer.press("Point at what to expect")
        choices = viewer.page.get_by_role("group", name="What to pick")
        await choices.get_by_role("button", name=choice).click()
        await point_at(viewer, places[place], click=True)
        submit = viewer.button("Do this next")
        await expect(submit).to_be_focused()
        await viewer.page.keyboard.press("Enter")
        await viewer.press("Resume")
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Passed")
    steps = (await server.get(f"/api/tests/{run_id}/steps"))["steps"]
    pointed = steps[4]
    assert (pointed["source"], pointed["status"]) == ("override", "passed")
    assert [pointed["action"], pointed["value"]] == [done[0], done[2]]
    assert str(pointed["target"]).startswith(str(done[1]))
    assert steps[5]["action"] == "reload"
    async with server.http.get(f"{server.api}/api/tests/{run_id}/export") as answer:
        exported = await answer.text()
    assert ("Ada Lovelace" if place == "name" else "expect(") in exported


async def test_what_cannot_be_expected_is_said(server: Served, viewer_browser: Browser) -> None:
    places = await centres(viewer_browser, server)
    run_id = await at_checkout(server)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.tab("Override")
        await viewer.press("Point at what to expect")
        await viewer.page.get_by_role("button", name="Expect value").click()
        await point_at(viewer, places["heading"], click=True)
        await viewer.sees("This is no field, and has no value: expect its text instead.")
    await server.cancel(run_id)
