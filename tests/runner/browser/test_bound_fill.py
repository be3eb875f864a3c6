"""A value that belongs to some origins is filled into frames of these, however a page tries to get it elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from control.protocol.actions import Action
from runner.driver import StepFailed
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness, site

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIELD = """<label>Password <input id="pw" type="password"></label>"""
LISTENING = f"""{FIELD}<script>document.onkeydown = () => {{}};</script>"""
THIEF = """<input id="pw" autofocus><p id="got"></p><script>
  pw.oninput = () => { got.textContent = pw.value; };
  addEventListener('message', () => { window.focus(); pw.focus(); });
</script>"""
STOLEN = """<iframe id="thief" src="{thief}/"></iframe><label>Password <input id="secret" type="password"></label>
<script>
  secret.onkeydown = () => { thief.contentWindow.postMessage('now', '*'); thief.focus(); };
</script>"""
INHERITED = f"""<iframe id="own" srcdoc='{FIELD}'></iframe>"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def thief() -> AsyncIterator[str]:
    async with site({"/": THIEF}) as base:
        yield base


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def opened(open_harness: OpenHarness, thief: str) -> AsyncIterator[DriverHarness]:
    frame = f'<iframe id="foreign" src="{thief}/"></iframe>'
    pages = {
        "/": FIELD,
        "/listening": LISTENING,
        "/foreign": frame,
        "/stolen": STOLEN.replace("{thief}", thief),
        "/inherited": INHERITED,
        "/select": "<select id='list'><option>sesame</option></select>",
    }
    async with open_harness(pages) as harness:
        yield harness


async def fill(harness: DriverHarness, selector: str, *, origin: str | None = None, type: str = "type") -> None:
    action = Action.model_validate({"type": type, "selector": selector, "value": "sesame"})
    origins = frozenset({origin or harness.base})
    await harness.driver.perform(action, timeout_ms=10_000, origins=origins)


@pytest.mark.parametrize(
    ("path", "selector"),
    [("/", "#pw"), ("/listening", "#pw"), ("/inherited", "#own >> internal:control=enter-frame >> #pw")],
)
async def test_a_field_of_its_origin_is_filled(opened: DriverHarness, path: str, selector: str) -> None:
    await opened.show(path)
    await fill(opened, selector)
    assert await opened.driver.page.locator(selector).input_value() == "sesame"


@pytest.mark.parametrize(
    ("path", "selector", "type"),
    [
        ("/", "#pw", "type"),
        ("/listening", "#pw", "type"),
        ("/select", "#list", "select"),
    ],
)
async def test_a_page_of_another_origin_gets_nothing(
    opened: DriverHarness, path: str, selector: str, type: str
) -> None:
    await opened.show(path)
    with pytest.raises(StepFailed, match=r"The field is in a page of http://127\.0\.0\.1:\d+, and the secret may be"):
        await fill(opened, selector, origin="http://elsewhere.test", type=type)
    if type == "type":
        assert await opened.driver.page.locator(selector).input_value() == ""


async def test_a_frame_of_another_origin_gets_nothing(opened: DriverHarness) -> None:
    await opened.show("/foreign")
    inside = "#foreign >> internal:control=enter-frame >> #pw"
    with pytest.raises(StepFailed, match="the secret may be filled in at"):
        await fill(opened, inside)
    assert await opened.driver.page.frame_locator("#foreign").locator("#got").text_content() == ""


async def test_a_frame_of_another_origin_cannot_take_the_keys_away(opened: DriverHarness) -> None:
    """The page itself listens for keys, so that they would be typed one by one, and its frame grabs the focus."""
    await opened.show("/stolen")
    await opened.driver.page.frame_locator("#thief").locator("#pw").wait_for()
    await fill(opened, "#secret")
    assert await opened.driver.page.locator("#secret").input_value() == "sesame"
    assert await opened.driver.page.frame_locator("#thief").locator("#got").text_content() == ""
