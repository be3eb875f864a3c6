"""The text that is selected in a page."""

from __future__ import annotations

from playwright.async_api import Page

from runner.browser.locate import focused

_SELECTED = """element => {
  if (element.matches('[type=password]')) return '';
  if (element.matches('input, textarea') && element.selectionStart !== null)
    return element.value.slice(element.selectionStart, element.selectionEnd);
  return element.ownerDocument.getSelection().toString();
}"""


async def selected_text(page: Page) -> str:
    """Returns what is selected where the keyboard goes; nothing of a password."""
    return str(await (await focused(page)).evaluate(_SELECTED))
