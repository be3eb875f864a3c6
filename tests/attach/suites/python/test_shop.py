"""Buying, as a shop's own tests have it."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from .pages import Checkout, Shop

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


def test_six_goods_are_shown(shop: Shop) -> None:
    shop.open()
    expect(shop.page).to_have_title(re.compile("Layover"))
    expect(shop.goods).to_have_count(6)
    assert shop.goods.get_by_role("heading").all_inner_texts()[:2] == ["Weekender bag", "Orbit neck pillow"]


@pytest.mark.parametrize(("words", "found"), [("mug", 1), ("row thirty", 1), pytest.param("zeppelin", 0, id="nothing")])
def test_search(shop: Shop, words: str, found: int) -> None:
    shop.open().search.fill(words)
    expect(shop.goods).to_have_count(found)
    expect(shop.page.get_by_role("heading", level=2).first).to_have_text(f"{found} found for “{words}”")


def test_menu_opens_on_hover(shop: Shop) -> None:
    shop.open()
    link = shop.page.get_by_role("link", name="In the cabin")
    expect(link).to_be_hidden()
    shop.page.get_by_role("button", name="Collections").hover()
    link.click()
    expect(shop.page).to_have_url(re.compile(r"group=cabin$"))
    expect(shop.goods).to_have_count(2)


@pytest.mark.smoke
def test_purchase(shop: Shop) -> None:
    shop.buy("weekender", colour="Navy", quantity=2)
    checkout = shop.cart().checkout()
    checkout.fill("Ada Lovelace", "ada@example.com", "12 Analytical Street", "France")
    shop.page.get_by_role("radio", name="Express").check()
    expect(shop.page.locator("dd.grand")).to_have_text("€307.00")
    picture = shop.page.get_by_label("Gift card picture")
    picture.set_input_files({"name": "card.png", "mimeType": "image/png", "buffer": PNG})
    expect(shop.page.get_by_alt_text("Your gift card picture")).to_be_visible()
    checkout.place()
    expect(shop.page.get_by_role("heading", level=1)).to_have_text("Thank you, Ada!")
    expect(shop.page.locator("#number")).to_have_text(re.compile(r"^Order #\d{6}$"))
    expect(shop.cart_count()).to_have_text("0")


def test_cart_outlives_a_reload(shop: Shop) -> None:
    shop.buy("mug", colour="Teal")
    shop.buy("tag")
    shop.page.reload()
    expect(shop.cart_count()).to_have_text("2")
    expect(shop.cart().lines).to_have_count(2)


@pytest.mark.parametrize("accept", [True, False], ids=["accepted", "dismissed"])
def test_removing_asks(shop: Shop, accept: bool) -> None:
    shop.buy("hush")
    questions: list[str] = []

    def answer(dialog: Dialog) -> None:
        questions.append(dialog.message)
        dialog.accept() if accept else dialog.dismiss()

    shop.page.once("dialog", answer)
    cart = shop.cart()
    cart.remove("Hush headphones")
    expect(cart.lines).to_have_count(0 if accept else 1)
    assert questions == ["Remove Hush headphones from your cart?"]


def test_boarding_pass_gives_a_discount(shop: Shop) -> None:
    shop.buy("mug")
    cart = shop.cart()
    expect(cart.total).to_have_text("€28.00")
    box = cart.gate.get_by_role("button").bounding_box()
    assert box
    mouse, middle = shop.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 20, middle)
    mouse.down()
    mouse.move(box["x"] + 400, middle, steps=12)
    mouse.up()
    expect(cart.gate.get_by_role("status")).to_contain_text("Good flight!")
    expect(cart.total).to_have_text("€25.20")


def test_renamed_button(shop: Shop) -> None:
    shop.buy("logbook")
    shop.open("/cart?rename=1")
    expect(shop.page.get_by_role("button", name="Checkout")).to_have_count(0)
    shop.page.get_by_role("button", name="Proceed to payment").click()
    expect(shop.page).to_have_url("/checkout")


def test_name_is_required(shop: Shop) -> None:
    shop.open("/checkout")
    shop.page.get_by_role("button", name="Place order").click()
    name = shop.page.get_by_label("Name")
    expect(name).to_be_focused()
    assert name.evaluate("input => input.validity.valueMissing") is True
    expect(shop.page).to_have_url("/checkout")


@pytest.mark.parametrize("colour", ["Orange", "Lime", "Sky"])
@pytest.mark.parametrize("quantity", [1, 3])
def test_options(shop: Shop, colour: str, quantity: int) -> None:
    shop.buy("tag", colour=colour, quantity=quantity)
    expect(shop.cart().lines).to_contain_text(f"{colour} · {quantity} ×")


def test_unknown_product(page: Page) -> None:
    answer = page.goto("/products/parachute")
    assert answer
    assert answer.ok
    expect(page.get_by_role("heading", level=1)).to_have_text("We do not sell that")
    missing = page.goto("/nowhere")
    assert missing
    assert missing.status == 404


def test_accessible_structure(shop: Shop) -> None:
    shop.open()
    expect(shop.page.get_by_role("navigation", name="Shop")).to_match_aria_snapshot("""
        - navigation "Shop":
          - link "All goods"
          - button "Collections"
    """)
    assert 'link "Weekender bag"' in shop.goods.first.aria_snapshot()


def test_back_and_forward(shop: Shop) -> None:
    shop.open()
    shop.page.get_by_role("link", name="Altitude mug").click()
    expect(shop.page).to_have_title(re.compile("^Altitude mug"))
    shop.page.go_back()
    expect(shop.goods).to_have_count(6)
    shop.page.go_forward()
    expect(shop.page.get_by_role("heading", level=1)).to_have_text("Altitude mug")


def test_checkout_by_keyboard(page: Page) -> None:
    page.goto("/checkout")
    page.get_by_label("Name").focus()
    page.keyboard.type("Grace Hopper")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("grace@example.com")
    expect(page.get_by_label("Name")).to_have_value("Grace Hopper")
    expect(page.get_by_label("Email")).to_have_value("grace@example.com")
    Checkout(page).fill("G", "g@example.com", "1 Pier", "Kenya")
    expect(page.get_by_label("Country")).to_have_value("Kenya")
