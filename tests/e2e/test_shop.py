import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Dialog, Page, expect

from tests.browser_fixtures import SharedChromium
from tests.timecode import Picture, decode
from web.shop import PAGES, serving_shop

READER = Path(__file__).parents[1] / "timecode.js"


@pytest_asyncio.fixture(loop_scope="session")
async def browser(shared_chromium: SharedChromium) -> Browser:
    return await shared_chromium.browser()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with serving_shop() as address:
        context = await browser.new_context(base_url=address, viewport={"width": 1280, "height": 720})
        page = await context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(own(address)) else wrong.append(request.url))
        yield page
        await context.close()
        assert wrong == []


def own(address: str) -> tuple[str, str]:
    return address, f"blob:{address}"


async def put_into_cart(page: Page, *slugs: str) -> None:
    for slug in slugs:
        await page.goto(f"/products/{slug}")
        await page.get_by_role("button", name="Add to cart").click()
        await expect(page.get_by_role("status")).to_contain_text("is in your cart")


async def fill_form(page: Page) -> None:
    await page.get_by_label("Name").fill("Ada Lovelace")
    await page.get_by_label("Email").fill("ada@example.com")
    await page.get_by_label("Address").fill("12 Analytical Street")
    await page.get_by_label("Country").select_option("France")
    await page.get_by_label("I agree").check()


async def test_a_visitor_buys_two_things(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("button", name="Collections").hover()
    await page.get_by_role("link", name="In the cabin").click()
    await expect(page.get_by_role("listitem").filter(has=page.locator("h2"))).to_have_count(2)
    await put_into_cart(page, "orbit", "weekender")
    await page.goto("/cart")
    await page.get_by_role("button", name="Checkout").click()
    await fill_form(page)
    await page.get_by_label("Express").check()
    await expect(page.get_by_role("region", name="Summary")).to_contain_text("€197.00")
    await page.get_by_role("button", name="Place order").click()
    await expect(page.get_by_role("heading", name="Thank you, Ada!")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"Order #\d{6}"))).to_be_visible()


async def test_search_by_keyboard(page: Page) -> None:
    await page.goto("/")
    await page.get_by_label("Search").fill("mug")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/?q=mug")
    await expect(page.get_by_role("heading", level=2)).to_have_text(["1 found for “mug”", "Altitude mug"])


@pytest.mark.parametrize(("answer", "left"), [("accept", 0), ("dismiss", 1)])
async def test_removing_asks_first(page: Page, answer: str, left: int) -> None:
    asked: list[str] = []

    async def reply(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await (dialog.accept() if answer == "accept" else dialog.dismiss())

    page.on("dialog", reply)
    await put_into_cart(page, "mug")
    await page.goto("/cart")
    await page.get_by_role("button", name="Remove Altitude mug").click()
    await expect(page.locator(".line")).to_have_count(left)
    assert asked == ["Remove Altitude mug from your cart?"]


async def test_dragging_the_boarding_pass_takes_ten_percent_off(page: Page) -> None:
    await put_into_cart(page, "weekender")
    await page.goto("/cart")
    await page.get_by_role("button", name="Boarding pass").drag_to(page.locator(".scanner"))
    await expect(page.locator(".grand").last).to_have_text("€134.10")


async def test_a_picture_can_be_uploaded(page: Page) -> None:
    await put_into_cart(page, "tag")
    await page.goto("/checkout")
    await page.get_by_label("Gift card picture", exact=True).set_input_files(PAGES / "art" / "tag.svg")
    await expect(page.get_by_alt_text("Your gift card picture")).to_be_visible()


async def test_the_button_is_renamed_until_it_is_named_back(page: Page) -> None:
    await page.goto("/?rename=1")
    await put_into_cart(page, "tag")
    await page.goto("/cart")
    await expect(page.get_by_role("button", name="Proceed to payment")).to_be_visible()
    await expect(page.get_by_role("button", name="Checkout")).to_have_count(0)
    await page.goto("/?rename=0")
    await page.goto("/cart")
    await expect(page.get_by_role("button", name="Checkout")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/products/mug", "/cart", "/checkout", "/thanks"])
async def test_every_page_moves(page: Page, path: str) -> None:
    await page.goto(path)
    first = await page.screenshot()
    for _ in range(20):
        if await page.screenshot() != first:
            return
    pytest.fail("the picture stands still")


def picture_of(png: bytes) -> Picture:
    packets = av.CodecContext.create("png", "r").decode(av.Packet(png))
    return np.asarray(packets[0].to_ndarray(format="rgb24"), np.uint8)


@pytest.mark.parametrize("query", ["fps=0", "fps=20", "fps=60&scroll=1"])
async def test_the_time_code_page_shows_the_time(page: Page, query: str) -> None:
    before = int(time.time() * 1000)
    await page.goto(f"/timecode.html?{query}")
    await expect(page.get_by_label("Time", exact=True)).to_have_text(re.compile(r"\d{13}"))
    painted = decode(picture_of(await page.screenshot()))
    assert painted is not None
    assert before <= painted <= int(time.time() * 1000)


async def test_the_time_code_follows_the_clock(page: Page) -> None:
    await page.goto("/timecode.html?fps=30")
    shown = page.get_by_label("Time", exact=True)
    await expect(shown).to_have_text(re.compile(r"\d{13}"))
    first = await shown.inner_text()
    await expect(shown).not_to_have_text(first)


async def test_the_reader_for_pages_reads_the_same(page: Page) -> None:
    await page.goto("/timecode.html?fps=0")
    await expect(page.get_by_label("Time", exact=True)).to_have_text(re.compile(r"\d{13}"))
    await page.evaluate(READER.read_text())
    read = await page.evaluate(
        """() => {
          const code = document.querySelector("#code");
          const { data } = code.getContext("2d").getImageData(0, 0, 640, 160);
          const luma = data.filter((_, at) => at % 4 === 0);
          const blank = new Uint8ClampedArray(640 * 160 * 4);
          return [
            readTimecode(data, 640, 160, { pageWidth: 640 }),
            readTimecode(luma, 640, 160, { pageWidth: 640, step: 1 }),
            readTimecode(blank, 640, 160, { pageWidth: 640 }),
          ];
        }"""
    )
    painted = int(await page.get_by_label("Time", exact=True).inner_text())
    assert read == [painted, painted, None]


async def test_the_lamp_answers_a_press(page: Page) -> None:
    await page.goto("/timecode.html?fps=0")
    lamp = page.get_by_role("button", name="Lamp")
    await lamp.click()
    await expect(lamp).to_have_css("background-color", "rgb(255, 255, 255)")
    await lamp.click()
    await expect(lamp).to_have_css("background-color", "rgb(0, 0, 0)")
