"""A suite as many projects have it, for pytest-playwright. One button has another name in the shop's new version."""

import os

import pytest
from playwright.sync_api import Page, expect

SHOP = os.environ["SHOP_URL"]


@pytest.fixture(autouse=True)
def new_version(page: Page) -> None:
    page.set_default_timeout(10_000)
    page.goto(f"{SHOP}/?rename=1")


def test_a_product_is_found(page: Page) -> None:
    page.get_by_label("Search").fill("pillow")
    page.get_by_label("Search").press("Enter")
    page.get_by_role("link", name="Orbit neck pillow").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orbit neck pillow")


def test_an_order(page: Page) -> None:
    page.goto(f"{SHOP}/products/orbit")
    page.get_by_role("button", name="Add to cart").click()
    page.goto(f"{SHOP}/cart")
    page.get_by_role("button", name="Checkout").click()
    page.get_by_label("Name").fill("Ada Lovelace")
    expect(page.get_by_label("Name")).to_have_value("Ada Lovelace")
