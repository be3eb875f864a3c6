"""Giving files to whatever takes them: a file input, a button that opens a file chooser, or a drop zone."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Final

from playwright.async_api import ElementHandle, FilePayload, JSHandle, Locator
from playwright.async_api import Error as PlaywrightError
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
NOTHING_SEEN: Final = "The file was given, and nothing shows whether the page took it: check that by a step of its own."
# The event is looked at when it is over, as pages stop it on its way.
WATCH_DROP: Final = """() => {
  const seen = {};
  addEventListener('drop', event => { seen.event = event; }, { once: true, capture: true });
  return seen;
}"""
PICKER: Final = """() => {
  const real = window.showOpenFilePicker, seen = { asked: false };
  if (!real) return seen;
  window.showOpenFilePicker = options => {
    seen.asked = true;
    seen.multiple = !!options?.multiple;
    return new Promise(done => { seen.give = files => done(files.map(({ name, mimeType, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), char => char.charCodeAt(0));
      const file = new File([bytes], name, { type: mimeType });
      const allowed = async () => 'granted';
      const own = { kind: 'file', name, getFile: async () => file, queryPermission: allowed };
      const fields = Object.entries({ ...own, requestPermission: allowed }).map(([key, value]) => [key, { value }]);
      return Object.create(FileSystemFileHandle.prototype, Object.fromEntries(fields));
    })); });
  };
  seen.restore = () => { window.showOpenFilePicker = real; };
  return seen;
}"""
"""Stands in for the browser's own picker of files, which no program can answer: ``give`` hands files to the page."""
WATCH_PAGE: Final = """element => {
  const seen = { changed: false }, note = () => { seen.changed = true; };
  new MutationObserver(note).observe(element.getRootNode(),
    { subtree: true, childList: true, attributes: true, characterData: true });
  return seen;
}"""
REACTED: Final = """async seen => {
  for (let times = 0; times < 10 && !seen.changed; times += 1) await new Promise(done => setTimeout(done, 30));
  return seen.changed;
}"""
HELD_FILES: Final = """async input => {
  await new Promise(done => setTimeout(done, 0));
  const types = input.accept.toLowerCase().split(',').map(each => each.trim()).filter(Boolean);
  return { held: input.files.length, types };
}"""


async def upload(element: Locator, files: list[FilePayload], within_ms: float) -> str | None:
    """Gives the files to the input, to the chooser that a press opens, or drops them.

    Returns what is to be said of it where nothing shows what came of it. Raises StepFailed.
    """
    watch = await element.evaluate_handle(WATCH_PAGE, timeout=within_ms)
    handle = (await element.evaluate_handle(INPUT_WITHIN, timeout=within_ms)).as_element()
    if handle is not None:
        kept, note = await _to_input(handle, files, within_ms)
        if kept:
            return note
    else:
        held = await _by_chooser(element, files)
        if held:
            return None
        if held is None:
            await _by_drop(element, files, within_ms)
    try:
        return None if await watch.evaluate(REACTED) else NOTHING_SEEN
    except PlaywrightError:
        # The page that it led to shows more than that.
        return None


async def _to_input(field: ElementHandle, files: list[FilePayload], within_ms: float) -> tuple[bool, str | None]:
    """Returns whether the input holds the files then, and what is to be said of it."""
    if await field.is_disabled():
        raise StepFailed("The field for files is disabled")
    if len(files) > 1 and not await field.evaluate("input => input.multiple || input.webkitdirectory"):
        raise StepFailed("The field takes one file only")
    await field.set_input_files(files, timeout=within_ms)
    try:
        after = await field.evaluate(HELD_FILES)
    except PlaywrightError:
        # It has led to another page.
        return True, None
    kept = after["held"] >= len(files)
    unfit = next((file["name"] for file in files if not _accepted(file, after["types"])), None)
    if unfit is None:
        return kept, None
    asks = f"The field asks for {', '.join(after['types'])}"
    if not kept:
        raise StepFailed(f"{asks}, and the page has not kept '{unfit}'")
    return kept, f"{asks}; '{unfit}' is none of that."


def _accepted(file: FilePayload, types: list[str]) -> bool:
    """Returns whether the file is of one of the types, as ``accept`` lists them; of none listed, it always is."""
    name, kind = file["name"].lower(), file["mimeType"].lower()
    return not types or any(name.endswith(each) if each.startswith(".") else fnmatchcase(kind, each) for each in types)


async def _by_chooser(element: Locator, files: list[FilePayload]) -> bool | None:
    """Returns whether the input, whose file chooser a press has opened, holds the files; None where none was opened."""
    picker = await element.evaluate_handle(PICKER, timeout=_PRESS_MS)
    try:
        async with element.page.expect_file_chooser(timeout=_CHOOSER_MS) as opened:
            await element.click(timeout=_PRESS_MS)
        chooser = await opened.value
    except PlaywrightTimeout:
        return False if await _by_picker(picker, files) else None
    with suppress(PlaywrightError):
        await picker.evaluate("seen => seen.restore?.()")
    if len(files) > 1 and not chooser.is_multiple():
        raise StepFailed("The file chooser takes one file only")
    await chooser.set_files(files)
    try:
        return bool((await chooser.element.evaluate(HELD_FILES))["held"] >= len(files))
    except PlaywrightError:
        # It has led to another page.
        return True


async def _by_picker(picker: JSHandle, files: list[FilePayload]) -> bool:
    try:
        asked, multiple = await picker.evaluate("seen => { seen.restore?.(); return [seen.asked, !!seen.multiple]; }")
    except PlaywrightError:
        return False
    if not asked:
        return False
    if len(files) > 1 and not multiple:
        raise StepFailed("The file chooser takes one file only")
    given = [
        {"name": file["name"], "mimeType": file["mimeType"], "base64": b64encode(file["buffer"]).decode()}
        for file in files
    ]
    await picker.evaluate("(seen, files) => seen.give(files)", given)
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
