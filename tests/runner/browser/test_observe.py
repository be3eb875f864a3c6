"""What a planner sees: every element that it is told of is found by its selector, and only that one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.runner.browser.seat import Seat, seated

pytestmark = pytest.mark.asyncio(loop_scope="module")

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seat() -> AsyncIterator[Seat]:
    async with seated(
        {
            "/": SHOP,
            "/inner": INNER,
            "/long": LONG,
            "/secret": SECRET,
            "/code": CODE,
            "/blank": "<title>Nothing</title>",
        }
    ) as seat:
        yield seat


async def test_the_page_and_its_elements_in_order(seat: Seat) -> None:
    await seat.show("/")
    view = await seat.driver.observe()
    assert (view.url, view.title) == (f"{seat.base}/", "Shop")
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


async def test_each_selector_finds_exactly_one_element(seat: Seat) -> None:
    await seat.show("/")
    view = await seat.driver.observe()
    counts = {element.selector: await seat.driver.count(element.selector) for element in view.elements}
    assert counts
    assert set(counts.values()) == {1}


async def test_the_place_among_namesakes_is_right_though_some_are_hidden(seat: Seat) -> None:
    await seat.show("/")
    view = await seat.driver.observe()
    adders = [element for element in view.elements if element.name == "Add to cart"]
    for element, number in zip([adders[0], adders[1], adders[-1]], "012", strict=True):
        await seat.do("click", selector=element.selector)
        await seat.text("#last", number)


async def test_elements_in_a_frame_are_reached_through_it(seat: Seat) -> None:
    await seat.show("/")
    view = await seat.driver.observe()
    first, second = [element for element in view.elements if element.name == "Inside"]
    assert first.selector != second.selector
    await seat.do("click", selector=first.selector)


async def test_passwords_are_not_shown(seat: Seat) -> None:
    await seat.show("/secret")
    for selector in ("input >> nth=0", "iframe >> internal:control=enter-frame >> input"):
        await seat.do("type", selector=selector, value="hunter: 'two'")
    view = await seat.driver.observe()
    assert "hunter" not in view.snapshot
    assert view.snapshot.count("•••") == 2
    assert "in the open" in view.snapshot
    assert [element.name for element in view.elements] == ["Code", "Note", "Inner code"]


async def test_a_large_page_is_bounded(seat: Seat) -> None:
    await seat.show("/long")
    view = await seat.driver.observe()
    assert len(view.elements) == 300
    assert len(view.snapshot.encode()) <= 20_100
    assert view.snapshot.endswith("# … the page goes on")


async def test_an_empty_page_has_no_elements(seat: Seat) -> None:
    await seat.show("/blank")
    view = await seat.driver.observe()
    assert (view.title, view.elements) == ("Nothing", ())


async def test_find_gives_the_box_of_a_visible_element_or_nothing(seat: Seat) -> None:
    await seat.show("/")
    target = await seat.driver.find("text=Last >> visible=true")
    assert target is not None
    assert target.box is not None
    assert target.box.width > 0
    assert (target.viewport.width, target.viewport.height) == (800, 600)
    assert await seat.driver.find("[data-n=hidden]") is None
    assert await seat.driver.find("#nowhere", timeout_ms=50) is None
    assert await seat.driver.count("[data-n]") == 4
