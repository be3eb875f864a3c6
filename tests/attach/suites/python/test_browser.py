"""Network, storage, contexts, scripts, the clock, and failures that are expected."""

import asyncio
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    Geolocation,
    Page,
    Playwright,
    Route,
    expect,
)
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

Visit = Callable[[str], Page]


@pytest.mark.smoke
def test_route_fulfills(visit: Visit) -> None:
    page = visit("network")
    page.route("**/api/quote", lambda route: route.fulfill(json={"text": "from the test"}))
    page.get_by_role("button", name="Quote").click()
    expect(page.get_by_role("status")).to_have_text("from the test")
    page.unroute("**/api/quote")
    page.get_by_role("button", name="Quote").click()
    expect(page.get_by_role("status")).to_have_text("Travel light")


def test_route_aborts(visit: Visit) -> None:
    page = visit("network")
    page.route("**/api/*", lambda route: route.abort())
    page.get_by_role("button", name="Quote").click()
    expect(page.get_by_role("status")).to_have_text("failed: TypeError")


def test_route_of_the_context_changes_headers(context: BrowserContext, pages_url: str) -> None:
    def add(route: Route) -> None:
        route.continue_(headers={**route.request.headers, "x-suite": "changed"})

    context.route(re.compile(r"/api/headers$"), add)
    page = context.new_page()
    page.goto(f"{pages_url}/network.html")
    page.get_by_role("button", name="Headers").click()
    expect(page.get_by_role("status")).to_have_text("changed")


def test_route_changes_an_answer(visit: Visit) -> None:
    page = visit("network")

    def louder(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={"text": answer.json()["text"].upper()})

    page.route("**/api/quote", louder)
    page.get_by_role("button", name="Quote").click()
    expect(page.get_by_role("status")).to_have_text("TRAVEL LIGHT")


def test_request_and_response(visit: Visit) -> None:
    page = visit("network")
    with page.expect_response("**/api/orders") as answered, page.expect_request("**/api/orders") as asked:
        page.get_by_role("button", name="Order").click()
    assert asked.value.post_data_json == {"item": "mug"}
    assert answered.value.status == 201
    assert answered.value.json() == {"id": 7, "item": "mug"}


def test_console_and_page_errors(visit: Visit) -> None:
    page = visit("network")
    lines: list[ConsoleMessage] = []
    page.on("console", lambda line: lines.append(line))  # noqa: PLW0108 - Playwright marks its handlers
    with page.expect_console_message(lambda message: message.text.startswith("ordered")):
        page.get_by_role("button", name="Order").click()
    assert lines[-1].args[1].json_value() == 201
    with page.expect_event("pageerror") as thrown:
        page.get_by_role("button", name="Throw").click()
    assert thrown.value.message == "thrown by the page"


def test_requests_without_a_page(playwright: Playwright, pages_url: str) -> None:
    api = playwright.request.new_context(base_url=pages_url, extra_http_headers={"x-suite": "api"})
    expect(api.get("/api/quote")).to_be_ok()
    assert api.get("/api/headers").json()["x-suite"] == "api"
    assert api.post("/api/orders", data={"item": "tag"}).json() == {"id": 7, "item": "tag"}
    refused = api.post("/api/orders", data={"what": "tag"})
    assert (refused.status, refused.json()) == (422, {"error": "which item?"})
    api.dispose()


def _log_in(page: Page, pages_url: str, user: str) -> None:
    page.goto(f"{pages_url}/login.html")
    page.get_by_label("User").fill(user)
    page.get_by_label("Password").fill("fly-me")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading")).to_have_text(f"Hello {user}")


@pytest.mark.smoke
def test_storage_state_is_used_again(browser: Browser, page: Page, pages_url: str, tmp_path: Path) -> None:
    _log_in(page, pages_url, "ada")
    page.context.storage_state(path=tmp_path / "state.json")
    assert json.loads((tmp_path / "state.json").read_text())["cookies"][0]["name"] == "member"
    with browser.new_context(storage_state=tmp_path / "state.json") as again:
        other = again.new_page()
        other.goto(f"{pages_url}/account")
        expect(other.get_by_role("heading")).to_have_text("Hello ada")
        assert other.evaluate("localStorage.seen") == "yes"


def test_wrong_password(page: Page, pages_url: str) -> None:
    page.goto(f"{pages_url}/login.html")
    page.get_by_label("Password").fill("guess")
    with page.expect_navigation() as arrived:
        page.get_by_role("button", name="Log in").click()
    assert arrived.value.status == 403


def test_cookies(context: BrowserContext, page: Page, pages_url: str) -> None:
    context.add_cookies([{"name": "member", "value": "grace", "url": pages_url}])
    page.goto(f"{pages_url}/account")
    expect(page.get_by_role("heading")).to_have_text("Hello grace")
    assert context.request.get(f"{pages_url}/account").text().startswith("<title>Account")
    context.clear_cookies(name="member")
    page.reload()
    expect(page).to_have_title("Login")
    assert context.cookies() == []


def test_two_people(new_context: Callable[..., BrowserContext], pages_url: str) -> None:
    first, second = new_context().new_page(), new_context(locale="de-DE", timezone_id="Asia/Tokyo").new_page()
    for page, user in ((first, "one"), (second, "two")):
        _log_in(page, pages_url, user)
    first.bring_to_front()
    expect(second.get_by_role("heading")).to_have_text("Hello two")
    assert second.evaluate("[navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]") == [
        "de-DE",
        "Asia/Tokyo",
    ]


def test_pages_of_one_context(context: BrowserContext, pages_url: str) -> None:
    pages = [context.new_page() for _ in range(4)]
    for number, page in enumerate(pages):
        page.goto(f"{pages_url}/inner.html?{number}")
    for number, page in reversed(list(enumerate(pages))):
        page.get_by_label("Seat").fill(str(number))
        page.get_by_role("button").click()
    assert [page.get_by_role("status").inner_text() for page in pages] == [f"booked {n}" for n in range(4)]


@pytest.mark.parametrize("device", ["iPhone 14", "Pixel 7"])
def test_telephone(browser: Browser, playwright: Playwright, pages_url: str, device: str) -> None:
    with browser.new_context(**playwright.devices[device]) as context:
        page = context.new_page()
        page.goto(f"{pages_url}/gestures.html")
        page.get_by_label("Pad").tap()
        expect(page.get_by_label("Log").get_by_role("listitem").first).to_have_text("touch")
        assert page.viewport_size == playwright.devices[device]["viewport"]
        assert page.evaluate("devicePixelRatio") == playwright.devices[device]["device_scale_factor"]


def test_without_a_viewport(browser: Browser, base_url: str) -> None:
    with browser.new_context(no_viewport=True, base_url=base_url) as context:
        page = context.new_page()
        page.goto("/")
        assert page.viewport_size is None
        page.get_by_role("link", name="Cart").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your cart")


def test_dark_offline_and_somewhere(browser: Browser, pages_url: str) -> None:
    place: Geolocation = {"latitude": 48.5, "longitude": 2.25}
    with browser.new_context(color_scheme="dark", geolocation=place, permissions=["geolocation"]) as context:
        page = context.new_page()
        page.goto(f"{pages_url}/network.html")
        assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is True
        where = "new Promise((done) => navigator.geolocation.getCurrentPosition((at) => done(at.coords.latitude)))"
        assert page.evaluate(where) == 48.5
        context.set_offline(True)
        page.get_by_role("button", name="Quote").click()
        expect(page.get_by_role("status")).to_have_text("failed: TypeError")
        page.set_viewport_size({"width": 500, "height": 400})
        assert page.evaluate("[innerWidth, innerHeight]") == [500, 400]


def test_bindings(context: BrowserContext, pages_url: str) -> None:
    calls: list[tuple[str, int]] = []
    context.expose_binding("report", lambda source, value: calls.append((source["page"].url[-5:], value)))
    context.add_init_script("window.early = document.readyState")
    page = context.new_page()
    page.expose_function("double", lambda value: value * 2)
    page.goto(f"{pages_url}/inner.html?here")
    assert page.evaluate("window.early") == "loading"
    assert page.evaluate("async () => { await report(await double(21)); return 'ok'; }") == "ok"
    assert calls == [("?here", 42)]


def test_evaluate(visit: Visit) -> None:
    page = visit("gestures")
    options = page.locator("#fruit option").evaluate_all("all => all.map((each) => each.value)")
    assert options == ["Apple", "Pear", "q"]
    handle = page.evaluate_handle("() => ({ list: [1, 2, 3] })")
    assert handle.evaluate("held => held.list.length") == 3
    assert page.evaluate("([a, b]) => a + b", [1, 2]) == 3
    handle.dispose()
    with pytest.raises(PlaywrightError, match="no such luck"):
        page.evaluate("() => { throw new Error('no such luck'); }")
    page.set_content("<h1>Set</h1>")
    expect(page.locator("h1")).to_have_text("Set")


def test_clock(page: Page, pages_url: str) -> None:
    page.clock.install(time="2024-02-29T08:00:00Z")
    page.goto(f"{pages_url}/late.html")
    page.clock.pause_at("2024-02-29T10:00:00Z")
    expect(page.locator("#time")).to_have_text(re.compile("^2024-02-29T10:00:00"))
    page.clock.fast_forward("01:00:00")
    expect(page).to_have_title("An hour later")


def test_pictures_and_traces(browser: Browser, pages_url: str, tmp_path: Path) -> None:
    with browser.new_context() as context:
        context.tracing.start(screenshots=True, snapshots=True)
        page = context.new_page()
        page.goto(f"{pages_url}/network.html")
        assert page.get_by_role("img", name="Picture").screenshot().startswith(b"\x89PNG")
        page.screenshot(path=tmp_path / "page.jpg", type="jpeg", full_page=True, mask=[page.locator("h1")])
        context.tracing.stop(path=tmp_path / "trace.zip")
    assert (tmp_path / "trace.zip").read_bytes().startswith(b"PK")
    assert (tmp_path / "page.jpg").stat().st_size > 1000


def test_waiting(visit: Visit) -> None:
    page = visit("late")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Ready").click()
    expect(page.get_by_role("status")).to_have_text("was ready")
    page.get_by_role("button", name="Show a banner").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("status")).to_have_text("finished")
    page.wait_for_function("document.querySelectorAll('button').length === 5")
    expect(page.locator("#cover")).not_to_be_attached()


def test_click_that_times_out(visit: Visit) -> None:
    page = visit("late")
    with pytest.raises(PlaywrightTimeout, match=r"^Locator.click: Timeout 700ms exceeded\.") as missing:
        page.get_by_role("button", name="Nowhere").click(timeout=700)
    assert 'waiting for get_by_role("button", name="Nowhere")' in missing.value.message
    with pytest.raises(PlaywrightTimeout, match="element is not enabled"):
        page.get_by_role("button", name="Ready").click(timeout=700)
    with pytest.raises(PlaywrightError, match="strict mode violation"):
        page.get_by_text("Same", exact=True).click()
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_test_id("counted")).to_have_text("1")


def test_expect_that_times_out(visit: Visit) -> None:
    page = visit("late")
    with pytest.raises(AssertionError, match="Locator expected to have text 'busy'") as failed:
        expect(page.get_by_role("status")).to_have_text("busy", timeout=700)
    assert "Actual value: idle" in str(failed.value)
    with pytest.raises(AssertionError, match="Locator expected not to be visible"):
        expect(page.get_by_role("status")).not_to_be_visible(timeout=200)
    with (
        pytest.raises(PlaywrightTimeout, match="Timeout 200ms exceeded while waiting for event"),
        page.expect_popup(timeout=200),
    ):
        page.get_by_role("button", name="Count").click()
    with pytest.raises(PlaywrightError, match="ERR_CONNECTION_REFUSED"):
        page.goto("http://127.0.0.1:3/")


def test_async_script_beside(chromium_options: dict[str, Any], pages_url: str) -> None:
    """A script of the project's own, with the other API, several calls at a time and its own browser."""

    async def script() -> str:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(**chromium_options)
            page = await browser.new_page()
            await page.goto(f"{pages_url}/late.html")
            await asyncio.gather(
                page.get_by_role("button", name="Next").click(), page.get_by_role("button", name="Start").click()
            )
            said = await page.get_by_role("status").inner_text()
            await browser.close()
        return said

    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(asyncio.run(script())))
    thread.start()
    thread.join()
    assert said == ["finished"]


def test_persistent_context(
    browser_type: BrowserType, chromium_options: dict[str, Any], pages_url: str, tmp_path: Path
) -> None:
    context = browser_type.launch_persistent_context(tmp_path / "profile", **chromium_options)
    context.pages[0].goto(f"{pages_url}/inner.html")
    expect(context.pages[0]).to_have_title("Inner")
    context.close()


@pytest.mark.smoke
@pytest.mark.flaky(reruns=1)
def test_that_passes_when_it_is_run_again(visit: Visit, request: pytest.FixtureRequest) -> None:
    page = visit("late")
    page.get_by_role("button", name="Count").click()
    expected = "1" if getattr(request.node, "execution_count", 1) > 1 else "many"
    expect(page.get_by_test_id("counted")).to_have_text(expected, timeout=500)


@pytest.mark.skip(reason="waits for a mended server")
def test_that_is_skipped(page: Page) -> None:
    page.goto("/nowhere")


@pytest.mark.smoke
@pytest.mark.xfail(reason="the shop has no wishes yet")
def test_that_is_expected_to_fail(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Wish list").click(timeout=400)
