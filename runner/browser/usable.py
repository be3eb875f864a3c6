"""Which of several elements a pointer could use now, looked at all at once."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Locator

from runner.browser.page_functions import FRAMES, HIT, PARENT, WITHIN
from runner.driver import Survey

# Runs on the visible matches. What lies outside the viewport is taken for usable where a person's scrolling can bring
# it in; what lies inside must be what is hit at its centre, or be part of that, or be labelled by it.
_USABLE: Final = """elements => {
  const root = document.scrollingElement ?? document.documentElement;
  const style = node => getComputedStyle(node);
  const locked = [document.documentElement, document.body].some(at => at && /hidden|clip/.test(style(at).overflowY));
  const scrolls = node => node === root ? !locked && root.scrollHeight - root.clientHeight > 1
    : /auto|scroll|overlay/.test(style(node).overflowX + style(node).overflowY)
      && (node.scrollHeight - node.clientHeight > 1 || node.scrollWidth - node.clientWidth > 1);
  // Whether scrolling moves it; what is fixed moves with nothing around it.
  const moves = element => {
    for (let node = element; node; node = parent(node)) {
      if (node !== element && scrolls(node)) return true;
      if (style(node).position === 'fixed') return false;
    }
    return false;
  };
  // A sticky bar covers an element until it is scrolled; what covers the whole viewport, such as a backdrop, stays.
  const scrollsAway = (cover, element) => {
    for (let node = cover; node; node = parent(node)) {
      const box = node.getBoundingClientRect();
      if (!['fixed', 'sticky'].includes(style(node).position)) continue;
      return (box.width < 0.9 * innerWidth || box.height < 0.9 * innerHeight) && moves(element);
    }
    return false;
  };
  const centre = box => [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const modals = [...document.querySelectorAll('dialog:modal, [aria-modal=true]')].filter(at => at.checkVisibility());
  const top = modals.findLast(at => within(hit(...centre(at.getBoundingClientRect())), at)) ?? modals.at(-1);
  const clipped = (element, x, y) => {
    for (let node = parent(element); node && node !== root && node !== document.body; node = parent(node)) {
      if (style(node).position === 'fixed' || scrolls(node)) return false;
      if (!/hidden|clip/.test(style(node).overflowX)) continue;
      const box = node.getBoundingClientRect();
      if (x < box.left || x > box.right) return true;
    }
    return false;
  };
  const usable = element => {
    if (top && !within(element, top)) return false;
    if (element.matches(':disabled') || element.closest('[aria-disabled=true]')) return false;
    // Boxes and comboboxes are drawn anew by what is around them, and are themselves transparent then.
    const drawnAnew = element.matches('input[role=combobox], [type=checkbox], [type=radio]');
    let opacity = 1, left = 0, above = 0;
    for (let node = element; node; node = parent(node)) {
      if (node.inert) return false;
      if (node !== element || !drawnAnew) opacity *= +style(node).opacity;
      left += node.scrollLeft;
      above += node.scrollTop;
    }
    if (opacity === 0 || (style(element).pointerEvents === 'none' && !drawnAnew)) return false;
    const box = element.getBoundingClientRect();
    if (box.right + left <= 0 || box.bottom + above <= 0) return false;
    const [x, y] = centre(box);
    if (clipped(element, x, y)) return false;
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return moves(element);
    const found = hit(x, y);
    return !found || within(found, element) || within(element, found)
      || [...(element.labels ?? [])].some(label => within(found, label)) || scrollsAway(found, element)
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
