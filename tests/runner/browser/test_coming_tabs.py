"""Tabs that open and close under a step: a press that closes its own tab is done, however soon the tab goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from control.commands import Input
from runner.driver import StepFailed
from tests.runner.browser.seat import Seat, seated

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
<input class="at" style="top: 170px" aria-label="Text" oninput="end()">
<label class="at" style="top: 210px"><input type="checkbox" onchange="end()">Box</label>
<select class="at" style="top: 250px" onchange="end()"><option>One<option>Two</select></body>"""
ROUNDS = 6
"""Which of them fails is a matter of chance: the tab's end and the answer to the press race each other."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seat() -> AsyncIterator[Seat]:
    async with seated({"/": FRONT, "/popup": POPUP}) as seat:
        yield seat


async def opened(seat: Seat) -> None:
    await seat.do("click", selector='text="Open"')
    await seat.do("expect_visible", selector="text=Twice")


async def closed(seat: Seat, told: int) -> None:
    """The popup did its part once, is gone, and the first tab is the one that is acted on."""
    await seat.pages.until(lambda event: len(event.tabs) == 1)
    await seat.text("#told", str(told))
    seat.pages.clear()


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
async def test_by_a_step(seat: Seat, action: str, selector: str | None, value: str | None) -> None:
    await seat.show("/")
    for told in range(1, ROUNDS + 1):
        await opened(seat)
        seat.pages.clear()
        target = None if selector is None else selector.replace("label=", "internal:label=")
        await seat.do(action, selector=target, value=value)
        await closed(seat, told)


@pytest.mark.parametrize(("y", "key"), [(25, None), (65, None), (145, "a"), (None, "Enter")])
async def test_by_hand(seat: Seat, y: float | None, key: str | None) -> None:
    await seat.show("/")
    seat.driver.attended = True
    for told in range(1, ROUNDS + 1):
        await opened(seat)
        seat.pages.clear()
        if y is not None:
            await person(seat, "down", x=20, y=y)
            await person(seat, "up", x=20, y=y)
        if key is not None:
            await person(seat, "key_down", key=key, code="KeyA" if key == "a" else key)
            await person(seat, "key_up", key=key, code="KeyA" if key == "a" else key)
        await closed(seat, told)


async def person(seat: Seat, kind: str, **fields: object) -> None:
    await seat.driver.input(Input.model_validate({"kind": kind, **fields}))


async def test_what_opens_and_closes_while_it_is_looked_for(seat: Seat) -> None:
    """A step goes on in the tab that is the active one by then, and tells which that was."""
    await seat.show("/")
    await seat.driver.page.evaluate("() => setTimeout(() => window.open('/popup', '', 'popup'), 700)")
    await seat.do("type", selector='internal:label="Key"', value="found")
    assert (seat.driver.acted_in, seat.driver.tab) == (1, 1)
    await seat.driver.page.evaluate("() => { setTimeout(() => window.close(), 700); }")
    await seat.do("expect_visible", selector='text="Open"')
    assert (seat.driver.acted_in, seat.driver.tab) == (0, 0)


async def test_a_press_that_opens_a_tab_and_keeps_the_page_busy_was_made_in_the_first(seat: Seat) -> None:
    await seat.show("/")
    await seat.do("click", selector="text=Open at length", timeout_ms=15_000)
    assert seat.driver.acted_in == 0
    await seat.do("expect_url", value="/popup")
    assert (seat.driver.tab, len(seat.driver.page.context.pages)) == (1, 2)


async def test_an_address_is_expected_of_the_tab_that_comes(seat: Seat) -> None:
    await seat.show("/")
    await seat.driver.page.evaluate("() => setTimeout(() => window.open('/popup', '', 'popup'), 700)")
    await seat.do("expect_url", value="/popup")
    await seat.driver.page.evaluate("() => { setTimeout(() => window.close(), 700); }")
    await seat.do("expect_url", value="/")


async def test_what_is_not_found_after_its_tab_has_closed(seat: Seat) -> None:
    await seat.show("/")
    await opened(seat)
    popup = seat.driver.page
    looking = asyncio.ensure_future(seat.do("click", selector="text=Never", timeout_ms=4000))
    await asyncio.sleep(0)  # it has begun, in the tab that is the active one
    await popup.evaluate("() => { setTimeout(() => window.close(), 0); }")
    with pytest.raises(StepFailed, match=r"^No element matches text=Never after 4 s; the tab .* was closed meanwhile$"):
        await looking
