"""What the pointer rests on is known before the press, and only as long as it is true."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import JSHandle

from control.protocol.commands import Input
from media.aio import TaskSet
from runner.browser.human import elements as elements_module
from runner.browser.human.elements import TargetElement
from runner.browser.human.hover import Hover
from tests.runner.browser.driver_harness import WAIT_SECONDS, DriverHarness, OpenHarness, attended

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """<title>Hover</title><body style="margin: 0">
<style>.at { position: absolute; margin: 0; width: 120px; height: 30px; left: 10px; box-sizing: border-box }</style>
<button class="at" style="top: 10px" onpointerdown="this.remove()">Goes</button>
<button class="at" style="top: 50px" id="menu"
  onpointerdown="this.textContent = 'Open'; document.body.ariaHidden = true">Menu</button>
<label class="at" style="top: 90px"><input type="checkbox"> Agree</label>
<a class="at" style="top: 130px" href="/next" onpointerdown="location = this.href">Next</a>
<iframe class="at" style="top: 170px; height: 60px; border: 2px solid" src="/inner"></iframe></body>"""
INNER = """<body style="margin: 0"><button style="width: 90px; height: 30px">Inside</button></body>"""
COVER = "() => document.body.insertAdjacentHTML('beforeend', '<button class=at style=\"top: 10px\">Cover</button>')"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness({"/": PAGE, "/inner": INNER, "/next": "<title>Next</title><p>There</p>"}) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: DriverHarness) -> AsyncIterator[DriverHarness]:
    async with attended(browser) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def background() -> AsyncIterator[TaskSet]:
    background = TaskSet(logging.getLogger(__name__))
    yield background
    await background.aclose()


async def rested(harness: DriverHarness, background: TaskSet, x: float, y: float, *, patience: float) -> Hover:
    hover = Hover(background, patience=patience)
    hover.rest(harness.driver.page, x, y)
    await hover.looked()
    return hover


async def rested_and_clicked(harness: DriverHarness, x: float, y: float) -> list[str | None]:
    """The selectors that are told."""
    actions = []
    for kind in ("move", "down", "up"):
        actions += await harness.driver.input(Input.model_validate({"kind": kind, "x": x, "y": y}))
    return [done.action.selector for done in actions]


@pytest.mark.parametrize(
    ("y", "selector"),
    [
        (25, 'role=button[name="Goes"]'),
        (65, 'role=button[name="Menu"]'),
        (185, 'iframe >> internal:control=enter-frame >> role=button[name="Inside"]'),
    ],
)
async def test_a_click_is_told_as_before_the_press_that_changes_the_page(
    harness: DriverHarness, y: float, selector: str
) -> None:
    assert await rested_and_clicked(harness, 30, y) == [selector]


async def test_a_press_that_leads_to_another_page_is_told_as_before_it(harness: DriverHarness) -> None:
    assert await rested_and_clicked(harness, 30, 145) == ['role=link[name="Next"]']
    await harness.do("expect_url", value="/next")
    await harness.text("p", "There")


@pytest.mark.parametrize(
    ("y", "change", "selector"),
    [
        (25, COVER, 'role=button[name="Cover"]'),
        (65, "() => { menu.textContent = 'Basket'; }", 'role=button[name="Basket"]'),
        (25, "() => document.querySelector('button').remove()", "html"),
        (185, "() => document.querySelector('iframe').remove()", "html"),
    ],
)
async def test_what_has_changed_since_is_looked_at_anew(
    harness: DriverHarness, background: TaskSet, y: float, change: str, selector: str
) -> None:
    hover = await rested(harness, background, 30, y, patience=30)
    await harness.driver.page.evaluate(change)
    spot = await hover.element_at(harness.driver.page, 30, y)
    assert spot is not None
    assert spot.selector == selector


async def test_what_is_still_there_is_not_looked_for_again(harness: DriverHarness, background: TaskSet) -> None:
    hover = await rested(harness, background, 30, 185, patience=30)
    before = await hover.looked()
    spot = await hover.element_at(harness.driver.page, 30, 185)
    assert before is not None
    assert spot is not None
    assert spot.handle is before.handle


async def test_a_page_that_does_not_answer_is_believed_to_be_as_it_was(
    harness: DriverHarness, background: TaskSet
) -> None:
    hover = await rested(harness, background, 30, 25, patience=0)
    await harness.driver.page.evaluate(COVER)
    spot = await hover.element_at(harness.driver.page, 30, 25)
    assert spot is not None
    assert spot.selector == 'role=button[name="Goes"]'


async def test_what_a_box_held_is_never_taken_on_trust(harness: DriverHarness, background: TaskSet) -> None:
    hover = await rested(harness, background, 60, 100, patience=0)
    await harness.driver.page.evaluate("() => { document.querySelector('input').checked = true; }")
    spot = await hover.element_at(harness.driver.page, 60, 100)
    assert spot is not None
    assert spot.was.checked


async def test_what_was_seen_is_given_back_once_it_is_replaced(harness: DriverHarness, background: TaskSet) -> None:
    hover = await rested(harness, background, 30, 185, patience=30)
    first = await hover.looked()
    hover.rest(harness.driver.page, 30, 25)
    second = await hover.looked()
    await harness.driver.page.evaluate("() => document.querySelector('button').remove()")
    third = await hover.element_at(harness.driver.page, 30, 25)
    assert first
    assert first.found
    assert second
    assert third
    for handle in (first.handle, first.found.frames[0][0], second.handle):
        await given_back(handle)
    assert await third.handle.evaluate("element => element.tagName") == "HTML"


async def test_a_click_leaves_nothing_behind_in_the_page(
    harness: DriverHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    spots: list[TargetElement] = []

    async def kept(*given: Any) -> TargetElement:  # noqa: ANN401 - whatever it is made from
        spots.append(await original(*given))
        return spots[-1]

    original = elements_module._target
    monkeypatch.setattr(elements_module, "_target", kept)
    for y in (25, 65):
        await rested_and_clicked(harness, 30, y)
    await harness.driver.flush_input()
    assert len(spots) >= 2
    for spot in spots:
        await given_back(spot.handle)


async def given_back(handle: JSHandle) -> None:
    """The page does not keep it any more, soon."""
    async with asyncio.timeout(WAIT_SECONDS):
        while await held(handle):
            pass


async def held(handle: JSHandle) -> bool:
    try:
        await handle.evaluate("() => 0")
    except PlaywrightError:
        return False
    return True
