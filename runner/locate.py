"""Finds the element at a point, or the one with the focus, and the selector that a person would choose for it."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import ElementHandle, Frame, Locator, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from runner.snapshot import by_role, role_and_name

ENTER_FRAME = " >> internal:control=enter-frame >> "
"""Between the selector of an ``<iframe>`` and a selector within it."""
FOCUSED = "jumpseat-focused=*"
_SECONDS = 2.0
_DEEPEST_FRAME = 5

# The engines look through open shadow roots, and run apart from the page's own scripts. A label stands for the checkbox
# that a click on it changes, unless that one is itself not to be seen.
_AT_POINT = """{
  query(root, point) {
    const [left, top] = point.split(',').map(Number);
    let found = document.elementFromPoint(left, top);
    while (found && found.shadowRoot) {
      const inner = found.shadowRoot.elementFromPoint(left, top);
      if (!inner || inner === found) break;
      found = inner;
    }
    const control = found && found.closest('label') && found.closest('label').control;
    const boxed = control && control.matches('[type=checkbox], [type=radio]') && control.getClientRects().length > 0;
    return (boxed && getComputedStyle(control).visibility === 'visible' ? control : found) || undefined;
  },
  queryAll(root, point) { const found = this.query(root, point); return found ? [found] : []; }
}"""
_WITH_FOCUS = """{
  query() {
    let found = document.activeElement;
    while (found && found.shadowRoot && found.shadowRoot.activeElement) found = found.shadowRoot.activeElement;
    return found || undefined;
  },
  queryAll() { const found = this.query(); return found ? [found] : []; }
}"""
# Input events go by what is seen, elementFromPoint by the page as it is laid out; pinch zoom tells them apart.
_LAID_OUT = """([left, top]) => {
  const seen = window.visualViewport;
  return [left / seen.scale + seen.offsetLeft, top / seen.scale + seen.offsetTop];
}"""
_INTO_FRAME = """element => {
  if (!element.matches('iframe, frame')) return null;
  const box = element.getBoundingClientRect();
  return [box.left + element.clientLeft, box.top + element.clientTop];
}"""

# The code generator would name the page by all the text on it.
_WHOLE_PAGE = "element => element.matches('body, html') ? element.tagName.toLowerCase() : null"


async def register_engines(playwright: Playwright) -> None:
    """Teaches Playwright the selectors ``jumpseat-at=x,y`` and ``jumpseat-focused=*``; once, before any browser."""
    await playwright.selectors.register("jumpseat-at", _AT_POINT, content_script=True)
    await playwright.selectors.register("jumpseat-focused", _WITH_FOCUS, content_script=True)


async def at_point(page: Page, x: float, y: float) -> Locator | None:
    """The innermost element at CSS pixels of the viewport as it is seen, also within frames; None where there is none.

    The locator is good until the page moves: make a selector of it with `selector_of`.
    """
    frame: Frame = page.main_frame
    left, top = await frame.evaluate(_LAID_OUT, [x, y])
    for _ in range(_DEEPEST_FRAME):
        found = frame.locator(f"jumpseat-at={left},{top}")
        handles = await found.element_handles()
        if not handles:
            return None
        inner = await _frame_at(handles[0])
        if inner is None:
            return found
        frame, (frame_left, frame_top) = inner
        left, top = left - frame_left, top - frame_top
    return None


async def _frame_at(handle: ElementHandle) -> tuple[Frame, tuple[float, float]] | None:
    corner = await handle.evaluate(_INTO_FRAME)
    frame = await handle.content_frame() if corner else None
    return (frame, (corner[0], corner[1])) if frame else None


async def focused(page: Page) -> Locator:
    """The element that the keyboard goes to, also within frames; ``<body>`` where no other has the focus."""
    frame: Frame = page.main_frame
    for _ in range(_DEEPEST_FRAME):
        found = frame.locator(FOCUSED)
        handles = await found.element_handles()
        inner = await _frame_at(handles[0]) if handles else None
        if inner is None:
            return found
        frame = inner[0]
    return frame.locator(FOCUSED)


async def selector_of(locator: Locator) -> str:
    """A selector for ``page.locator`` that finds exactly this element, chosen as Playwright's code generator chooses.

    Raises playwright's Error where the element has gone, TimeoutError where the page does not answer.
    """
    return await asyncio.wait_for(_selector_of(locator), _SECONDS)


async def _selector_of(locator: Locator) -> str:
    generated = _raw(await locator.normalize())
    page = locator.page
    handle = await page.locator(generated).element_handle(timeout=_SECONDS * 1000)
    if "internal:text" in generated and (whole := await handle.evaluate(_WHOLE_PAGE)):
        generated = generated.rpartition(ENTER_FRAME)[0]
        return f"{generated}{ENTER_FRAME}{whole}" if generated else str(whole)
    for candidate in (_readable(generated), await _role_selector(page, generated)):
        if candidate and candidate != generated and await _finds_only(page, candidate, handle):
            return candidate
    return generated


def _raw(locator: Locator) -> str:
    """The locator as a selector string, which Playwright for Python shows nowhere else."""
    return str(locator._impl_obj._selector)


_PLAIN = (
    (re.compile(r"internal:role=(\w+)\[name=(\"(?:[^\"\\]|\\.)*\")[is]\]"), r"role=\1[name=\2]"),
    (re.compile(r"internal:role="), "role="),
    (re.compile(r"internal:(?:testid|attr)=\[([\w-]+)=(\"(?:[^\"\\]|\\.)*\")[is]\]"), r"[\1=\2]"),
    (re.compile(r"internal:text=(\"(?:[^\"\\]|\\.)*\")s"), r"text=\1"),
    (re.compile(r"internal:text=\"((?:[^\"\\/>])*)\"i"), r"text=\1"),
)


def _readable(generated: str) -> str:
    """The same with the documented engines instead of the code generator's own; it may find something else."""
    for pattern, replacement in _PLAIN:
        generated = pattern.sub(replacement, generated)
    return generated


async def _role_selector(page: Page, generated: str) -> str | None:
    """By role and name, where the generator preferred something that only it can read, such as a label."""
    if "internal:" not in _readable(generated).replace(ENTER_FRAME, ""):
        return None
    frame, enter, _ = generated.rpartition(ENTER_FRAME)
    role, name = role_and_name(await page.locator(generated).aria_snapshot(timeout=_SECONDS * 1000))
    return f"{frame}{enter}{by_role(role, name)}" if role and name else None


async def _finds_only(page: Page, selector: str, handle: ElementHandle) -> bool:
    try:
        only = "(found, wanted) => found.length === 1 && found[0] === wanted"
        return bool(await page.locator(selector).evaluate_all(only, handle))
    except PlaywrightError:
        return False
