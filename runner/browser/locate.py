"""The element at a point, or the one with the focus, and the selector that a person would choose for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import ElementHandle, Frame, Locator, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from runner.browser.aria_snapshot import role_and_name
from runner.browser.page_functions import FOLD, HIT, PATH
from runner.selectors.build import in_same_frame
from runner.selectors.readable import finds_by_text, is_readable, role_in_same_frame, to_readable

FOCUSED = "jumpseat-focused=*"
_SECONDS = 3.0
_DEEPEST_FRAME = 5

# The engines look through open shadow roots, and run apart from the page's own scripts. A label stands for the checkbox
# that a click on it changes, unless that one is itself not to be seen. Points are where they are seen, elementFromPoint
# goes by the page as it is laid out: pinch zoom tells them apart.
_HIT = f"""(x, y) => {{
    const seen = window.visualViewport;
    const found = ({HIT})(x / seen.scale + seen.offsetLeft, y / seen.scale + seen.offsetTop);
    const control = found && found.closest('label') && found.closest('label').control;
    const boxed = control && control.matches('[type=checkbox], [type=radio]') && control.getClientRects().length > 0;
    return (boxed && getComputedStyle(control).visibility === 'visible' ? control : found) || undefined;
  }}"""
_AT_POINT = f"""{{
  hit: {_HIT},
  query(root, point) {{ return this.hit(...point.split(',').map(Number)); }},
  queryAll(root, point) {{ const found = this.query(root, point); return found ? [found] : []; }}
}}"""
_WITH_FOCUS = """{
  query() {
    let found = document.activeElement;
    while (found && found.shadowRoot && found.shadowRoot.activeElement) found = found.shadowRoot.activeElement;
    return found || undefined;
  },
  queryAll() { const found = this.query(); return found ? [found] : []; }
}"""
# The point within a frame, for the point that hit it; [] for any other element, null for none.
_INTO_FRAME = """([element], [x, y]) => {
  if (!element?.matches('iframe, frame')) return element ? [] : null;
  const seen = window.visualViewport;
  const box = element.getBoundingClientRect();
  return [
    x / seen.scale + seen.offsetLeft - box.left - element.clientLeft,
    y / seen.scale + seen.offsetTop - box.top - element.clientTop,
  ];
}"""
# The same, only as long as the element is still what the point hits; [] for one that is no frame.
_STILL_HIT = f"(element, [x, y]) => ({_HIT})(x, y) === element ? ({_INTO_FRAME})([element], [x, y]) : null"

# The code generator would name the page by all the text on it.
_WHOLE_PAGE = "element => element.matches('body, html') ? element.tagName.toLowerCase() : null"


_NAMED = f"""(() => {{
const fold = {FOLD};
const engine = {Path(__file__).with_name("named_elements.js").read_text(encoding="utf-8").strip()};
return engine;
}})()"""

ENGINES = {"jumpseat-at": _AT_POINT, "jumpseat-focused": _WITH_FOCUS, "jumpseat-named": _NAMED}
"""Our selector engines by name: ``jumpseat-at=x,y``, ``jumpseat-focused=*``, and the one that
`runner.selectors.build.by_likely_name` writes for. They are content scripts."""


async def register_engines(playwright: Playwright) -> None:
    """Registers our selector engines; once, before any browser."""
    for name, source in ENGINES.items():
        await playwright.selectors.register(name, source, content_script=True)


@dataclass(frozen=True, slots=True)
class Hit:
    """Holds what is at a point of the page."""

    locator: Locator
    """Good until the page moves: make a selector of it with `selector_of`."""
    frames: tuple[tuple[ElementHandle, float, float], ...]
    """The ``<iframe>`` elements that it is within, from the outermost, and the point in the page that each is on."""
    x: float
    """The point in the frame that the element is in."""
    y: float


async def at_point(page: Page, x: float, y: float) -> Hit | None:
    """Returns the innermost element at CSS pixels of the visual viewport, also within frames; None where none is."""
    frame: Frame = page.main_frame
    frames: list[tuple[ElementHandle, float, float]] = []
    for _ in range(_DEEPEST_FRAME):
        found = frame.locator(f"jumpseat-at={x},{y}")
        within = await found.evaluate_all(_INTO_FRAME, [x, y])
        if within is None:
            return None
        element = await _element(found) if within else None
        inner = await element.content_frame() if element else None
        if element is None or inner is None:
            return Hit(found, tuple(frames), x, y)
        frames.append((element, x, y))
        frame, (x, y) = inner, within
    return None


async def still_hit(found: Hit, handle: ElementHandle) -> bool:
    """Returns whether the point is still on this element. Raises PlaywrightError where that has gone with its page."""
    hit = [*found.frames, (handle, found.x, found.y)]
    into = await asyncio.gather(*(element.evaluate(_STILL_HIT, [x, y]) for element, x, y in hit))
    inner = [[x, y] for _, x, y in hit[1:]]
    return into[:-1] == inner and into[-1] is not None


async def focused(page: Page) -> Locator:
    """Returns the element with the focus, also within frames; ``<body>`` where no other has it."""
    frame: Frame = page.main_frame
    for _ in range(_DEEPEST_FRAME):
        found = frame.locator(FOCUSED)
        within = await found.evaluate_all(_INTO_FRAME, [0, 0])
        inner = await (await _element(found)).content_frame() if within else None
        if inner is None:
            return found
        frame = inner
    return frame.locator(FOCUSED)


async def _element(found: Locator) -> ElementHandle:
    return await found.element_handle(timeout=_SECONDS * 1000)


async def selector_of(locator: Locator) -> str:
    """Returns a selector that finds exactly this element, chosen as Playwright's code generator chooses.

    Raises PlaywrightError where the element has gone, TimeoutError where the page does not answer.
    """
    return (await resolve(locator))[0]


async def resolve(locator: Locator) -> tuple[str, ElementHandle]:
    """Returns the same as `selector_of`, and the element itself."""
    return await asyncio.wait_for(_resolve(locator), _SECONDS)


async def _resolve(locator: Locator) -> tuple[str, ElementHandle]:
    generated = _selector_string(await locator.normalize())
    page = locator.page
    handle = await page.locator(generated).element_handle(timeout=_SECONDS * 1000)
    if finds_by_text(generated) and (tag := await handle.evaluate(_WHOLE_PAGE)):
        return in_same_frame(generated, tag), handle
    for candidate in (to_readable(generated), await _role_selector(page, generated)):
        if candidate and candidate != generated and await finds_only(page, candidate, handle):
            return candidate, handle
    return generated, handle


def _selector_string(locator: Locator) -> str:
    """Returns the locator as a selector string, which Playwright for Python shows nowhere else."""
    return str(locator._impl_obj._selector)


async def _role_selector(page: Page, generated: str) -> str | None:
    """Returns the role and name where the generator preferred what only it can read, such as a label; else None."""
    if is_readable(to_readable(generated)):
        return None
    role, name = role_and_name(await page.locator(generated).aria_snapshot(timeout=_SECONDS * 1000))
    return role_in_same_frame(generated, role, name) if role and name else None


async def locator_of(page: Page, handle: ElementHandle, *, beside: str = "") -> Locator:
    """Returns a locator that finds this element by its place, in the frame that the selector ``beside`` enters.

    Raises PlaywrightError where it has gone.
    """
    placed = page.locator(in_same_frame(beside, str(await handle.evaluate(PATH))))
    index = await placed.evaluate_all("(found, wanted) => found.indexOf(wanted)", handle)
    return placed.nth(max(0, int(index)))


async def finds_only(page: Page, selector: str, handle: ElementHandle) -> bool:
    """Returns whether the selector finds this element and no other."""
    try:
        only = "(found, wanted) => found.length === 1 && found[0] === wanted"
        return bool(await page.locator(selector).evaluate_all(only, handle))
    except PlaywrightError:
        return False
