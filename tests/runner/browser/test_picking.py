"""Pointing at the picture gives the element there, by a selector that finds it and no other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from control.protocol.actions import Size
from control.protocol.commands import Input, Pick
from control.protocol.events import Picked
from runner.driver import StepFailed
from tests.runner.browser.driver_harness import DriverHarness, OpenHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """<title>Things</title><body style="margin: 0">
<style>
  html { height: 600px }
  .at { position: absolute; width: 100px; height: 30px; margin: 0; box-sizing: border-box; overflow: hidden }
  #frame { position: absolute; left: 300px; top: 50px; width: 300px; height: 200px; border: 5px solid }
</style>
<button class="at" style="left: 0; top: 0"><svg width="80" height="20"><rect width="80" height="20"/></svg>
  <b>Pay</b></button>
<button class="at" style="left: 0; top: 40px">Add</button><button class="at" style="left: 0; top: 80px">Add</button>
<p class="at" style="left: 0; top: 120px">Some words</p>
<input class="at" style="left: 0; top: 160px" placeholder="Search here">
<div class="at" style="left: 0; top: 200px" data-testid="thing"></div>
<label class="at" style="left: 0; top: 240px"><input type="checkbox">Agree</label>
<button class="at" style="left: 700px; top: 570px">Corner</button>
<div class="at" id="host" style="left: 200px; top: 0"></div>
<iframe src="/outer" id="frame"></iframe>
<p id="log" class="at" style="left: 200px; top: 300px; width: 300px"></p>
<script>
  host.attachShadow({ mode: 'open' }).innerHTML = '<button>Shady</button>';
  addEventListener('click', event => { log.textContent = event.target.textContent; });
  if (location.hash === '#zoom') document.documentElement.style.zoom = 1.5;
</script></body>"""
OUTER = """<body style="margin: 0"><p style="height: 40px; margin: 0">Outer words</p>
<iframe src="/inner" style="margin-left: 20px; width: 200px; height: 100px; border: 0"></iframe></body>"""
INNER = """<body style="margin: 0"><button style="width: 90px; height: 30px">Deep</button></body>"""
SITE = {"/": PAGE, "/outer": OUTER, "/inner": INNER}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def harness(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness(SITE) as harness:
        yield harness


async def pick(harness: DriverHarness, x: float, y: float, **picture: float) -> Picked:
    return await harness.driver.pick(Pick.model_validate({"id": "7", "x": x, "y": y, **picture}))


@pytest.mark.parametrize(
    ("point", "selector", "role", "name"),
    [
        ((20, 10), 'role=button[name="Pay"]', "button", "Pay"),
        ((50, 55), 'role=button[name="Add"] >> nth=0', "button", "Add"),
        ((50, 95), 'role=button[name="Add"] >> nth=1', "button", "Add"),
        ((20, 130), "text=Some words", "paragraph", None),
        ((50, 175), 'role=textbox[name="Search here"]', "textbox", "Search here"),
        ((50, 215), '[data-testid="thing"]', None, None),
        ((10, 250), 'role=checkbox[name="Agree"]', "checkbox", "Agree"),
        ((210, 10), 'role=button[name="Shady"]', "button", "Shady"),
        ((799.5, 599.5), 'role=button[name="Corner"]', "button", "Corner"),
        ((700.9, 570.1), 'role=button[name="Corner"]', "button", "Corner"),
        (
            (350, 110),
            "#frame >> internal:control=enter-frame >> iframe >> internal:control=enter-frame >> "
            'role=button[name="Deep"]',
            "button",
            "Deep",
        ),
        ((790, 300), "html", "document", None),
    ],
)
async def test_the_element_and_how_to_find_it(
    harness: DriverHarness, point: tuple[float, float], selector: str, role: str | None, name: str | None
) -> None:
    await harness.show("/")
    picked = await pick(harness, *point)
    assert (picked.id, picked.selector, picked.role, picked.name) == ("7", selector, role, name)
    assert await harness.driver.page.locator(picked.selector).count() == 1
    assert picked.viewport == Size(width=800, height=600)
    assert picked.box is not None
    assert picked.box.x <= point[0] < picked.box.x + picked.box.width
    assert picked.box.y <= point[1] < picked.box.y + picked.box.height


async def test_a_label_stands_for_its_box(harness: DriverHarness) -> None:
    await harness.show("/")
    assert (await pick(harness, 60, 250)).selector == 'role=checkbox[name="Agree"]'


async def test_how_many_the_selector_finds_without_its_place(harness: DriverHarness) -> None:
    await harness.show("/")
    picked = [await pick(harness, *point) for point in [(20, 10), (50, 55), (50, 95)]]
    assert [(each.place, each.matches) for each in picked] == [(1, 1), (1, 2), (2, 2)]


async def test_the_text_is_given_too(harness: DriverHarness) -> None:
    await harness.show("/")
    assert (await pick(harness, 20, 130)).text == "Some words"


@pytest.mark.parametrize("scale", [0.37, 2.5])
async def test_pictures_of_any_size(harness: DriverHarness, scale: float) -> None:
    await harness.show("/")
    size = {"width": 800 * scale, "height": 600 * scale}
    for x, y in [(701, 571), (799, 571), (701, 599), (799, 599)]:
        assert (await pick(harness, x * scale, y * scale, **size)).name == "Corner"
    for left, top in [(699.9, 571.0), (701.0, 569.9)]:
        assert (await pick(harness, left * scale, top * scale, **size)).name is None


async def test_a_page_that_is_zoomed(harness: DriverHarness) -> None:
    await harness.show("/#zoom")
    await harness.do("reload")
    assert (await pick(harness, 149, 104)).selector == 'role=button[name="Add"] >> nth=0'
    await press(harness, 149, 104)
    await harness.text("#log", "Add")


async def test_a_page_that_is_pinched(harness: DriverHarness) -> None:
    await harness.show("/")
    page = harness.driver.page
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    assert (await pick(harness, 190, 50)).name == "Pay"
    assert (await pick(harness, 190, 110)).selector == 'role=button[name="Add"] >> nth=0'
    await press(harness, 190, 110)
    await harness.text("#log", "Add")
    await session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 1})
    await session.detach()


async def test_a_screen_of_more_pixels(open_harness: OpenHarness) -> None:
    async with open_harness(SITE, device_scale_factor=2) as harness:
        await harness.show("/")
        assert (await pick(harness, 1599, 1199, width=1600, height=1200)).name == "Corner"
        await press(harness, 1599, 1199, width=1600, height=1200)
        await harness.text("#log", "Corner")


async def test_nothing_is_picked_while_a_dialog_is_open(harness: DriverHarness) -> None:
    await harness.show("/")
    harness.driver.attended = True
    await harness.driver.page.evaluate("() => { setTimeout(() => alert('Hello'), 0); }")
    await harness.dialogs.until(lambda dialog: dialog.message == "Hello")
    with pytest.raises(StepFailed, match="while a dialog is open"):
        await pick(harness, 50, 55)
    harness.driver.attended = False
    assert (await pick(harness, 50, 95)).name == "Add"


async def press(harness: DriverHarness, x: float, y: float, **picture: float) -> None:
    for kind in ("down", "up"):
        await harness.driver.input(Input.model_validate({"kind": kind, "x": x, "y": y, **picture}))


FIELDS = """<style>input, select, p, div { position: absolute; left: 0; width: 200px; height: 30px; margin: 0 }</style>
<p style="top: 0">Total:  <b>12 €</b></p><p style="top: 40px"></p>
<input style="top: 80px" value="Ada"><input style="top: 120px" type="password" value="open sesame">
<input style="top: 160px" type="checkbox"><input style="top: 200px" id="was" type="password" value="once hidden">
<select style="top: 240px"><option value="a">First</option><option value="b" selected>Second</option></select>
<div style="top: 280px">around <input style="top: 0; left: 80px; width: 90px" type="password" value="inner"></div>
<p style="top: 320px" id="long"></p>
<script>
  globalThis.heard = [];
  for (const kind of ['pointermove', 'mousemove', 'mouseover', 'pointerover', 'focusin', 'mouseenter'])
    addEventListener(kind, event => heard.push(event.type), true);
  document.getElementById('long').textContent = 'word '.repeat(20_000);
</script>"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fields(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness({"/": FIELDS}) as harness:
        yield harness


@pytest.mark.parametrize(
    ("top", "holds", "content"),
    [
        (0, "text", "Total: 12 €"),
        (40, "text", None),
        (80, "value", "Ada"),
        (120, "value", None),
        (160, "value", None),
        (240, "value", "Second"),
    ],
)
async def test_what_an_expectation_would_look_at(
    fields: DriverHarness, top: int, holds: str, content: str | None
) -> None:
    await fields.show("/")
    picked = await pick(fields, 10, top + 10)
    assert (picked.holds, picked.content and " ".join(picked.content.split())) == (holds, content)
    if content is not None:
        await fields.do("expect_text", selector=picked.selector, value=content)


async def test_what_is_covered_in_pictures_is_not_read(fields: DriverHarness) -> None:
    await fields.show("/")
    await fields.driver.screenshot()
    await fields.driver.page.evaluate("() => { document.getElementById('was').type = 'text'; }")
    was = await pick(fields, 10, 210)
    assert (was.holds, was.content) == ("value", None)
    around = await pick(fields, 10, 290)
    assert (around.content, around.text) == (None, None)


async def test_a_long_text_is_bounded(fields: DriverHarness) -> None:
    await fields.show("/")
    assert len((await pick(fields, 10, 330)).content or "") <= 5000


async def test_a_preview_reads_nothing_and_the_page_hears_nothing(fields: DriverHarness) -> None:
    await fields.show("/")
    for top in (0, 80, 120):
        picked = await pick(fields, 10, top + 10, preview=True)
        assert picked.preview
        assert (picked.text, picked.holds, picked.content) == (None, None, None)
        assert picked.box is not None
    assert await fields.driver.page.evaluate("heard") == []
