"""Every type of action on real pages, what it waits for, and what it says when it cannot be done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from control.protocol.actions import Action, ActionType
from runner.browser.actions.expect import matches
from runner.driver import Driver, StepFailed
from runner.planners.element_lookup import ElementLookup
from runner.planners.intents import Thing
from runner.selectors.build import either
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOP = """<title>Shop</title><body>
<style>.cover { position: fixed; inset: 0; background: #0003 }</style>
<button id="pay" onclick="say('paid ' + event.detail)" ondblclick="say('twice')">Pay</button>
<button id="off" disabled>Off</button>
<button id="late" disabled onclick="say('late')">Late</button>
<button hidden>Ghost</button>
<button class="twin">One</button><button class="twin">Two</button>
<span id="tip" onmouseenter="say('hovered')">Tip</span>
<input aria-label="Name" value="old" oninput="say(this.value)" onkeydown="if (event.key === 'Enter') say('entered')">
<input aria-label="Fixed" readonly value="fixed">
<input aria-label="Code" type="password" value="secret">
<div id="rich" contenteditable></div>
<select aria-label="Size" onchange="say(this.value)">
  <option value="s">Small</option><option value="l">Large</option></select>
<label><input type="checkbox" onchange="say(this.checked)"> Agree</label>
<input type="file" aria-label="File" onchange="files[0].text().then(text => say(files[0].name + '=' + text))">
<div id="card" draggable="true" ondragstart="event.dataTransfer.setData('text', 'card')">Card</div>
<div id="bin" ondragover="event.preventDefault()" ondrop="event.preventDefault(); say('dropped')">Bin</div>
<a href="/cart">Cart</a> <a href="/cart" target="_blank">Cart in a tab</a> <a id="slow" href="/slow">Slow</a>
<button onclick="window.close()">Close me</button>
<button onclick="setTimeout(() => { location.href = '/cart'; }, 10)">Soon</button>
<p id="log"></p><p id="spaced">Order&nbsp; #5
   is  on   its way</p>
<div style="height: 3000px"></div><p id="bottom">Bottom</p>
<script>
  function say(text) { log.textContent += text + ';'; }
  function cover() { document.body.insertAdjacentHTML('beforeend', '<div class="cover" id="veil">Wait</div>'); }
  if (location.hash === '#cover') cover();
  if (location.hash === '#late') setTimeout(() => { late.disabled = false; say('ready'); }, 300);
</script></body>"""
PAGES = {
    "/": SHOP,
    "/cart": "<title>Cart</title><h1>Your cart</h1><a href='/'>Shop</a>",
    "/list/cart": "<title>List</title><h1>List</h1>",
    "/busy": "<title>Busy</title><button onclick='for (;;) {}'>Loop</button>",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory, open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    folder = tmp_path_factory.mktemp("uploads")
    (folder / "note.txt").write_text("from the folder")
    (folder.parent / "outside.txt").write_text("not to be had")
    async with open_harness(PAGES, uploads=folder) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: DriverHarness) -> AsyncIterator[DriverHarness]:
    await browser.show("/")
    yield browser


ATTEMPTS = 5
"""A page on a busy machine may not answer in the second that a step is given, and then nothing better can be said."""


async def fails(harness: DriverHarness, sentence: str, *, timeout_ms: int = 1000, **fields: Any) -> None:  # noqa: ANN401
    wanted, said = sentence.replace("{base}", harness.base), set[str]()
    for _ in range(ATTEMPTS):
        with pytest.raises(StepFailed) as caught:
            await harness.do(**fields, timeout_ms=timeout_ms)
        said.add(str(caught.value))
        if wanted in said:
            break
    assert wanted in said, said


@pytest.mark.parametrize(
    ("action", "result"),
    [
        ({"type": "click", "selector": "#pay"}, "paid 1;"),
        ({"type": "double_click", "selector": "#pay"}, "paid 1;paid 2;twice;"),
        ({"type": "hover", "selector": "#tip"}, "hovered;"),
        ({"type": "type", "selector": '[aria-label="Name"]', "value": "Ada"}, "Ada;"),
        ({"type": "type", "selector": '[aria-label="Name"]', "value": ""}, ";"),
        ({"type": "press", "selector": '[aria-label="Name"]', "value": "Enter"}, "entered;"),
        ({"type": "select", "selector": "select", "value": "l"}, "l;"),
        ({"type": "select", "selector": "select", "value": "Large"}, "l;"),
        ({"type": "check", "selector": "input[type=checkbox]"}, "true;"),
        ({"type": "check", "selector": "text=Agree"}, "true;"),
        (
            {"type": "upload", "selector": "input[type=file]", "value": "data:text/plain;name=a%20b.txt,hi"},
            "a b.txt=hi;",
        ),
        ({"type": "upload", "selector": "input[type=file]", "value": "note.txt"}, "note.txt=from the folder;"),
        ({"type": "drag", "selector": "#card", "target": "#bin"}, "dropped;"),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else value,
)
async def test_it_is_done(harness: DriverHarness, action: dict[str, Any], result: str) -> None:
    await harness.do(**action)
    await harness.text("#log", result)


async def test_a_box_is_unchecked_and_a_key_goes_where_the_focus_is(harness: DriverHarness) -> None:
    await harness.do("check", selector="input[type=checkbox]")
    await harness.do("press", value="Space")
    await harness.do("check", selector="input[type=checkbox]")
    await harness.do("uncheck", selector="input[type=checkbox]")
    await harness.text("#log", "true;false;true;false;")


async def test_editable_elements_are_typed_into(harness: DriverHarness) -> None:
    await harness.do("type", selector="#rich", value="Dear all")
    await harness.text("#rich", "Dear all")


async def test_scrolling_by_pixels_by_viewports_and_to_an_element(harness: DriverHarness) -> None:
    async def top() -> float:
        target = await harness.driver.find("#pay")
        assert target is not None
        assert target.box is not None
        return target.box.y

    start = await top()
    await harness.do("scroll")
    assert await top() == start - 600
    await harness.do("scroll", value=-100)
    assert await top() == start - 500
    await harness.do("scroll", selector="#bottom")
    bottom = await harness.driver.find("#bottom")
    assert bottom is not None
    assert bottom.box is not None
    assert 0 <= bottom.box.y < 600


async def test_going_about(harness: DriverHarness) -> None:
    await harness.do("navigate", value="/cart")
    await harness.do("expect_url", value=f"{harness.base}/cart")
    await harness.do("back")
    await harness.do("expect_url", value="/")
    await harness.do("forward")
    await harness.do("expect_visible", selector="h1")
    await harness.do("reload")
    await harness.do("expect_url", value="*/cart")
    await fails(harness, "There is no page to go forward to", type="forward")
    await harness.do("navigate", value="list/cart")
    await harness.do("expect_url", value="/list/*")


LEADS_NOWHERE = """nowhere => setTimeout(() => {
  location = nowhere;
  fetch(nowhere + '/done', { mode: 'no-cors' }).then(() => (location = '/list/cart'));
})"""
"""Goes to an address that has nothing to show, so that the page stays, and then to another one."""


async def test_an_address_is_waited_for_though_the_way_to_another_one_has_failed(
    harness: DriverHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, waiting, failed = harness.driver.page, asyncio.Event(), asyncio.Event()
    wait_for_url = page.wait_for_url

    async def noted(*arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as Playwright has them
        waiting.set()
        await wait_for_url(*arguments, **options)

    async def nothing(_: web.Request) -> web.Response:
        await waiting.wait()
        return web.Response(status=204)

    async def done(_: web.Request) -> web.Response:
        await failed.wait()
        return web.Response()

    monkeypatch.setattr(page, "wait_for_url", noted)
    page.once("requestfailed", lambda _: failed.set())
    app = web.Application()
    app.add_routes([web.get("/", nothing), web.get("/done", done)])
    async with TestServer(app, host="127.0.0.1") as server:
        await page.evaluate(LEADS_NOWHERE, str(server.make_url("/")).rstrip("/"))
        await harness.do("expect_url", value="/list/cart")


async def test_there_is_nothing_before_the_first_page(open_harness: OpenHarness) -> None:
    async with open_harness(PAGES) as harness:
        await harness.show("/")
        await fails(harness, "There is no page to go back to", type="back", timeout_ms=3000)
        assert harness.driver.url == f"{harness.base}/"


@pytest.mark.parametrize(
    "address", ["file:///etc/hostname", "chrome://version", "data:text/html,hi", "javascript:alert(1)", "about:blank"]
)
async def test_only_the_web_is_opened(harness: DriverHarness, address: str) -> None:
    await fails(harness, f"{address} is not opened: only http and https addresses are", type="navigate", value=address)
    assert harness.driver.url == f"{harness.base}/"


async def test_an_address_where_nobody_answers(harness: DriverHarness) -> None:
    nowhere = "http://127.0.0.1:9/"
    with pytest.raises(StepFailed, match=f"^{nowhere} cannot be loaded: "):
        await harness.driver.open(nowhere)
    await harness.show("/cart")


async def test_a_click_that_leads_to_another_page_waits_for_it(harness: DriverHarness) -> None:
    await harness.do("click", selector="text=Cart >> nth=0")
    assert harness.driver.url == f"{harness.base}/cart"


async def test_a_tab_that_is_about_to_open_is_waited_for(harness: DriverHarness) -> None:
    await harness.driver.page.evaluate("setTimeout(() => window.open('/cart'), 300)")
    await harness.do("switch_tab", value=1)
    assert harness.driver.url == f"{harness.base}/cart"
    await harness.do("close_tab", value=1)


async def test_a_new_tab_is_followed_and_left(harness: DriverHarness) -> None:
    await harness.do("click", selector="text=Cart in a tab")
    await harness.do("expect_url", value="/cart")
    two = await harness.pages.until(lambda page: len(page.tabs) == 2 and page.title == "Cart")
    assert [(tab.index, tab.title, tab.active) for tab in two.tabs] == [(0, "Shop", False), (1, "Cart", True)]
    await harness.do("switch_tab", value=0)
    assert harness.driver.url == f"{harness.base}/"
    await fails(harness, "There is no tab 2: 2 tabs are open, the first is tab 0", type="switch_tab", value=2)
    await harness.do("switch_tab", value=1)
    await harness.do("close_tab", value=1)
    await harness.do("expect_url", value="/")
    one = await harness.pages.until(lambda page: len(page.tabs) == 1 and page.title == "Shop" and page.tabs[0].active)
    assert one.viewport is not None
    await fails(harness, "The only open tab cannot be closed", type="close_tab", value=0)


async def test_it_waits_until_the_element_is_ready(harness: DriverHarness) -> None:
    await harness.show("/#late")
    await harness.do("reload")
    await harness.do("click", selector="#late")
    await harness.text("#log", "ready;late;")


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ({"type": "click", "selector": "#nope"}, "No element matches #nope after 1 s"),
        (
            {"type": "click", "selector": 'role=button[name="X"]'},
            'No element matches role=button[name="X"] after 1 s',
        ),
        (
            {"type": "click", "selector": either(['role=button[name="X"]', 'role=link[name="X"]', "text=X"])},
            'No element matches role=button[name="X"] or the like after 1 s',
        ),
        ({"type": "click", "selector": "#off"}, "The button 'Off' is disabled (waited 1 s)"),
        ({"type": "click", "selector": "text=Ghost"}, "The element text=Ghost is not visible (waited 1 s)"),
        (
            {"type": "type", "selector": '[aria-label="Fixed"]', "value": "x"},
            "The textbox 'Fixed' is read-only (waited 1 s)",
        ),
        (
            {"type": "click", "selector": ".twin"},
            '.twin matches 2 elements; narrow it down, for example to the first: role=button[name="One"]',
        ),
        (
            {"type": "expect_text", "selector": "#spaced", "value": "Order #6"},
            "Expected text 'Order #6', the page shows 'Order #5 is on its way' (waited 1 s)",
        ),
        (
            {"type": "expect_text", "selector": "[type=password]", "value": "x"},
            "Expected text 'x', the page shows '•••' (waited 1 s)",
        ),
        ({"type": "expect_visible", "selector": "text=Ghost"}, "The element text=Ghost is not visible (waited 1 s)"),
        ({"type": "expect_visible", "selector": "#nope"}, "No element matches #nope after 1 s"),
        (
            {"type": "expect_visible", "selector": 'internal:text="nope"i'},
            'No element matches text="nope" after 1 s',
        ),
        (
            {"type": "expect_url", "value": "/thanks"},
            "Expected the address /thanks, the page is at {base}/ (waited 1 s)",
        ),
        (
            {"type": "select", "selector": "select", "value": "Huge"},
            "The combobox 'Size' has no option 'Huge'; it offers 'Small', 'Large'",
        ),
        (
            {"type": "upload", "selector": "input[type=file]", "value": "../outside.txt"},
            "There is no file '../outside.txt' in the folder for uploads: "
            "put it there, or give the file as a data: URL",
        ),
        ({"type": "wait", "selector": "#nope"}, "No element matches #nope after 1 s"),
        (
            {"type": "press", "value": "Nokey", "selector": "#pay"},
            "'Nokey' is no key: use names such as Enter, Tab, ArrowDown, Control+a",
        ),
        ({"type": "press", "value": "Nokey"}, "'Nokey' is no key: use names such as Enter, Tab, ArrowDown, Control+a"),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else "",
)
async def test_what_could_not_be_done_is_said_in_one_sentence(
    harness: DriverHarness, action: dict[str, Any], sentence: str
) -> None:
    await fails(harness, sentence, **action)


async def test_a_covered_button_names_what_covers_it(harness: DriverHarness) -> None:
    await harness.show("/#cover")
    await harness.do("reload")
    await fails(
        harness,
        """The button 'Pay' is covered by <div id="veil" class="cover">Wait</div> (waited 1 s)""",
        type="click",
        selector="#pay",
    )


async def test_a_selector_that_cannot_be_read(harness: DriverHarness) -> None:
    with pytest.raises(StepFailed, match=r"^The selector \]\[ cannot be read: "):
        await harness.do("click", selector="][")


async def test_text_is_expected_whatever_its_whitespace_and_of_fields_their_value(harness: DriverHarness) -> None:
    await harness.do("expect_text", selector="#spaced", value="#5 is on\nits way")
    await harness.do("expect_text", selector='[aria-label="Name"]', value="old")
    await harness.do("expect_text", selector="select", value="Small")
    await harness.do("expect_text", selector="body", value="Bottom")


async def test_waiting_for_time_and_for_an_element(harness: DriverHarness) -> None:
    await harness.do("wait", value=20)
    await harness.do("wait", selector="#pay")


async def test_a_cancelled_step_never_acts_later(harness: DriverHarness) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await harness.do("click", selector="#late")
    await harness.driver.page.evaluate("() => { late.disabled = false; say('ready'); }")
    await harness.do("click", selector="#pay")
    await harness.text("#log", "ready;paid 1;")


async def test_a_page_whose_script_never_ends_fails_the_step_in_time(open_harness: OpenHarness) -> None:
    async with open_harness(PAGES) as harness:
        await harness.show("/busy")
        with contextlib.suppress(StepFailed):
            await harness.do("click", selector="button", timeout_ms=500)
        async with asyncio.timeout(60):
            with pytest.raises(StepFailed, match="a script keeps it busy"):
                await harness.do("click", selector="button", timeout_ms=500)
            with pytest.raises(StepFailed, match="a script keeps it busy"):
                await harness.driver.observe()


@pytest.mark.parametrize(
    ("wanted", "address", "same"),
    [
        ("http://a.test", "http://a.test/", True),
        ("http://a.test/x", "http://a.test/x?y=1", False),
        ("/x", "http://a.test/x?y=1#z", True),
        ("/x?y=1", "http://a.test/x?y=1", True),
        ("/x?y=2", "http://a.test/x?y=1", False),
        ("/x#z", "http://a.test/x#z", True),
        ("/x", "http://a.test/xy", False),
        ("*/x", "http://a.test/b/x", True),
        ("http://*.test/*", "http://a.test/b?c", True),
        ("/orders/*", "http://a.test/orders/5", True),
        ("/orders/*", "http://a.test/carts/5", False),
        ("/a.b", "http://a.test/axb", False),
    ],
)
async def test_addresses_match(wanted: str, address: str, same: bool) -> None:
    assert matches(wanted, address) is same


async def test_uploads_need_a_folder(tmp_path: Path, open_harness: OpenHarness) -> None:
    async with open_harness(PAGES) as harness:
        await harness.show("/")
        sentence = "This server has no folder for uploads: give the file as a data: URL"
        await fails(harness, sentence, type="upload", selector="input[type=file]", value=str(tmp_path / "any"))


@pytest.mark.parametrize(
    ("late", "selector"),
    [
        ("<button>Pay</button>", 'role=button[name="Pay"]'),
        ("<a href=#>Pay</a>", 'role=link[name="Pay"]'),
        ("<div onclick=''>Pay</div>", "text=Pay"),
    ],
)
async def test_what_comes_late_is_named_as_what_was_met(harness: DriverHarness, late: str, selector: str) -> None:
    await harness.show("/cart")
    way = ElementLookup(cast(Driver, None), Thing("Pay"), ActionType.CLICK).late
    wanted = Action(type=ActionType.CLICK, selector=way)
    doing = asyncio.ensure_future(harness.driver.perform(wanted, timeout_ms=15_000))
    await harness.driver.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", late)
    assert await doing == Action(type=ActionType.CLICK, selector=selector)
    plain = Action(type=ActionType.CLICK, selector=f"{selector} >> nth=0")
    assert await harness.driver.perform(plain, timeout_ms=15_000) == plain
