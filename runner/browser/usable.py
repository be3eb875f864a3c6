"""Which of several elements a pointer could use now, looked at all at once."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Locator

from runner.browser.page_functions import FRAMES, HIT, PARENT, WITHIN
from runner.driver import Survey

# Runs on the visible matches. What lies outside the viewport is taken for usable where scrolling can bring it in; what
# lies inside must be what is hit at its centre, or be part of that, or be labelled by it.
_USABLE: Final = """elements => {
  // A sticky bar covers an element until it is scrolled; what covers the whole viewport, such as a backdrop, stays.
  const scrollsAway = cover => {
    for (let node = cover; node; node = parent(node)) {
      const box = node.getBoundingClientRect();
      if (!['fixed', 'sticky'].includes(getComputedStyle(node).position)) continue;
      return box.width < 0.9 * innerWidth || box.height < 0.9 * innerHeight;
    }
    return false;
  };
  const modals = [...document.querySelectorAll('dialog:modal, [aria-modal=true]')];
  const top = modals.filter(each => each.checkVisibility()).at(-1);
  const usable = element => {
    if (top && !within(element, top)) return false;
    if (element.matches(':disabled, [aria-disabled=true]')) return false;
    // Boxes and comboboxes are drawn anew by what is around them, and are themselves transparent then.
    const drawnAnew = element.matches('input[role=combobox], [type=checkbox], [type=radio]');
    let opacity = 1, left = 0, above = 0;
    for (let node = element; node; node = parent(node)) {
      if (node.inert) return false;
      if (node !== element || !drawnAnew) opacity *= +getComputedStyle(node).opacity;
      left += node.scrollLeft;
      above += node.scrollTop;
    }
    if (opacity === 0 || (getComputedStyle(element).pointerEvents === 'none' && !drawnAnew)) return false;
    const box = element.getBoundingClientRect();
    if (box.right + left <= 0 || box.bottom + above <= 0) return false;
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return true;
    const found = hit(x, y);
    return !found || within(found, element) || within(element, found)
      || [...(element.labels ?? [])].some(label => within(found, label)) || scrollsAway(found)
      || (drawnAnew && frames(element).some(frame => within(found, frame)));
  };
  return [elements.length, elements.flatMap((element, index) => usable(element) ? [index] : [])];
}"""
_SURVEY: Final = f"""elements => {{
  const parent = {PARENT};
  const hit = {HIT};
  const within = {WITHIN};
  const frames = {FRAMES};
  return ({_USABLE})(elements);
}}"""


async def survey(shown: Locator) -> Survey:
    """Returns how many there are of these visible elements, and which of them can be used."""
    number, usable = await shown.evaluate_all(_SURVEY)
    return Survey(int(number), tuple(usable))
