"""Fields that nobody is to read, looked for in real pictures: their text is on a ground of a color of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from tests.media.pictures import decoded
from tests.runner.browser.driver_harness import WAIT_SECONDS, DriverHarness, OpenHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")

_STYLE = """<style>
body { margin: 0; height: 3000px } input, [contenteditable] { font: 30px monospace; border: 0; width: 300px }
.read { background: #f0f }
@keyframes glide { from { transform: translate(0, 0) } to { transform: translate(400px, 300px) } }
.gliding { animation: glide .4s infinite alternate linear }
</style>"""
_TYPED = "this.className = this.type === 'text' && this.value ? 'read' : ''"
_FORM = f"""<input aria-label=Password type=password oninput="{_TYPED}">
<button onclick="const field = this.previousElementSibling; field.type = 'text'; field.oninput()">Show</button>
<script>document.body.dataset.ready = 1</script>"""
_SHADOW = f"""<div id=host></div><script>
const root = document.querySelector('#host').attachShadow({{ mode: 'open' }});
root.innerHTML = `{_STYLE}{_FORM.partition("<script>")[0]}`;
</script>"""
PAGES = {
    "/": f"<title>Form</title>{_STYLE}{_FORM}<button onclick=\"location = '/next'\">Go on</button>"
    "<button onclick=\"document.querySelector('input').classList.add('gliding')\">Glide</button>",
    "/next": f"<title>Next</title>{_STYLE}{_FORM}",
    "/plain": f'<title>Plain</title>{_STYLE}<input aria-label=Key oninput="{_TYPED}">'
    "<p aria-label=Note contenteditable oninput=\"this.className = 'read'\"></p>",
    "/frames": f"<title>Frames</title>{_STYLE}<p>Around</p><div style='padding: 40px'>"
    "<iframe src=/outer width=600 height=300 style='border: 5px solid'></iframe></div>",
    "/outer": f"{_STYLE}<p>Outer</p><iframe src=/next width=500 height=200></iframe>",
    "/shadow": f"<title>Shadow</title>{_STYLE}{_SHADOW}",
    "/twins": f"<title>Twins</title>{_STYLE}<input aria-label=Password type=password>"
    "<button onclick=\"const [hidden, read] = document.querySelectorAll('input'); read.value = hidden.value;"
    " hidden.hidden = read.hidden = false; read.className = 'read'\">Show</button><input hidden aria-label=Read>",
    "/empty": "<title>Empty</title><p>Nothing to fill in</p>",
}


class Pictures:
    """Keeps every picture that leaves, and what is read in each."""

    def __init__(self) -> None:
        self.fps: float | None = None
        self.taken: list[bytes] = []
        self._more = asyncio.Event()

    def put(self, data: bytes, *, width: int, height: int, captured_at: float) -> None:
        self.taken.append(data)
        self._more.set()

    async def more(self, count: int = 1) -> None:
        """Waits for so many pictures from now on."""
        wanted = len(self.taken) + count
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.taken) < wanted:
                self._more.clear()
                await self._more.wait()

    async def until_covered(self) -> None:
        """Waits for a picture with a box in it."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not self.taken or not has_box(self.taken[-1]):
                self._more.clear()
                await self._more.wait()

    def legible(self) -> int:
        """Returns in how many of the pictures a field can be read."""
        return sum(is_legible(data) for data in self.taken)


def pixels(data: bytes) -> NDArray[np.int16]:
    return decoded(data).astype(np.int16)


def is_legible(data: bytes) -> bool:
    red, green, blue = np.moveaxis(pixels(data), 2, 0)
    return int(((red > 200) & (green < 90) & (blue > 200)).sum()) > 20


def has_box(data: bytes) -> bool:
    return int((abs(pixels(data) - 72).max(axis=2) < 6).sum()) > 2000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(open_harness: OpenHarness) -> AsyncIterator[DriverHarness]:
    async with open_harness(PAGES) as harness:
        yield harness


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: DriverHarness) -> AsyncIterator[DriverHarness]:
    await browser.show("/")
    yield browser
    browser.driver.lift_covers(False)
    await browser.driver.stop_capture()


@pytest_asyncio.fixture(loop_scope="session")
async def pictures(harness: DriverHarness) -> Pictures:
    seen = Pictures()
    await harness.driver.start_capture(seen, fps=30)
    await seen.more()
    return seen


async def show_password(harness: DriverHarness) -> None:
    await harness.do("type", selector='role=textbox[name="Password"]', value="hunter22")
    await harness.do("click", selector='role=button[name="Show"]')


@pytest.mark.parametrize("path", ["/", "/shadow", "/twins"])
async def test_a_password_that_is_shown_is_never_in_a_picture(
    harness: DriverHarness, pictures: Pictures, path: str
) -> None:
    await harness.show(path)
    await show_password(harness)
    await pictures.until_covered()
    await harness.do("reload")
    await show_password(harness)
    await pictures.until_covered()
    assert pictures.legible() == 0
    assert not is_legible(await harness.driver.screenshot())


async def test_frames_within_frames_are_covered_where_they_are(harness: DriverHarness, pictures: Pictures) -> None:
    await harness.show("/frames")
    inner = "iframe >> internal:control=enter-frame >> iframe >> internal:control=enter-frame"
    await harness.do("type", selector=f'{inner} >> role=textbox[name="Password"]', value="hunter22")
    await harness.do("click", selector=f'{inner} >> role=button[name="Show"]')
    await pictures.until_covered()
    await harness.do("scroll", value="200")
    await pictures.more()
    assert pictures.legible() == 0


async def test_a_frame_of_another_site_is_covered_too_and_while_it_moves(open_harness: OpenHarness) -> None:
    pages = dict(PAGES)
    async with open_harness(pages) as harness:
        elsewhere = harness.base.replace("127.0.0.1", "localhost")
        pages["/cross"] = (
            f"<title>Cross</title>{_STYLE}<iframe src='{elsewhere}/next' width=600 height=300></iframe>"
            "<button onclick=\"document.querySelector('iframe').classList.add('gliding')\">Glide</button>"
        )
        await harness.show("/cross")
        pictures = Pictures()
        await harness.driver.start_capture(pictures, fps=30)
        inner = "iframe >> internal:control=enter-frame"
        await harness.do("type", selector=f'{inner} >> role=textbox[name="Password"]', value="hunter22")
        await harness.do("click", selector=f'{inner} >> role=button[name="Show"]')
        await pictures.until_covered()
        await harness.do("click", selector='role=button[name="Glide"]')
        await pictures.more(15)
        assert pictures.legible() == 0
        await harness.driver.stop_capture()


async def test_a_field_that_moves_and_scrolls_does_not_come_out_of_its_box(
    harness: DriverHarness, pictures: Pictures
) -> None:
    await show_password(harness)
    await harness.do("click", selector='role=button[name="Glide"]')
    await pictures.more(20)
    for _ in range(4):
        await harness.driver.page.mouse.wheel(0, 30)
        await pictures.more(2)
    assert pictures.legible() == 0


async def test_a_page_that_is_left_is_covered_to_its_last_picture(harness: DriverHarness, pictures: Pictures) -> None:
    await show_password(harness)
    await harness.do("click", selector='role=button[name="Go on"]')
    await harness.pages.until(lambda page: page.title == "Next")
    await show_password(harness)
    await pictures.until_covered()
    assert pictures.legible() == 0


@pytest.mark.parametrize("name", ["Key", "Note"])
async def test_what_is_filled_in_as_a_secret_is_covered_from_its_first_character(
    harness: DriverHarness, pictures: Pictures, name: str
) -> None:
    await harness.show("/plain")
    async with harness.driver.covering():
        await harness.do("type", selector=f'[aria-label="{name}"]', value="hunter22")
    await pictures.until_covered()
    assert pictures.legible() == 0
    assert not is_legible(await harness.driver.screenshot())


async def test_an_owner_sees_what_is_covered_once_it_is_lifted(harness: DriverHarness, pictures: Pictures) -> None:
    await show_password(harness)
    await pictures.until_covered()
    harness.driver.lift_covers(True)
    async with asyncio.timeout(WAIT_SECONDS):
        while not is_legible(pictures.taken[-1]):
            await pictures.more()
    assert not is_legible(await harness.driver.screenshot())
    harness.driver.lift_covers(False)
    await pictures.until_covered()


async def test_a_page_without_such_fields_is_passed_on_as_it_is(harness: DriverHarness, pictures: Pictures) -> None:
    """The pictures are the browser's own, byte for byte: none is decoded."""
    await harness.show("/plain")
    await harness.do("type", selector='role=textbox[name="Key"]', value="public")
    async with asyncio.timeout(WAIT_SECONDS):
        while not is_legible(pictures.taken[-1]):
            await pictures.more()


async def test_the_page_does_not_see_that_it_is_looked_at(harness: DriverHarness) -> None:
    await show_password(harness)
    page = harness.driver.page
    assert await page.evaluate("Object.getOwnPropertyNames(window).filter(name => /jumpseat/i.test(name))") == []
    assert await page.evaluate("document.querySelector('input').getAttributeNames().sort()") == [
        "aria-label", "class", "oninput", "type",
    ]  # fmt: skip
