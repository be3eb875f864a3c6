"""Playwright's errors as people read them."""

from __future__ import annotations

from playwright.async_api import Error as PlaywrightError

from runner.browser.playwright_errors import failure, first_line


def test_what_a_page_did_meanwhile_is_said_in_words() -> None:
    gone = PlaywrightError("Page.evaluate: Execution context was destroyed, most likely because of a navigation")
    assert first_line(gone) == "the page went away meanwhile"
    assert failure("#cv", PlaywrightError("Locator.set_input_files: Error: Node is not an HTMLInputElement")) == (
        "#cv: it takes no files"
    )


def test_what_nobody_has_put_into_words_stays_as_it_is() -> None:
    assert first_line(PlaywrightError("Locator.click: Something new\nCall log")) == "Something new"
