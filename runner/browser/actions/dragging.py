"""Dragging as a hand does it: several moves with frames between them, and a rest over the target before the drop."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import JSHandle, Locator, Page, Request

from runner.browser.actions.drag_script import DRAG_POINT, LISTENS, WATCH
from runner.browser.actions.read_back import NEXT_FRAME
from runner.browser.devtools import DevTools
from runner.driver import StepFailed

NOTHING_SEEN = "The drag was made, and nothing on the page shows whether it was taken: check that by a step of its own."
_STEPS = 8
_NUDGE = 6.0
"""CSS pixels of each of the first moves: libraries take a press for a drag after 3 to 10."""
_REST_SECONDS = 0.12
"""Over the target, before the drop: SortableJS looks every 50 ms at what is under the pointer."""
_HOLD_SECONDS = 0.6
"""Of a press that stands for a drag only when it lasts, 150 to 500 ms in the libraries."""


async def drag(source: Locator, target: Locator, devtools: DevTools, within_ms: float) -> bool:
    """Drags one element onto another; returns whether the page shows that something came of it.

    False: nothing was there to be seen. Raises StepFailed where the drag or the drop was refused.
    """
    watch = await _watch(source, target, within_ms)
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    source.page.on("request", note)
    try:
        seen = await _once(source, target, watch, within_ms, hold_seconds=0.0)
        if not seen["reacted"]:
            # Nothing in the page has noticed the drag, so that a second one does nothing twice.
            seen = await _once(source, target, watch, within_ms, hold_seconds=_HOLD_SECONDS)
    finally:
        source.page.remove_listener("request", note)
    if seen["changed"] or seen["dropped"]:
        return True
    if seen["began"]:
        raise StepFailed("The drag ended there, and the page did not take what was dropped")
    if seen["back"] and not asked:
        raise StepFailed("The page followed the drag, and put everything back when it ended there")
    if not seen["reacted"] and not asked and await devtools.evaluate(source.page, LISTENS) is False:
        raise StepFailed("Nothing there can be dragged: the page does not heed the pointer")
    return False


async def _watch(source: Locator, target: Locator, within_ms: float) -> JSHandle:
    handle = await target.element_handle(timeout=within_ms)
    return await source.evaluate_handle(WATCH, handle, timeout=within_ms)


async def _once(
    source: Locator, target: Locator, watch: JSHandle, within_ms: float, *, hold_seconds: float
) -> dict[str, Any]:
    page = source.page
    mouse = page.mouse
    await source.hover(trial=True, timeout=within_ms)
    start = await _point(source, within_ms)
    await mouse.move(*start)
    await mouse.down()
    try:
        await asyncio.sleep(hold_seconds)
        goal = await _point(target, within_ms)
        at = start
        for _ in range(2):
            at = _towards(at, goal, _NUDGE)
            await _move(page, at)
        await target.scroll_into_view_if_needed(timeout=within_ms)
        # What can take a drop often shows itself, and makes room, once the drag has begun.
        goal = await _point(target, within_ms)
        for step in range(1, _STEPS + 1):
            part = step / _STEPS
            await _move(page, (at[0] + (goal[0] - at[0]) * part, at[1] + (goal[1] - at[1]) * part))
        await asyncio.sleep(_REST_SECONDS)
        await _move(page, (goal[0] + 1, goal[1]))
        await _move(page, goal)
    finally:
        await mouse.up()
    try:
        answer: dict[str, Any] = await watch.evaluate("watch => watch.after()")
    except PlaywrightError:
        # The drop has led to another page.
        return {"changed": True, "reacted": True, "dropped": False, "began": False, "back": False}
    return answer


async def _move(page: Page, to: tuple[float, float]) -> None:
    await page.mouse.move(*to)
    await page.evaluate(NEXT_FRAME)


async def _point(locator: Locator, within_ms: float) -> tuple[float, float]:
    """Returns where in the page the element is taken hold of: at its middle, a slider at its thumb."""
    box = await locator.bounding_box(timeout=within_ms)
    if box is None:
        raise PlaywrightError("element is not visible")
    x, y = await locator.evaluate(DRAG_POINT, timeout=within_ms)
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def _towards(at: tuple[float, float], goal: tuple[float, float], pixels: float) -> tuple[float, float]:
    x, y = goal[0] - at[0], goal[1] - at[1]
    far = (x * x + y * y) ** 0.5
    part = min(1.0, pixels / far) if far else 0.0
    return at[0] + x * part, at[1] + y * part
