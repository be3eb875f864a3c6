"""What a planner sees: every element that it is told of is found by its selector, and only that one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.runner.browser.driver_harness import DriverHarness, OpenHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

INNER = (
    """<title>Inner</title><button onclick="document.title = this.textContent">Inside</button><button>Inside</button>"""
)
SHOP = """<title>Shop</title><body>
<h1>All things</h1>
<nav><a href="/cart">Cart: 2 "items"</a></nav>
<ul>
  <li>Mug <button data-n="0">Add to cart</button></li>
  <li>Tag <button data-n="hidden" style="display: none">Add to cart</button></li>
  <li>Bag <button data-n="1">Add to cart</button></li>
  <li>Cap <button data-n="aria" aria-hidden="true">Add to cart</button></li>
  <li>Pen <button data-n="zero" style="position: absolute; width: 0; height: 0; border: 0; padding: 0; overflow: hidden"
    >Add to cart</button></li>
  <li>Hat <button data-n="2">Add to cart</button></li>
</ul>
<label>Your name <input></label>
<label><input type="checkbox"> I agree: it's fine \\ right</label>
<button aria-label="It's 5 o'clock: go #1">x</button>
<select aria-label="Size"><option>Small</option><option>Large</option></select>
<div id="host"></div>
<iframe src="/inner" title="Frame" style="width: 300px; height: 60px"></iframe>
<button>Last</button>
<script>
  host.attachShadow({ mode: 'open' }).innerHTML = '<button>In the shadow</button>';
  document.addEventListener('click', event => { last.textContent = event.target.dataset.n ?? ''; });
</script>
<p id="last"></p>
</body>"""
CODE = '<input type="password" aria-label="Inner code">'
SECRET = """<input type="password" aria-label="Code"><input aria-label="Note" value="in the open">
<iframe src="/code"></iframe>"""
LONG = "<body>" + "".join(f"<button>Button number {index}</button>" for index in range(500)) + "</body>"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def harness(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness(
        {
            "/": SHOP,
            "/inner": INNER,
            "/long": LONG,
            "/secret": SECRET,
            "/code": CODE,
            "/blank": "<title>Nothing</title>",
        }
    ) as harness:
        yield harness


async def test_the_page_and_its_elements_in_order(harness: DriverHarness) -> None:
    await harness.show("/")
    view = await harness.driver.observe()
    assert (view.url, view.title) == (f"{harness.base}/", "Shop")
    assert 'heading "All things"' in view.snapshot
    named = [(element.role, element.name) for element in view.elements]
    assert named[:2] == [("heading", "All things"), ("link", 'Cart: 2 "items"')]
    for wanted in [
        ("textbox", "Your name"),
        ("checkbox", "I agree: it's fine \\ right"),
        ("button", "It's 5 o'clock: go #1"),
        ("combobox", "Size"),
        ("button", "In the shadow"),
        ("button", "Inside"),
    ]:
        assert wanted in named
    assert named[-1] == ("button", "Last")


async def test_each_selector_finds_exactly_one_element(harness: DriverHarness) -> None:
    await harness.show("/")
    view = await harness.driver.observe()
    counts = {element.selector: await harness.driver.count(element.selector) for element in view.elements}
    assert counts
    assert set(counts.values()) == {1}


async def test_the_place_among_namesakes_is_right_though_some_are_hidden(harness: DriverHarness) -> None:
    await harness.show("/")
    view = await harness.driver.observe()
    adders = [element for element in view.elements if element.name == "Add to cart"]
    for element, number in zip([adders[0], adders[1], adders[-1]], "012", strict=True):
        await harness.do("click", selector=element.selector)
        await harness.text("#last", number)


async def test_elements_in_a_frame_are_reached_through_it(harness: DriverHarness) -> None:
    await harness.show("/")
    view = await harness.driver.observe()
    first, second = [element for element in view.elements if element.name == "Inside"]
    assert first.selector != second.selector
    await harness.do("click", selector=first.selector)


async def test_passwords_are_not_shown(harness: DriverHarness) -> None:
    await harness.show("/secret")
    for selector in ("input >> nth=0", "iframe >> internal:control=enter-frame >> input"):
        await harness.do("type", selector=selector, value="hunter: 'two'")
    view = await harness.driver.observe()
    assert "hunter" not in view.snapshot
    assert view.snapshot.count("•••") == 2
    assert "in the open" in view.snapshot
    assert [element.name for element in view.elements] == ["Code", "Note", "Inner code"]


async def test_a_large_page_is_bounded(harness: DriverHarness) -> None:
    await harness.show("/long")
    view = await harness.driver.observe()
    assert len(view.elements) == 300
    assert len(view.snapshot.encode()) <= 20_100
    assert view.snapshot.endswith("# … the page goes on")


async def test_an_empty_page_has_no_elements(harness: DriverHarness) -> None:
    await harness.show("/blank")
    view = await harness.driver.observe()
    assert (view.title, view.elements) == ("Nothing", ())


async def test_find_gives_the_box_of_a_visible_element_or_nothing(harness: DriverHarness) -> None:
    await harness.show("/")
    target = await harness.driver.find("text=Last >> visible=true")
    assert target is not None
    assert target.box is not None
    assert target.box.width > 0
    assert (target.viewport.width, target.viewport.height) == (800, 600)
    assert await harness.driver.find("[data-n=hidden]") is None
    assert await harness.driver.find("#nowhere", timeout_ms=50) is None
    assert await harness.driver.count("[data-n]") == 4


@pytest.mark.parametrize("zoom", [1, 2])
@pytest.mark.parametrize(
    "selector",
    [
        "text=Last",
        "h1",
        "[data-n='1']",
        "text=In the shadow",
        'iframe >> internal:control=enter-frame >> role=button[name="Inside"] >> nth=1',
    ],
)
async def test_a_box_is_where_the_browser_itself_draws_the_element(
    harness: DriverHarness, selector: str, zoom: int
) -> None:
    await harness.show("/")
    page = harness.driver.page
    await page.add_style_tag(content="h1 { width: 200px; rotate: 20deg }")
    await page.locator("iframe").content_frame.get_by_text("Inside").first.wait_for()
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Emulation.setPageScaleFactor", {"pageScaleFactor": zoom})
    target = await harness.driver.find(selector)
    drawn = await page.locator(selector).bounding_box()
    assert target is not None
    assert target.box is not None
    assert drawn is not None
    assert target.box.model_dump() == pytest.approx(drawn)
