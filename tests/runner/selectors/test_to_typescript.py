"""Selectors become code that Playwright for JavaScript takes."""

from __future__ import annotations

import pytest

from runner.selectors.to_typescript import locator


@pytest.mark.parametrize(
    ("selector", "code"),
    [
        ('internal:role=button[name="Pay"i]', "page.getByRole('button', { name: 'Pay' })"),
        ('role=button[name="Pay"]', "page.getByRole('button', { name: 'Pay', exact: true })"),
        ("role=heading[level=2]", "page.getByRole('heading', { level: 2 })"),
        ("role=checkbox[checked]", "page.getByRole('checkbox', { checked: true })"),
        ('role=button[name="Pay / now" i]', r"page.getByRole('button', { name: /^Pay\ \/\ now$/i })"),
        ('internal:label="Name"s', "page.getByLabel('Name', { exact: true })"),
        ('[placeholder="Search"]', "page.getByPlaceholder('Search', { exact: true })"),
        ('internal:attr=[alt="Mug"i]', "page.getByAltText('Mug')"),
        ('[data-testid="pay"]', "page.getByTestId('pay')"),
        ('internal:text="It\'s"i', 'page.getByText("It\'s")'),
        ('internal:text="a \\"b\\" c"i', "page.getByText('a \"b\" c')"),
        ('internal:text="it\'s \\"b\\"\\\\"i', "page.getByText('it\\'s \"b\"\\\\')"),
        ("#pay >> nth=0", "page.locator('#pay').first()"),
        ("#pay >> nth=-1", "page.locator('#pay').last()"),
        ("#pay >> nth=-2", "page.locator('#pay').nth(-2)"),
        ("li >> visible=true", "page.locator('li').filter({ visible: true })"),
        ('li >> internal:has="b"', "page.locator('li').filter({ has: page.locator('b') })"),
        ('li >> internal:or="b"', "page.locator('li').or(page.locator('b'))"),
        ("#f >> internal:control=enter-frame >> #a", "page.locator('#f').contentFrame().locator('#a')"),
    ],
)
def test_code(selector: str, code: str) -> None:
    assert locator(selector) == code


def test_the_file_s_own_quotes() -> None:
    assert locator("#pay", "frame", quote='"') == 'frame.locator("#pay")'
    assert locator('[a="b"]', quote='"') == "page.locator('[a=\"b\"]')"
    assert locator('text=it\'s "b"', quote='"') == 'page.getByText("it\'s \\"b\\"")'


def test_a_secret_is_no_code() -> None:
    with pytest.raises(ValueError, match="secret"):
        locator("text={{secret:PASS}}")
