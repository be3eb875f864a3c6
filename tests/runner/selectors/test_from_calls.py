"""Selectors that are read from code are those that Playwright itself makes of it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page

from runner.export.python_locators import python_locators
from runner.selectors.from_calls import same_element

CODE = [
    'page.get_by_role("button", name="Pay")',
    'page.get_by_role("button", name="Pay", exact=True, pressed=True, checked=False, level=2, include_hidden=True)',
    'page.get_by_role("button", expanded=True, selected=False, disabled=True)',
    r"""page.get_by_role("button", name=re.compile("^pa/y's \"x\"$", re.M | re.I))""",
    'page.get_by_text(re.compile(r"a >> b", re.DOTALL))',
    r"""page.get_by_text("It's \"so\" \\ ü ✈\n")""",
    'page.get_by_label("Na>>me", exact=True)',
    r'page.get_by_placeholder("a\"b\\c")',
    'page.get_by_alt_text("x").first',
    'page.get_by_title("x").last.nth(-3)',
    'page.get_by_test_id("pay-1")',
    'page.get_by_test_id(re.compile("pay"))',
    'page.locator("#a").filter(has_text="x", has=page.get_by_text("y"), has_not=page.locator("q"), visible=True)',
    'page.locator("#a", has_text=re.compile("q"), has_not_text="z").locator(page.locator("b"))',
    'page.locator("#a").and_(page.get_by_role("link")).or_(page.locator("z"))',
    'page.frame_locator("#f").first.get_by_role("link")',
    'page.frame_locator("#f").frame_locator("#g").locator("a")',
    'page.locator("#f").content_frame.get_by_text("x")',
    'page.get_by_role("row").filter(has_text="Ada").get_by_role("button", name="Edit")',
]


@pytest.mark.parametrize("code", CODE)
async def test_selectors_are_those_of_playwright(blank_page: Page, code: str) -> None:
    made = eval(code, {"page": blank_page, "re": re})._impl_obj._selector
    (found,) = python_locators(code, 1)
    assert found.selector is not None
    assert same_element(found.selector, made), found.selector
    assert not same_element(f"{found.selector} >> nth=7", made)


@pytest.mark.parametrize(
    "code",
    [
        'page.get_by_role("button", name=name)',
        'page.get_by_role("button", **options)',
        "page.get_by_text(5)",
        "page.get_by_text()",
        'page.locator("#a").nth("1")',
        'page.locator("#a").filter(has=other)',
        'page.locator("#a").filter(unknown="x")',
        "page.locator(other)",
    ],
)
def test_what_the_code_alone_does_not_say_has_no_selector(code: str) -> None:
    assert python_locators(code, 1)[0].selector is None
