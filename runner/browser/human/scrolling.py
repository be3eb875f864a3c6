"""Scrolling of something within the page: what is recorded of it, as the wheel's pixels are for the page alone."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Page

from runner.browser.human.elements import TargetElement, element_at
from runner.browser.locate import at_point

# The page's own scrolling is that of the top document; a frame's document scrolls within the page.
_WITHIN = """([element], [down, framed]) => {
  const room = at => down > 0 ? at.scrollHeight - at.clientHeight - at.scrollTop : at.scrollTop;
  const root = document.scrollingElement;
  for (let at = element; at && at !== root; at = at.parentElement ?? at.getRootNode().host) {
    if (at !== document.body && /auto|scroll/.test(getComputedStyle(at).overflowY) && room(at) >= 1) return true;
  }
  return framed && root !== null && room(root) >= 1;
}"""
_SCROLLS = "element => element.scrollHeight > element.clientHeight && getComputedStyle(element).overflowY !== 'visible'"


@dataclass(frozen=True, slots=True)
class Scroll:
    """A person scrolls here, again and again."""

    page: Page
    x: float
    y: float
    began: float
    """Seconds since the epoch."""
    within: bool
    """Something other than the page itself."""

    def goes_on(self, page: Page, x: float, y: float) -> bool:
        """A browser keeps to what it has begun to scroll as long as the pointer rests."""
        return (self.page, self.x, self.y) == (page, x, y)

    async def shown(self) -> TargetElement | None:
        """What has come to be under the pointer: brought into view, it scrolls there again. None for nothing of use.

        Raises playwright's Error, or TimeoutError.
        """
        target = await element_at(self.page, self.x, self.y)
        if target is None or not await target.handle.evaluate(_SCROLLS):
            return target
        await target.dispose()
        return None


async def scrolls_within(page: Page, x: float, y: float, pixels: float) -> bool:
    """Whether scrolling at this point moves something within the page; raises playwright's Error."""
    found = await at_point(page, x, y)
    return found is not None and bool(await found.locator.evaluate_all(_WITHIN, [pixels, bool(found.frames)]))
