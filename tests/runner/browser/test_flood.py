"""A page that opens dialogs by the thousand, and one whose names hold what no keyboard has: both are flown as any."""

from __future__ import annotations

import json

import pytest

from control.protocol.actions import ActionType
from runner.planners.element_lookup import ElementLookup
from runner.planners.intents import Thing
from runner.selectors.build import Engine, Precision, by, by_role
from runner.selectors.to_python import locator
from tests.runner.browser.driver_harness import OpenHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

FLOOD = """<title>Dry</title><p>Read on</p><button onclick="
  let said = 0;
  for (let i = 0; i < 5000; i++) { alert(i); said += confirm(i) ? 1 : 0; said += prompt(i) === null ? 1 : 0; }
  document.title = 'Flooded ' + said">Go</button>"""
ODD = 'Pay\x07 "now" \\ \x1b[2J\u202eyadot'
NAMED = """<button></button><input><p></p><script>
  const name = NAME, [button, input, shown] = document.querySelectorAll('button, input, p');
  button.textContent = name; input.placeholder = name; shown.textContent = name;
  button.onclick = () => { document.title = 'clicked'; };
</script>""".replace("NAME", json.dumps(ODD))


async def test_fifteen_thousand_dialogs_cost_the_run_nothing(open_harness: OpenHarness) -> None:
    async with open_harness({"/": FLOOD}) as harness:
        await harness.show("/")
        await harness.do("click", selector="text=Go", timeout_ms=15_000)
        await harness.text("p", "Read on")
        assert await harness.driver.page.title() == "Flooded 10000"


async def test_a_name_with_control_characters_is_found_by_each_way(open_harness: OpenHarness) -> None:
    async with open_harness({"/": NAMED}) as harness:
        await harness.show("/")
        ways = [by(engine, ODD, precision) for engine in (Engine.PLACEHOLDER, Engine.TEXT) for precision in Precision]
        ways += [by_role("button", ODD, precision) for precision in Precision]
        assert {way: await harness.driver.count(way) >= 1 for way in ways} == dict.fromkeys(ways, True)
        page = harness.driver.page
        again = [eval(locator(way), {"page": page, "re": __import__("re")}) for way in ways]
        assert [await each.count() >= 1 for each in again] == [True] * len(ways)
        (seen,) = [each for each in (await harness.driver.observe()).elements if each.role == "button"]
        await harness.do("click", selector=seen.selector)
        assert await page.title() == "clicked"
        found = await ElementLookup(harness.driver, Thing(ODD), ActionType.CLICK).now()
        assert found is not None
        assert found.seen
