"""The scripts that look at what comes of a drag; exported tests carry them, too."""

from __future__ import annotations

from typing import Final

DRAG_POINT: Final = """element => {
  if (!element.matches('input[type=range]')) return [0.5, 0.5];
  const { width, height } = element.getBoundingClientRect();
  const low = Number(element.min || 0), high = Number(element.max || 100);
  const part = high > low ? (Number(element.value) - low) / (high - low) : 0.5;
  const along = (length, thumb) => (thumb / 2 + (length - thumb) * part) / length;
  if (height > width) return [0.5, 1 - along(height, Math.min(16, height))];
  const right = getComputedStyle(element).direction === 'rtl';
  return [right ? 1 - along(width, Math.min(16, width)) : along(width, Math.min(16, width)), 0.5];
}"""
"""Answers where an element is taken hold of, as parts of its width and height."""
WATCH: Final = """(source, target) => {
  const watch = { changes: 0, began: false, dropped: false, handled: false };
  const order = at => [...(at.parentElement?.children ?? [])].map(each => each.textContent.slice(0, 100));
  const place = at => {
    const box = at.getBoundingClientRect(), around = at.parentElement?.getBoundingClientRect() ?? box;
    return [Math.round(box.left - around.left), Math.round(box.top - around.top), Math.round(box.width)];
  };
  const look = () => JSON.stringify([source, target].map(at => [
    at.isConnected, at.parentElement?.tagName, order(at), place(at), at.value, at.getAttribute('aria-valuenow'),
    at.textContent.slice(0, 1000), at.childElementCount, (at.getAttribute('style') ?? '').replace(/[ ;]+/g, ''),
  ]));
  const parents = [source.parentElement, target.parentElement];
  const before = look();
  // What is the same everywhere once it has been moved about was taken back; a picture may show what no element says.
  const whole = () => document.querySelector('canvas, video') ? null
    : document.documentElement.outerHTML.replace(/[ ;]+/g, '').replace(/(style|class)=""/g, '');
  const page = whole();
  const moved = () => look() !== before || source.parentElement !== parents[0] || target.parentElement !== parents[1];
  new MutationObserver(changes => { watch.changes += changes.length; })
    .observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  addEventListener('dragstart', () => { watch.began = true; }, true);
  addEventListener('dragend', () => { watch.ended = true; }, true);
  addEventListener('drop', () => { watch.dropped = true; }, true);
  const handled = event => { watch.handled ||= event.defaultPrevented; };
  handled.ofJumpseat = true;
  for (const kind of ['pointerdown', 'mousedown', 'pointermove', 'mousemove']) addEventListener(kind, handled);
  window[Symbol.for('jumpseat.drag')] = [source, target];
  watch.after = async () => {
    // Libraries end a drag with an animation, after which they put things where they belong.
    const end = performance.now() + 500;
    let still = 0;
    for (let last = ''; performance.now() < end && !(still > 3 && moved()); ) {
      await new Promise(done => { requestAnimationFrame(() => done()); setTimeout(done, 100); });
      const now = look();
      still = now === last ? still + 1 : 0;
      last = now;
    }
    const changed = moved();
    return {
      changed, began: watch.began, dropped: watch.dropped,
      back: !changed && watch.changes > 0 && page !== null && whole() === page,
      reacted: changed || watch.began || watch.handled || watch.changes > 0,
    };
  };
  return watch;
}"""
"""Begins to watch the elements of a drag; ``after()`` answers what came of it.

``changed``: something about either, or its neighbours, differs from before; ``began`` and ``dropped``: the browser's
own drag and drop took place, and ended in a drop that was taken; ``reacted``: the page has noticed the drag at all;
``back``: it has, and everything on it is as before.
"""
LISTENS: Final = """(() => {
  const around = [], ends = window[Symbol.for('jumpseat.drag')] ?? [];
  for (const end of ends) for (let node = end; node; node = node.parentElement) around.push(node);
  const kinds = ['pointerdown', 'mousedown', 'touchstart', 'pointermove', 'mousemove', 'dragstart', 'mouseup'];
  const listens = node => {
    const found = getEventListeners(node);
    return kinds.some(kind => found[kind]?.some(each => !each.listener?.ofJumpseat));
  };
  const elsewhere = !ends.length || ends.some(end => end.getRootNode() !== document);
  return elsewhere || [...around, document, window].some(listens);
})()"""
"""Answers in the console whether anything at the ends of a drag, or around them, listens to what a hand does."""
