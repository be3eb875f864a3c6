"""Tabs that open and close under a step: a press that closes its own tab is done, however soon the tab goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from control.protocol.commands import Input
from runner.driver import StepFailed
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRONT = """<title>Front</title><p id="told">0</p>
<script>let times = 0; function tell() { document.querySelector('#told').textContent = ++times; }</script>
<button onclick="window.open('/popup', '', 'popup')">Open</button>
<button onclick="window.open('/popup', '', 'popup'); for (const end = Date.now() + 3500; Date.now() < end;);">
  Open at length</button>"""
POPUP = """<title>Popup</title><body style="margin: 0"><script>
const end = () => { opener.tell(); window.close(); };
document.addEventListener('keydown', event => { if (event.target === document.body) end(); });</script>
<style>.at { position: absolute; left: 10px; height: 30px }</style>
<button class="at" style="top: 10px" onclick="end()">Click</button>
<button class="at" style="top: 50px" onmousedown="end()">Press</button>
<button class="at" style="top: 90px" ondblclick="end()">Twice</button>
<input class="at" style="top: 130px" aria-label="Key" onkeydown="end()">
<input class="at" style="top: 170px" aria-label="Text" oninput="this.oninput = null; end()">
<input class="at" style="top: 290px" aria-label="Note">
<label class="at" style="top: 210px"><input type="checkbox" onchange="end()">Box</label>
<select class="at" style="top: 250px" onchange="end()"><option>One<option>Two</select></body>"""
ROUNDS = 6
"""Which of them fails is a matter of chance: the tab's end and the answer to the press race each other."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def harness(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness({"/": FRONT, "/popup": POPUP}) as harness:
        yield harness


async def opened(harness: DriverHarness) -> None:
    await harness.do("click", selector='text="Open"')
    await harness.do("expect_visible", selector="text=Twice")


async def closed(harness: DriverHarness, told: int) -> None:
    """The popup did its part once, is gone, and the first tab is the one that is acted on."""
    await harness.pages.until(lambda event: len(event.tabs) == 1)
    await harness.text("#told", str(told))
    harness.pages.clear()


@pytest.mark.parametrize(
    ("action", "selector", "value"),
    [
        ("click", "text=Click", None),
        ("click", "text=Press", None),
        ("double_click", "text=Twice", None),
        ("press", "label=Key", "a"),
        ("press", None, "Enter"),
        ("type", "label=Text", "words"),
        ("check", "role=checkbox", None),
        ("select", "select", "Two"),
    ],
)
async def test_by_a_step(harness: DriverHarness, action: str, selector: str | None, value: str | None) -> None:
    await harness.show("/")
    for told in range(1, ROUNDS + 1):
        await opened(harness)
        harness.pages.clear()
        target = None if selector is None else selector.replace("label=", "internal:label=")
        await harness.do(action, selector=target, value=value)
        await closed(harness, told)


@pytest.mark.parametrize(("y", "key"), [(25, None), (65, None), (145, "a"), (None, "Enter")])
async def test_by_hand(harness: DriverHarness, y: float | None, key: str | None) -> None:
    await harness.show("/")
    harness.driver.attended = True
    for told in range(1, ROUNDS + 1):
        await opened(harness)
        harness.pages.clear()
        if y is not None:
            await person(harness, "down", x=20, y=y)
            await person(harness, "up", x=20, y=y)
        if key is not None:
            await person(harness, "key_down", key=key, code="KeyA" if key == "a" else key)
            await person(harness, "key_up", key=key, code="KeyA" if key == "a" else key)
        await closed(harness, told)


async def person(harness: DriverHarness, kind: str, **fields: object) -> None:
    await harness.driver.input(Input.model_validate({"kind": kind, **fields}))


async def test_what_opens_and_closes_while_it_is_looked_for(harness: DriverHarness) -> None:
    """A step goes on in the tab that is the active one by then, and tells which that was."""
    await harness.show("/")
    await harness.driver.page.evaluate("() => setTimeout(() => window.open('/popup', '', 'popup'), 700)")
    await harness.do("type", selector='internal:label="Note"', value="found")
    assert (harness.driver.acted_in, harness.driver.tab) == (1, 1)
    await harness.driver.page.evaluate("() => { setTimeout(() => window.close(), 700); }")
    await harness.do("expect_visible", selector='text="Open"')
    assert (harness.driver.acted_in, harness.driver.tab) == (0, 0)


async def test_a_press_that_opens_a_tab_and_keeps_the_page_busy_was_made_in_the_first(harness: DriverHarness) -> None:
    await harness.show("/")
    await harness.do("click", selector="text=Open at length", timeout_ms=15_000)
    assert harness.driver.acted_in == 0
    await harness.do("expect_url", value="/popup")
    assert (harness.driver.tab, len(harness.driver.page.context.pages)) == (1, 2)


async def test_an_address_is_expected_of_the_tab_that_comes(harness: DriverHarness) -> None:
    await harness.show("/")
    await harness.driver.page.evaluate("() => setTimeout(() => window.open('/popup', '', 'popup'), 700)")
    await harness.do("expect_url", value="/popup")
    await harness.driver.page.evaluate("() => { setTimeout(() => window.close(), 700); }")
    await harness.do("expect_url", value="/")


async def test_what_is_not_found_after_its_tab_has_closed(harness: DriverHarness) -> None:
    await harness.show("/")
    await opened(harness)
    popup = harness.driver.page
    looking = asyncio.ensure_future(harness.do("click", selector="text=Never", timeout_ms=4000))
    await asyncio.sleep(0)  # it has begun, in the tab that is the active one
    await popup.evaluate("() => { setTimeout(() => window.close(), 0); }")
    with pytest.raises(StepFailed, match=r"^No element matches text=Never after 4 s; the tab .* was closed meanwhile$"):
        await looking
