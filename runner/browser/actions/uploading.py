"""Giving files to whatever takes them: a file input, a button that opens a file chooser, or a drop zone."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import FilePayload, Locator
from playwright.async_api import TimeoutError as PlaywrightTimeout

from runner.driver import StepFailed

INPUT_WITHIN: Final = """element => {
  const isFile = at => at?.matches?.('input[type=file]');
  const inner = element.querySelectorAll('input[type=file]');
  const found = [element, element.closest('label')?.control, ...(inner.length === 1 ? inner : [])].find(isFile);
  return found ?? null;
}"""
"""Answers the file input that an element is, labels, or holds as the only one; null for none."""
_CHOOSER_MS: Final = 1500.0
"""How long a press may take to open a file chooser: pages ask for signatures and rights before."""
_PRESS_MS: Final = 1000.0
# The event is looked at when it is over, as pages stop it on its way.
WATCH_DROP: Final = """() => {
  const seen = {};
  addEventListener('drop', event => { seen.event = event; }, { once: true, capture: true });
  return seen;
}"""


async def upload(element: Locator, files: list[FilePayload], within_ms: float) -> None:
    """Gives the files to the input, to the chooser that a press opens, or drops them. Raises StepFailed."""
    handle = (await element.evaluate_handle(INPUT_WITHIN, timeout=within_ms)).as_element()
    if handle is None:
        if not await _by_chooser(element, files):
            await _by_drop(element, files, within_ms)
        return
    if await handle.is_disabled():
        raise StepFailed("The field for files is disabled")
    if len(files) > 1 and not await handle.evaluate("input => input.multiple || input.webkitdirectory"):
        raise StepFailed("The field takes one file only")
    await handle.set_input_files(files, timeout=within_ms)


async def _by_chooser(element: Locator, files: list[FilePayload]) -> bool:
    """Returns whether a press opened a file chooser, which then got the files."""
    try:
        async with element.page.expect_file_chooser(timeout=_CHOOSER_MS) as opened:
            await element.click(timeout=_PRESS_MS)
        chooser = await opened.value
    except PlaywrightTimeout:
        return False
    if len(files) > 1 and not chooser.is_multiple():
        raise StepFailed("The file chooser takes one file only")
    await chooser.set_files(files)
    return True


async def _by_drop(element: Locator, files: list[FilePayload], within_ms: float) -> None:
    seen = await element.evaluate_handle(WATCH_DROP, timeout=within_ms)
    refused = StepFailed("A press on it opens no file chooser, and files that are dropped on it are not taken")
    try:
        await element.drop({"files": files}, timeout=within_ms)
    except PlaywrightError as error:
        if "not accept" in error.message:
            raise refused from None
        raise
    if not await seen.evaluate("seen => seen.event?.defaultPrevented ?? false"):
        raise refused
