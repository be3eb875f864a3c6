"""A selector as both languages write it."""

from __future__ import annotations

import pytest

from control.protocol.models import Locators
from runner.selectors.locators import locators


@pytest.mark.parametrize(
    ("selector", "python", "typescript"),
    [
        (
            'internal:role=button[name="Pay"s]',
            'get_by_role("button", name="Pay", exact=True)',
            "getByRole('button', { name: 'Pay', exact: true })",
        ),
        ("#pay", 'locator("#pay")', "locator('#pay')"),
        ('internal:testid=[data-testid="a-b"s]', 'get_by_test_id("a-b")', "getByTestId('a-b')"),
        # What is no selector is for Playwright to refuse.
        ("internal:role=", 'locator("internal:role=")', "locator('internal:role=')"),
    ],
)
def test_a_selector_is_written_as_tests_have_it(selector: str, python: str, typescript: str) -> None:
    assert locators(selector) == Locators(python=python, typescript=typescript)


def test_a_secret_has_no_place_in_typescript() -> None:
    found = locators("text={{secret:name}}")
    assert ("NAME" in found.python, found.typescript) == (True, None)
