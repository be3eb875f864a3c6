"""The player in a real Chromium, on real runs: what people see and what their clicks do."""

from __future__ import annotations

from collections.abc import Callable
from re import compile
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.e2e.watch_page import DESKTOP, PHONE, SECONDS, WatchPage, two_watching, watching
from tests.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOVING = "/timecode.html?fps=10"
TWO_STEPS: list[dict[str, Any]] = [{"type": "expect_visible", "selector": "body"}, {"type": "wait", "value": 50}]


async def review(server: Served, page: str, steps: list[dict[str, Any]]) -> str:
    """A run that waits for approval of its first step."""
    run = await server.create({"url": page, "steps": steps, "mode": "review", "name": "Reviewed"})
    await server.until(run["id"], lambda message: message["type"] == "step_proposed")
    return str(run["id"])


async def step_of(server: Served, run_id: str, number: int) -> dict[str, Any]:
    return dict((await server.get(f"/api/tests/{run_id}/steps/{number}"))["step"])


@pytest.mark.parametrize("transport", ["whep", "mjpeg", "polling"])
async def test_every_rung_shows_the_page_itself(server: Served, viewer_browser: Browser, transport: str) -> None:
    run_id = await server.start_watchable(MOVING, seconds=120)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.choose(transport)
        await viewer.live(transport)
        await viewer.newer_picture()
        await viewer.newer_picture()
    await server.cancel(run_id)


async def test_the_credential_leaves_the_address_bar_and_survives_a_reload(
    server: Served, viewer_browser: Browser
) -> None:
    run_id = await server.start_watchable(MOVING, seconds=120)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        assert viewer.page.url == f"{server.api}/runs/{run_id}"
        await viewer.page.reload()
        await viewer.live("whep")
    await server.cancel(run_id)


async def test_the_player_asks_nobody_but_the_server(server: Served, viewer_browser: Browser) -> None:
    run_id = await server.start_watchable(MOVING, seconds=120)
    async with watching(viewer_browser, server, run_id) as viewer:
        asked: set[str] = set()
        viewer.page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        await viewer.page.reload()
        await viewer.live("whep")
        await viewer.choose("mjpeg")
        await viewer.live("mjpeg")
        assert asked == {urlsplit(server.api).netloc, urlsplit(server.frames).netloc}
    await server.cancel(run_id)


async def test_commands_go_over_the_data_channel_once_there_is_one(server: Served, viewer_browser: Browser) -> None:
    run_id = await server.start_watchable(MOVING, seconds=120)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.tab("Stats")
        await viewer.sees("data channel")
        await viewer.sees("H264")
        await viewer.choose("polling")
        await viewer.sees("WebSocket")
        assert (await server.get(f"/api/tests/{run_id}"))["viewers"] >= 1
    await server.cancel(run_id)


async def test_a_pause_by_one_is_seen_by_another(server: Served, viewer_browser: Browser) -> None:
    run_id = await server.start_watchable(MOVING, seconds=120)
    async with two_watching(viewer_browser, server, run_id, role="viewer") as (one, other):
        await one.live("whep")
        await expect(other.page.get_by_role("status").get_by_text("Running")).to_be_visible()
        await expect(other.button("Pause")).to_have_count(0)
        await one.press("Pause")
        await expect(one.button("Resume")).to_be_visible()
        await expect(other.page.locator(".jp-status")).to_have_text("Paused")
    await server.cancel(run_id)


async def test_a_run_is_cancelled_by_two_clicks(server: Served, viewer_browser: Browser) -> None:
    run_id = await server.start_watchable(MOVING, seconds=120)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.newer_picture()  # the first one may be of the page before it has painted its time
        await viewer.press("Cancel run")
        await viewer.press("Really cancel?")
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Cancelled")
        assert await viewer.timecode() is not None, "the last picture has gone"


async def test_a_proposal_is_drawn_edited_and_done_as_edited(server: Served, viewer_browser: Browser) -> None:
    steps: list[dict[str, Any]] = [
        {"type": "click", "selector": "text=Nowhere to be found"},
        {"type": "wait", "value": 50},
    ]
    run_id = await review(server, "/", steps)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.press("Edit")
        await viewer.page.get_by_label("Action").select_option("scroll")
        await viewer.page.get_by_label("Pixels down").fill("200")
        await viewer.press("Do this instead")
        tag = viewer.page.locator('.jp-step .jp-tag[data-source="override"]')
        await expect(tag).to_be_visible()
        await viewer.press("Skip")
        await server.until(run_id, lambda message: message["type"] == "run_finished")
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Passed")
    step = await step_of(server, run_id, 1)
    assert (step["source"], step["action"], step["status"]) == ("override", "scroll", "passed")
    assert step["proposed"]["selector"] == "text=Nowhere to be found"


async def test_a_refused_override_says_what_is_wrong(server: Served, viewer_browser: Browser) -> None:
    run_id = await review(server, "/", TWO_STEPS)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.tab("Override")
        await viewer.page.get_by_label("Action").select_option("wait")
        await viewer.page.get_by_label("Milliseconds").fill("soon")
        await viewer.press("Do this next")
        await expect(viewer.page.get_by_role("alert").get_by_text("number")).to_be_visible()
    await server.cancel(run_id)


async def test_one_who_takes_control_types_into_the_remote_page(server: Served, viewer_browser: Browser) -> None:
    run_id = await review(server, "/checkout", TWO_STEPS)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.press("Take control")
        await expect(viewer.page.locator('.jp-stage[data-held="me"]')).to_be_visible()
        at = await find_field(server, run_id, "Name")
        await viewer.page.mouse.click(*await viewer.point(*at))
        await viewer.page.keyboard.type("Ada")
        await viewer.page.keyboard.press("Shift+Escape")
        await expect(viewer.button("Release control")).to_be_focused()
        await viewer.press("Release control")
        await server.until(run_id, human("type", "Ada"))
        await expect(viewer.page.locator(".jp-stage[data-held]")).to_have_count(0)
        await expect(viewer.page.locator('.jp-tag[data-source="human"]').first).to_be_visible()
    await server.cancel(run_id)


async def test_control_is_handed_to_another_who_is_here(server: Served, viewer_browser: Browser) -> None:
    run_id = await review(server, "/checkout", TWO_STEPS)
    async with two_watching(viewer_browser, server, run_id, role="controller") as (one, other):
        await other.live("whep")
        await one.press("Take control")
        await one.page.get_by_role("button", name="Hand to").click()
        await expect(other.button("Release control")).to_be_visible()
        await expect(one.button("Release control")).to_have_count(0)
    await server.cancel(run_id)


async def test_control_is_asked_for_and_given(server: Served, viewer_browser: Browser) -> None:
    run_id = await review(server, "/checkout", TWO_STEPS)
    async with two_watching(viewer_browser, server, run_id, role="controller") as (one, other):
        await other.live("whep")
        await one.press("Take control")
        await other.press("Ask for control")
        await expect(other.button("Asked for control")).to_be_disabled()
        await expect(one.page.get_by_text("asks for control")).to_be_visible()
        await one.page.locator(".jp-watchers summary").click()
        await expect(one.page.get_by_label("Who is watching").get_by_role("listitem")).to_have_count(2)
        await one.page.get_by_role("button", name="Hand to").click()
        await expect(other.button("Release control")).to_be_visible()
        await expect(one.page.get_by_text("asks for control")).to_have_count(0)
    await server.cancel(run_id)


def human(action: str, value: str) -> Callable[[dict[str, Any]], bool]:
    def seen(message: dict[str, Any]) -> bool:
        step = message["step"] if message["type"] == "test_step" else {}
        return (step.get("source"), step.get("action"), step.get("value")) == ("human", action, value)

    return seen


async def find_field(server: Served, run_id: str, name: str, *, role: str = "textbox") -> tuple[float, float]:
    """The middle of a field of the remote page, found by pointing here and there."""
    for y in range(100, 720, 15):
        for x in (200, 300, 500):
            answer = await server.post(f"/api/tests/{run_id}/commands", {"type": "pick", "x": x, "y": y})
            if answer[0] == 200 and answer[1].get("role") == role and answer[1].get("name") == name:
                box = answer[1]["box"]
                return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    raise AssertionError(f"there is no field {name}")


async def test_a_list_of_the_remote_page_is_chosen_from_beside_the_picture(
    server: Served, viewer_browser: Browser
) -> None:
    run_id = await review(server, "/checkout", TWO_STEPS)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.press("Take control")
        await expect(viewer.page.locator('.jp-stage[data-held="me"]')).to_be_visible()
        at = await find_field(server, run_id, "Country", role="combobox")
        await viewer.page.mouse.click(*await viewer.point(*at))
        await viewer.page.get_by_label("Options").select_option("France")
        await viewer.press("OK")
        await expect(viewer.page.get_by_label("Options")).to_have_count(0)
        await viewer.press("Release control")
        await server.until(run_id, human("select", "France"))
    await server.cancel(run_id)


async def test_a_run_that_is_stuck_is_helped_by_a_suggestion(server: Served, viewer_browser: Browser) -> None:
    instructions = "Click 'Altitude mug'\nClick 'Add to basket now'"
    run = await server.create({"url": "/", "instructions": instructions, "stepTimeoutMs": 10_000})
    async with watching(viewer_browser, server, run["id"]) as viewer:
        await expect(viewer.page.get_by_role("alert", name="Help needed")).to_be_visible(timeout=60 * SECONDS)
        assert await viewer.axe() == []
        await viewer.page.get_by_role("button", name="Do this: Click button 'Add to cart'").click()
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Passed", timeout=60 * SECONDS)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_an_element_is_picked_in_the_picture(size: ViewportSize, server: Served, viewer_browser: Browser) -> None:
    run_id = await review(server, "/checkout", TWO_STEPS)
    async with watching(viewer_browser, server, run_id, viewport=size) as viewer:
        await viewer.live("whep")
        at = await find_field(server, run_id, "Name")
        await viewer.tab("Override")
        await viewer.press("Pick in the picture")
        await expect(viewer.page.locator(".jp-pick")).to_be_visible()
        await viewer.page.mouse.click(*await viewer.point(*at))
        await expect(viewer.page.get_by_label("Selector")).to_have_value(compile("Name"))
    await server.cancel(run_id)


async def test_replay_shows_a_step_as_it_was_and_goes_back_to_live(server: Served, viewer_browser: Browser) -> None:
    run_id = await review(server, "/", TWO_STEPS)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.press("Approve")
        await expect(viewer.page.locator('.jp-step[data-status="passed"]')).to_be_visible()
        await viewer.press("Step before")
        await viewer.sees("not live")
        await shown(viewer)
        await viewer.press("Back to live")
        await viewer.live("whep")
    await server.cancel(run_id)


async def test_a_run_that_is_over_can_be_stepped_through(server: Served, viewer_browser: Browser) -> None:
    run = await server.create({"url": "/", "steps": TWO_STEPS})
    await server.until(run["id"], lambda message: message["type"] == "run_finished")
    async with watching(viewer_browser, server, run["id"]) as viewer:
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Passed")
        await expect(viewer.page.get_by_alt_text("The page at the end")).to_be_visible()
        await viewer.page.keyboard.press("ArrowLeft")
        await viewer.sees("step 2 · not live")
        await viewer.page.keyboard.press("ArrowLeft")
        await viewer.sees("step 1 · not live")
        await shown(viewer)
        assert await viewer.axe() == []


async def test_a_run_that_was_watched_to_its_end_can_be_stepped_through(
    server: Served, viewer_browser: Browser
) -> None:
    run_id = await review(server, "/", TWO_STEPS)
    async with watching(viewer_browser, server, run_id) as viewer:
        await viewer.live("whep")
        await viewer.tab("Stats")
        await viewer.sees("data channel")
        for number in (1, 2):
            await viewer.sees(f"#{number}")
            await viewer.press("Approve")
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Passed")
        for number in (2, 1):
            await viewer.press("Step before")
            await viewer.sees(f"step {number} · not live")
            await shown(viewer)


async def shown(viewer: WatchPage) -> None:
    """Until the picture of the step is there, and is a picture."""
    await viewer.page.wait_for_function("() => document.querySelector('.jp-replay > img')?.naturalWidth > 0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_everything_and_axe_finds_nothing_serious(
    server: Served, viewer_browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    run_id = await review(server, "/checkout", TWO_STEPS)
    async with watching(viewer_browser, server, run_id, viewport=PHONE, scheme=scheme) as viewer:
        await viewer.live("whep")
        await expect(viewer.button("Approve")).to_be_visible()
        assert await viewer.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for tab in ("Steps", "Instructions", "Override", "Page", "Stats"):
            await viewer.tab(tab)
            assert await viewer.axe() == []
    await server.cancel(run_id)


async def test_the_dashboard_lists_filters_starts_and_runs_again(server: Served, viewer_browser: Browser) -> None:
    context = await viewer_browser.new_context()
    page = await context.new_page()
    await page.goto(f"{server.api}/?token={server.key}")
    viewer = WatchPage(page)
    await viewer.press("New run")
    assert await viewer.axe() == []
    await page.get_by_label("Start address").fill(f"{server.site}/")
    await page.get_by_label("Name").fill("From the form")
    await page.get_by_label("Instructions").fill("Scroll down")
    await viewer.press("Start the run")
    await expect(page.locator(".jp-outcome")).to_contain_text("Passed", timeout=60 * SECONDS)
    await viewer.press("Run again")
    await expect(page.locator(".jp-outcome")).to_have_count(0)
    await expect(page.locator(".jp-outcome")).to_contain_text("Passed", timeout=60 * SECONDS)
    await page.goto(f"{server.api}/")
    await expect(page.get_by_text("From the form")).to_have_count(2)
    await page.get_by_label("Status").select_option("cancelled")
    await expect(page.get_by_text("From the form")).to_have_count(0)
    await context.close()


@pytest.mark.parametrize("place", ["watch page", "dashboard"])
async def test_a_run_with_secrets_asks_for_them_before_it_runs_again(
    server: Served, viewer_browser: Browser, place: str
) -> None:
    body = {"url": "/", "steps": TWO_STEPS, "secrets": {"PASSWORD": "hunter2"}, "name": f"From the {place}"}
    run = await server.create(body)
    await server.until(run["id"], lambda message: message["type"] == "run_finished")
    async with watching(viewer_browser, server, run["id"]) as viewer:
        if place == "dashboard":
            await viewer.page.goto(f"{server.api}/")
            await viewer.press(f"Run again: {body['name']}")
        else:
            await viewer.press("Run again")
        await expect(viewer.page.get_by_role("heading", name="Secrets of this run")).to_be_visible()
        assert await viewer.axe() == []
        await viewer.page.get_by_label("PASSWORD").fill("hunter3")
        async with viewer.page.expect_request(lambda request: request.method == "POST") as posted:
            await viewer.press("Start the run")
        sent = (await posted.value).post_data_json
        assert sent is not None
        assert sent["secrets"] == {"PASSWORD": "hunter3"}
        await viewer.page.wait_for_url(lambda url: "/runs/" in url and run["id"] not in url)
        await expect(viewer.page.locator(".jp-outcome")).to_contain_text("Passed", timeout=60 * SECONDS)


async def test_links_can_be_listed_renewed_and_revoked(server: Served, viewer_browser: Browser) -> None:
    run_id = await server.start_watchable(MOVING, seconds=120)
    _, made_elsewhere = await server.post(f"/api/tests/{run_id}/tokens", {"role": "controller", "ttlSeconds": 7200})
    async with watching(viewer_browser, server, run_id) as viewer:
        links = viewer.page.get_by_role("list", name="Links to this run").get_by_role("listitem")
        await viewer.press("Share")
        await expect(links).to_have_count(1)
        await expect(links).to_contain_text("never used. May watch and steer until")
        await expect(links.get_by_label("Link")).to_have_count(0)
        await viewer.press("Renew")
        await viewer.press("Replace the old one?")
        await expect(links.get_by_label("Link")).to_have_count(1)
        renewed = await links.get_by_label("Link").input_value()
        found = (await server.get(f"/api/tests/{run_id}/tokens"))["tokens"]
        assert [link["role"] for link in found] == ["controller"]
        assert made_elsewhere["id"] != found[0]["id"]
        await links.get_by_role("button", name="Revoke").click()
        await expect(links).to_have_count(0)
        await viewer.press("Make the link")
        await expect(links).to_have_count(1)
        older = await links.get_by_label("Link").input_value()
        await viewer.press("Make another link")
        await expect(links).to_have_count(2)
        await viewer.page.reload()
        await viewer.press("Share")
        await expect(links).to_have_count(2)
        assert await viewer.axe() == []
        await links.last.get_by_role("button", name="Revoke").click()
        await expect(links).to_have_count(1)
        assert await links.get_by_label("Link").input_value() != older
        for address in (older, renewed):
            async with watching(viewer_browser, server, run_id, token=address.partition("token=")[2]) as other:
                await expect(other.page.get_by_role("heading", name="This link has been revoked")).to_be_visible()
                await other.page.reload()
                await expect(other.page.get_by_role("heading", name="This link has been revoked")).to_be_visible()
                await expect(other.page.get_by_label("API key or share token")).to_have_count(0)
                await other.press("Sign in with a key")
                await expect(other.page.get_by_label("API key or share token")).to_be_visible()
    await server.cancel(run_id)


async def test_where_there_is_nothing_a_page_leads_back(server: Served, viewer_browser: Browser) -> None:
    context = await viewer_browser.new_context()
    page = await context.new_page()
    answer = await page.goto(f"{server.api}/nothing/here?token={server.key}")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    await page.get_by_role("link", name="All runs", exact=True).click()
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await page.goto(f"{server.api}/runs/none")
    await expect(page.get_by_role("heading", name="There is no such run")).to_be_visible()
    await page.get_by_role("link", name="All runs", exact=True).click()
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await context.close()


async def test_without_a_key_the_page_asks_for_one(server: Served, viewer_browser: Browser) -> None:
    context = await viewer_browser.new_context()
    page = await context.new_page()
    await page.goto(server.api)
    await page.get_by_label("API key or share token").fill("wrong")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.get_by_label("API key or share token").fill(server.key)
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await context.close()
