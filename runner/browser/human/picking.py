"""The picking of the element at a point of the picture."""

from __future__ import annotations

import math

from playwright.async_api import Page

from control.protocol.actions import Box, Size
from control.protocol.commands import Input, Pick
from control.protocol.events import Picked
from runner.browser.aria_snapshot import role_and_name
from runner.browser.locate import at_point, selector_of
from runner.driver import StepFailed
from runner.selectors.describe import shorten

_MS = 2000.0
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
    """The element there; within a button or link, that button or link. Raises StepFailed where there is none."""
    found = await at_point(page, *to_viewport(command, viewport))
    if found is None:
        raise StepFailed("There is no element at this point")
    selector = await selector_of(found.locator)
    element = page.locator(selector)
    role, name = role_and_name(await element.aria_snapshot(timeout=_MS))
    box = await element.bounding_box(timeout=_MS)
    text = shorten(str(await element.evaluate("element => element.innerText ?? ''", timeout=_MS)))
    return Picked(
        id=command.id,
        selector=selector,
        role=role,
        name=name,
        text=text or None,
        box=Box(**box) if box else None,
        viewport=viewport,
    )
