"""Page objects of the sample shop."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class Shop:
    """Every page of the shop has this header."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.search = page.get_by_role("searchbox", name="Search")
        self.goods = page.get_by_role("main").get_by_role("listitem")

    def open(self, path: str = "/") -> Shop:
        self.page.goto(path)
        return self

    def cart_count(self) -> Locator:
        return self.page.locator(".cart-count")

    def buy(self, slug: str, *, colour: str | None = None, quantity: int = 1) -> None:
        """Puts it into the cart, and waits for the shop to say so."""
        self.page.goto(f"/products/{slug}")
        if colour:
            self.page.get_by_label("Colour").select_option(colour)
        self.page.get_by_label("Quantity").select_option(str(quantity))
        self.page.get_by_role("button", name="Add to cart").click()
        expect(self.page.get_by_role("status")).to_contain_text("is in your cart")

    def cart(self) -> Cart:
        self.page.goto("/cart")
        return Cart(self.page)


class Cart:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.lines = page.get_by_role("region", name="Goods").get_by_role("listitem")
        self.total = page.locator("dd.grand")
        self.gate = page.get_by_role("group", name="Gate")

    def remove(self, product: str) -> None:
        self.page.get_by_role("button", name=f"Remove {product}").click()

    def checkout(self) -> Checkout:
        self.page.get_by_role("button", name="Checkout").click()
        expect(self.page).to_have_url("/checkout")
        return Checkout(self.page)


class Checkout:
    def __init__(self, page: Page) -> None:
        self.page = page

    def fill(self, name: str, email: str, address: str, country: str) -> None:
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Address").fill(address)
        self.page.get_by_label("Country").select_option(country)

    def place(self) -> None:
        self.page.get_by_role("checkbox", name="I agree").check()
        self.page.get_by_role("button", name="Place order").click()
        self.page.wait_for_url("**/thanks")
