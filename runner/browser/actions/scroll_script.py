"""The scripts that scroll what a wheel over the middle of a page would scroll; exported tests carry them, too."""

from __future__ import annotations

from typing import Final

from runner.browser.actions.pending import PENDING
from runner.browser.actions.read_back import NEXT_FRAME
from runner.browser.page_functions import HIT, PARENT

_SCROLL: Final = (
    f"""(start, {{ pixels, end, chosen, list }}) => {{
  const above = {PARENT}, hit = {HIT};
"""
    """
  const html = document.documentElement;
  const root = document.scrollingElement ?? html;
  const overflow = element => getComputedStyle(element).overflowY;
  // The body's overflow is the window's where <html> has none of its own.
  const window_ = overflow(html) === 'visible' && document.body ? document.body : html;
  const scrolls = at =>
    at === root ? !/hidden|clip/.test(overflow(window_))
      : at !== window_ && at !== html && /auto|scroll|overlay/.test(overflow(at)) && at.clientHeight > 0;
  const hidden = at => at.scrollHeight - at.clientHeight;
  // What lies over the page is meant without the page, as long as something in it can be scrolled.
  const layer = at => at.matches('dialog, [role=dialog]') || getComputedStyle(at).position === 'fixed';
  const chain = from => {
    const found = [];
    for (let at = from; at; at = above(at)) {
      if (at !== root && scrolls(at)) found.push(at);
      if (layer(at) && found.some(at => hidden(at) > 1)) return found;
    }
    return scrolls(root) ? [...found, root] : found;
  };
  const area = at => at.clientWidth * at.clientHeight;
  const bySize = list => list.filter(at => hidden(at) > 1).sort((one, other) => area(other) - area(one));
  const reachable = at => {
    const box = at.getBoundingClientRect();
    const [left, right] = [Math.max(0, box.left), Math.min(innerWidth, box.right)];
    const [top, bottom] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)];
    if (right - left < 1 || bottom - top < 1) return false;
    for (let over = hit((left + right) / 2, (top + bottom) / 2); over; over = above(over)) if (over === at) return true;
    return false;
  };
  const everywhere = (scrollable = scrolls) => {
    const all = [], look = node => {
      for (const each of node.querySelectorAll('*')) {
        if (hidden(each) > 1 && each !== root && scrollable(each)) all.push(each);
        if (each.shadowRoot) look(each.shadowRoot);
      }
    };
    look(document);
    return all.filter(reachable);
  };
  // Lists that draw a scrollbar of their own, and scroll by the wheel's events.
  const byScript = at => overflow(at) === 'hidden' && at !== window_ && at !== html && at.clientHeight > 80
    && hidden(at) > at.clientHeight / 2;
  const move = at => {
    const before = at.scrollTop;
    const top = end ? Math.sign(pixels) * 1e9 : pixels ?? (at === root ? innerHeight : at.clientHeight);
    at.scrollBy({ top, behavior: 'instant' });
    return at.scrollTop - before;
  };
  const atEnd = at => {
    const fromTop = getComputedStyle(at).flexDirection === 'column-reverse' ? at.scrollTop + hidden(at) : at.scrollTop;
    return pixels < 0 ? fromTop < 1 : hidden(at) - fromTop <= 1;
  };
  const answer = (found, moved) => ({ found, moved, end: found.length > 0 && found.every(atEnd), fits: false });
  if (chosen?.isConnected) return answer([chosen], move(chosen));
  const from = start ?? hit(innerWidth / 2, innerHeight / 2);
  if (!start && from?.matches('iframe, frame')) return { frame: true };
  const over = chain(from);
  if (list) return [...new Set([...bySize(over), ...bySize(everywhere()), ...bySize(everywhere(byScript))])];
  const candidates = over.some(at => hidden(at) > 1) ? (end ? bySize(over) : over.filter(at => hidden(at) > 1))
    : bySize(everywhere());
  for (const at of candidates) {
    const moved = move(at);
    if (Math.abs(moved) >= 1) return answer([at], moved);
  }
  return { ...answer(candidates, 0), fits: scrolls(root) && hidden(root) <= 1 };
}"""
)

# Scroll events and what a page does about them come before the next frame; a page in the background draws none.
SCROLL: Final = f"""async (last, by) => {{
  {PENDING}
  if (!by.end && !by.list) watchPending();
  const answer = ({_SCROLL})(last.start, {{ ...by, chosen: last.found[0] }});
  if (by.list) return answer;
  last.found = answer.found ?? [];
  const [at] = last.found, there = at?.scrollTop;
  if (answer.moved) await {NEXT_FRAME};
  if (!by.end) await settlePending(400);
  const kept = !answer.moved || Math.abs(at.scrollTop - (there - answer.moved)) >= 1;
  return {{ moved: 0, end: false, fits: false, frame: false, ...answer, found: last.found.length, kept }};
}}"""
"""Scrolls by ``pixels`` (null: one screen), or with ``end`` as far as can be in their direction.

``last`` has what an earlier call has ``found``, which is scrolled again, or nothing in it; and perhaps an element to
``start`` at in place of the middle of the page. The answer is how many elements were tried (``found``), how far one
``moved``, whether it has ``kept`` that one frame later, whether all are at their ``end``, whether the whole page
``fits`` the window, and whether the middle of the page is a ``frame``, which is not looked into. With ``list`` nothing
is scrolled, and the answer is all that could be, the most likely first.
"""
# Two frames, as what reacts to a scroll event often draws in the next one.
ONE_SCREEN: Final = f"""async at => {{
  const before = at.scrollTop;
  at.scrollBy({{ top: 0.8 * at.clientHeight, behavior: 'instant' }});
  const moved = Math.abs(at.scrollTop - before) >= 1;
  if (moved) {{ await {NEXT_FRAME}; await {NEXT_FRAME}; }}
  return moved;
}}"""
"""Scrolls an element most of its height down, and answers whether that moved it, once the page has drawn."""
WATCH_WHEEL: Final = f"""() => {{
  const middle = () => document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  const at = middle(), top = () => at?.isConnected ? at.getBoundingClientRect().top : null, before = top();
  return {{ moved: async () => {{
    for (let times = 0; times < 10 && top() === before && middle() === at; times += 1) await {NEXT_FRAME};
    return top() !== before || middle() !== at;
  }} }};
}}"""
"""Begins to watch what is in the middle of the page, for pages that scroll by the wheel's events alone."""
TO_TOP: Final = "at => at.scrollTo({ top: -1e9, behavior: 'instant' })"
