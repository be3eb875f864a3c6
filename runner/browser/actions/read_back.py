"""The look at an element after something was done to it, once the page has had its turn."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator

_LATER: Final = "(window[Symbol.for('jumpseat.pending')]?.later ?? setTimeout)"
"""JavaScript: a `setTimeout` whose timers are not taken for the page's own (`pending.PENDING`)."""
NEXT_FRAME: Final = f"new Promise(done => {{ requestAnimationFrame(() => done()); {_LATER}.call(window, done, 100); }})"
"""JavaScript that is done with the page's next frame; a page in the background draws none."""
_LOOK_MS: Final = 1000.0
_GRACE_SECONDS: Final = 1.0
"""A page whose script never ends keeps Playwright's own timeouts from being kept."""
TURN: Final = f"""
  const later = {_LATER}.bind(window);
  await Promise.race([new Promise(requestAnimationFrame), new Promise(done => later(done, 60))]);
  await new Promise(done => later(done, 0));"""
"""JavaScript that waits for handlers that were put off, and for one frame, which does not come in a hidden tab."""


async def look_at(locator: Locator, script: str, argument: object = None, *, within_ms: float) -> Any:  # noqa: ANN401 - whatever the page answers
    """Returns what the script, a JavaScript function of the element and the argument, says once the element is there.

    This is one round trip where it is there already; `Locator.evaluate` takes three. A page whose script never ends
    keeps it from ending within the time. Raises PlaywrightError.
    """
    of_one = f"async (found, argument) => found.length === 1 ? [await ({script})(found[0], argument)] : []"
    answer = await locator.evaluate_all(of_one, argument)
    return answer[0] if answer else await locator.evaluate(script, argument, timeout=within_ms)


async def read_back(
    locator: Locator, script: str, argument: object = None, *, within_ms: float = _LOOK_MS
) -> Any | None:  # noqa: ANN401
    """Returns what the script, a JavaScript function of the element and the argument, says; None where it has gone."""
    after = f"async (element, argument) => {{{TURN}\n  return ({script})(element, argument);\n}}"
    look = look_at(locator, after, argument, within_ms=within_ms)
    try:
        return await asyncio.wait_for(look, within_ms / 1000 + _GRACE_SECONDS)
    except (PlaywrightError, TimeoutError):
        return None
