"""What a person types while nobody else is to see it: returned as passwords are, and covered once that is over."""

from __future__ import annotations

import pytest

from control.protocol.commands import Input
from runner.driver import HumanAction
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness, attended

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = {
    "/": "<title>Form</title><input aria-label=Note autofocus><p id=pad tabindex=0>Type here</p>",
}


async def typed(harness: DriverHarness, text: str) -> list[HumanAction]:
    """What the text comes to once something else follows."""
    await harness.driver.input(Input(kind="text", text=text))
    return await harness.driver.flush_input()


async def test_it_is_a_password_as_long_as_it_stands_in_the_field(open_harness: OpenHarness) -> None:
    async with open_harness(PAGES) as opened, attended(opened) as harness:
        (before,) = await typed(harness, "open ")
        assert (before.action.value, before.password) == ("open ", None)
        harness.driver.curtained = True
        (behind,) = await typed(harness, "hidden ")
        assert (behind.action.value, behind.password) == ("•••", "open hidden ")
        assert "hidden" not in behind.description
        harness.driver.curtained = False
        (after,) = await typed(harness, "open")
        assert (after.action.value, after.password) == ("•••", "open hidden open")


async def test_keys_that_change_no_field_are_not_returned(open_harness: OpenHarness) -> None:
    async with open_harness(PAGES) as opened, attended(opened) as harness:
        await harness.driver.page.locator("#pad").focus()
        harness.driver.curtained = True
        pressed = [Input(kind="key_down", key=key, code=code) for key, code in (("4", "Digit4"), ("Escape", "Escape"))]
        done = [action for each in pressed for action in await harness.driver.input(each)]
        assert [each.action.value for each in done] == ["Escape"]
