"""The writing of a selector as the locators of both languages."""

from __future__ import annotations

from control.protocol.models import Locators
from runner.selectors import to_python, to_typescript


def locators(selector: str) -> Locators:
    """Returns the locators without the page before them; what is no selector is for Playwright to refuse."""
    python = to_python.locator(selector).removeprefix("page.")
    try:
        return Locators(python=python, typescript=to_typescript.locator(selector).removeprefix("page."))
    except ValueError:  # it has a secret in it
        return Locators(python=python, typescript=None)
