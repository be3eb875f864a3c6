"""The picking of the element at a point of the picture."""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any

from playwright.async_api import Locator, Page

from control.protocol.actions import Box, Size
from control.protocol.commands import Input, Pick
from control.protocol.events import Picked
from runner.browser.actions.expect import HELD
from runner.browser.aria_snapshot import role_and_name
from runner.browser.locate import at_point, selector_of
from runner.driver import StepFailed

_MS = 2000.0
_PLACE = re.compile(r" >> nth=(\d+)$")
_LONGEST = 5000
_HELD = f"""element => {{
  const held = ({HELD})(element);
  const unread = element.matches('[type=checkbox], [type=radio], [type=file], [type=hidden]');
  return {{ ...held, text: held.text.slice(0, {_LONGEST}), unread }};
}}"""
"""The same, bounded; what a box or a chooser of files has as its value is nothing that a person sees."""
_ROUNDING = 1e-6
"""What binary fractions may lose of a whole number of pixels."""


def to_viewport(command: Input | Pick, viewport: Size) -> tuple[float, float]:
    """The CSS pixel of the viewport that the point is in: the picture shows exactly the viewport, at any size."""
    return (
        _pixel(command.x, command.width, viewport.width),
        _pixel(command.y, command.height, viewport.height),
    )


def _pixel(at: float, picture: float, viewport: int) -> float:
    """A whole one, because Chromium rounds some coordinates and cuts others; kept within the viewport."""
    scaled = at * viewport / picture if picture else at
    return float(min(max(math.floor(scaled + _ROUNDING), 0), viewport - 1))


async def pick(page: Page, command: Pick, viewport: Size) -> Picked:
    """Returns the element there; within a button or link, that button or link. Raises StepFailed where there is none.

    Its words are the page's own, and nothing is left out of them yet.
    """
    found = await at_point(page, *to_viewport(command, viewport))
    if found is None:
        raise StepFailed("There is no element at this point")
    selector = await selector_of(found.locator)
    element = page.locator(selector)
    place = _PLACE.search(selector)
    among = selector[: place.start()] if place else selector
    snapshot, box, matches = await asyncio.gather(
        element.aria_snapshot(timeout=_MS), element.bounding_box(timeout=_MS), page.locator(among).count()
    )
    role, name = role_and_name(snapshot)
    picked = Picked(
        id=command.id,
        selector=selector,
        matches=max(matches, 1),
        place=int(place[1]) + 1 if place else 1,
        role=role,
        name=name,
        box=Box(**box) if box else None,
        viewport=viewport,
        preview=command.preview,
    )
    return picked if command.preview else picked.model_copy(update=await _content(element))


async def _content(element: Locator) -> dict[str, str | None]:
    """Returns what the element says, as far as an expectation of text would look at it."""
    held: dict[str, Any] = await element.evaluate(_HELD, timeout=_MS)
    text = str(held["text"])
    if held.get("field"):
        hidden = held.get("secret") or held["unread"]
        return {"holds": "value", "content": None if hidden else text or None}
    return {"holds": "text", "content": text or None, "text": text or None}
