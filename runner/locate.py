"""Finds the element at a point, or the one with the focus, and the selector that a person would choose for it."""

from __future__ import annotations

import asyncio

from playwright.async_api import Locator, Playwright

# Both engines look through open shadow roots, and run apart from the page's own scripts.
_AT_POINT = """{
  query(root, point) {
    const [left, top] = point.split(',').map(Number);
    let found = document.elementFromPoint(left, top);
    while (found && found.shadowRoot) {
      const inner = found.shadowRoot.elementFromPoint(left, top);
      if (!inner || inner === found) break;
      found = inner;
    }
    return found || undefined;
  },
  queryAll(root, point) { const found = this.query(root, point); return found ? [found] : []; }
}"""
_FOCUSED = """{
  query() {
    let found = document.activeElement;
    while (found && found.shadowRoot && found.shadowRoot.activeElement) found = found.shadowRoot.activeElement;
    return found || undefined;
  },
  queryAll() { const found = this.query(); return found ? [found] : []; }
}"""


async def register_engines(playwright: Playwright) -> None:
    """Teaches Playwright the selectors ``jumpseat-at=x,y`` and ``jumpseat-focused=*``; once, before any browser."""
    await playwright.selectors.register("jumpseat-at", _AT_POINT, content_script=True)
    await playwright.selectors.register("jumpseat-focused", _FOCUSED, content_script=True)


_RESOLVE_SECONDS = 2.0


async def selector_of(locator: Locator) -> str:
    """A selector that finds exactly this element, made as Playwright's code generator makes it.

    Raises playwright's Error where the element has gone, TimeoutError where the page does not answer.
    """
    normal = await asyncio.wait_for(locator.normalize(), _RESOLVE_SECONDS)
    return raw(normal)


def raw(locator: Locator) -> str:
    """The locator as a selector string, which Playwright for Python shows nowhere else."""
    return str(locator._impl_obj._selector)
