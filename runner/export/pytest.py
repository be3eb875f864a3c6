"""The exporter that writes a run as a pytest file, which passes without jumpseat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from control.errors import Unsupported
from control.protocol.models import RunView, Step
from runner.export import gestures
from runner.export.statements import calls, environment_of, helpers_for, statements

_FORMAT: Final = "pytest"
_HEADER: Final = '''"""A browser test, exported from a run of jumpseat: what was planned, and what people did.

Needs playwright and pytest; with pytest-playwright its options work too. JUMPSEAT_BROWSER_PATH names a browser to use
in place of Playwright's own.{environment}
"""

{imports}from collections.abc import Iterator
{managers}from typing import Any

import pytest
from playwright.sync_api import {names}, expect, sync_playwright

BROWSER = os.environ.get("JUMPSEAT_BROWSER_PATH")
expect.set_options(timeout=15_000)

try:
    import pytest_playwright  # noqa: F401 - gives the fixture `page`
except ImportError:

    @pytest.fixture
    def page() -> Iterator[Page]:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER)
            yield browser.new_page()
            browser.close()

else:

    @pytest.fixture(scope="session")
    def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
        return {{**browser_type_launch_args, **({{"executable_path": BROWSER}} if BROWSER else {{}})}}
'''
_EXPECT_TEXT: Final = '''

def expect_text(element: Locator, text: str | re.Pattern[str]) -> None:
    """The element shows the text, or has it as its value or as its chosen option."""
    if element.evaluate("element => element.matches('select')"):
        expect(element.locator("option:checked")).to_contain_text(text)
    elif element.evaluate("element => element.matches('input, textarea')"):
        expect(element).to_have_value(re.compile(re.escape(text)) if isinstance(text, str) else text)
    else:
        expect(element).to_contain_text(text)
'''
_ANSWERS: Final = '''

def answering(page: Page) -> list[bool | str]:
    """Answers to native dialogs in the order in which they open, a text for a prompt. Any other: yes, but no text."""
    answers: list[bool | str] = []

    def answer(dialog: Dialog) -> None:
        given = answers.pop(0) if answers else dialog.type != "prompt"
        if isinstance(given, str):
            dialog.accept(given)
        elif given:
            dialog.accept()
        else:
            dialog.dismiss()

    page.context.on("dialog", answer)
    return answers
'''
_GOTO: Final = '''

def goto(page: Page, url: str) -> None:
    """Opens an address; a page that goes on loading is used as it is after 5 s."""
    page.goto(url, wait_until="domcontentloaded")
    with suppress(Error):
        page.wait_for_load_state("load", timeout=5000)
'''
_TAB: Final = '''

def tab(page: Page, index: int) -> Page:
    """The tab at that index, once it is open."""
    while len(page.context.pages) <= index:
        page.context.wait_for_event("page")
    return page.context.pages[index]
'''
_NEW_TAB: Final = '''

def new_tab(page: Page) -> Page:
    """A further tab, as large as the page."""
    opened = page.context.new_page()
    if page.viewport_size:
        opened.set_viewport_size(page.viewport_size)
    return opened
'''
_DOWNLOADING: Final = '''

def downloading(page: Page) -> list[Download]:
    """What the page, and those that it opens, download."""
    downloads: list[Download] = []

    def watch(opened: Page) -> None:
        opened.on("download", lambda download: downloads.append(download))

    watch(page)
    page.context.on("page", watch)
    return downloads
'''
_EXPECT_DOWNLOAD: Final = '''

def expect_download(page: Page, downloads: list[Download], name: re.Pattern[str]) -> None:
    """A file of that name has been downloaded, or soon is, as a whole."""
    for _ in range(150):
        for download in downloads:
            if name.search(download.suggested_filename):
                assert download.failure() is None
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"no download of {name.pattern}: {[each.suggested_filename for each in downloads]}")
'''
_CLOSE_TAB: Final = '''

def close_tab(page: Page, index: int) -> Page:
    """Closes the tab at that index; returns the one that is used then."""
    tab(page, index).close()
    return page.context.pages[-1] if page.is_closed() else page
'''
_MAY_CLOSE: Final = '''

@contextmanager
def may_close(page: Page) -> Iterator[None]:
    """Passes over the error of a step that closes its own tab before Playwright has seen it end."""
    try:
        yield
    except Error:
        if not page.is_closed():
            raise
'''


def export(run: RunView, steps: Sequence[Step], format: str) -> str:
    """Returns the text of a file that ``pytest`` runs: every step that passed, in order. Raises Unsupported."""
    if format != _FORMAT:
        raise Unsupported(f"a run cannot be exported as '{format}'; formats: {_FORMAT}")
    body = [f"    {line.code}\n" for line in statements(run, steps)]
    helpers = helpers_for(body, _HELPERS)
    names = ", ".join(sorted({"Page", *(name for helper in helpers for name in _NAMES.get(helper, ()))}))
    modules = ["os", *(name for name in ("base64", "re", "time") if calls(f"{name}.", [*helpers, *body]))]
    imports = "".join(f"import {name}\n" for name in sorted(modules))
    used = ", ".join(["contextmanager"] * (_MAY_CLOSE in helpers) + ["suppress"] * calls("suppress(", helpers))
    managers = f"from contextlib import {used}\n" if used else ""
    needed = environment_of(run, steps)
    environment = f"\n{needed}" if needed else ""
    head = _HEADER.format(environment=environment, names=names, imports=imports, managers=managers)
    return "".join([head, *helpers, f"\n\ndef {_function(run.name)}(page: Page) -> None:\n", *body])


_HELPERS: Final = {
    "expect_text(": _EXPECT_TEXT,
    "tab(": _TAB,
    "new_tab(": _NEW_TAB,
    "close_tab(": _CLOSE_TAB,
    "downloading(": _DOWNLOADING,
    "expect_download(": _EXPECT_DOWNLOAD,
    "answering(": _ANSWERS,
    "may_close(": _MAY_CLOSE,
    "settle(": gestures.SETTLE_HELPER,
    "goto(": _GOTO,
    "SCROLL": gestures.SCROLL_SCRIPT,
    "scroll(": gestures.SCROLL_HELPER,
    "scroll_to(": gestures.SCROLL_TO_HELPER,
    "drag(": gestures.DRAG_HELPER,
    "upload(": gestures.UPLOAD_HELPER,
    "type_code(": gestures.TYPE_CODE_HELPER,
}
_NAMES: Final = {
    _EXPECT_TEXT: ("Locator",),
    _ANSWERS: ("Dialog",),
    _DOWNLOADING: ("Download",),
    _EXPECT_DOWNLOAD: ("Download",),
    _MAY_CLOSE: ("Error",),
    _GOTO: ("Error",),
    gestures.SCROLL_HELPER: ("JSHandle",),
    gestures.SCROLL_TO_HELPER: ("Locator",),
    gestures.DRAG_HELPER: ("Error", "Locator"),
    gestures.UPLOAD_HELPER: ("Error", "Locator", "TimeoutError"),
    gestures.TYPE_CODE_HELPER: ("Locator",),
}


def _function(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", re.sub(r"^https?://", "", name.lower()))
    return "_".join(["test", *words])[:80].rstrip("_") if words else "test_run"
