"""Functions in JavaScript that several of the scripts for pages are built from."""

from __future__ import annotations

from typing import Final

FOLD: Final = r"""text => !text ? '' : text
    .normalize('NFKC')
    .replace(/[\p{Cf}\u0000-\u001f\u007f]/gu, char => (/\s/.test(char) ? ' ' : ''))
    .replace(/['‘’ʼ′´`]/g, "'")
    .replace(/["“”„‟″]/g, '"')
    .replace(/[-‐‑‒–—−]/g, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()"""
"""A text as names are compared: without what only keyboards and editors tell apart."""
PARENT: Final = "node => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null"
"""What an element is drawn in, also across shadow roots."""
HIT: Final = """(x, y) => {
    let found = document.elementFromPoint(x, y);
    for (let inner; found?.shadowRoot && (inner = found.shadowRoot.elementFromPoint(x, y)) && inner !== found; )
      found = inner;
    return found;
  }"""
"""The innermost element at a point of the viewport, also in open shadow roots."""
WITHIN: Final = f"""(inner, outer) => {{
    const parent = {PARENT};
    for (let node = inner; node; node = parent(node)) if (node === outer) return true;
    return false;
  }}"""
"""Whether one element is another, or is drawn in it."""
FRAMES: Final = """element => {
    const field = `input:not([type=hidden]), select, textarea, [role=combobox], [role=listbox], [role=checkbox],
      [role=radio], [role=switch], [role=textbox]`;
    const found = [];
    let place = element.parentElement;
    for (let depth = 0; place && depth < 4; depth += 1, place = place.parentElement) {
      if (place.matches('form, fieldset, section, main, dialog, body, td, tr')) break;
      const drawn = each => each !== element && !each.contains(element) && each.checkVisibility();
      if ([...place.querySelectorAll(field)].some(drawn)) break;
      found.push(place);
    }
    return found;
  }"""
"""What a field is drawn with: the elements around it that hold no other, from the innermost."""
PATH: Final = """element => {
    const steps = [];
    for (let node = element; node; ) {
      const root = node.getRootNode(), part = [];
      for (; node; node = node.parentElement) {
        const beside = [...(node.parentNode?.children ?? [])];
        part.unshift(node === document.documentElement ? ':root' : `:nth-child(${beside.indexOf(node) + 1})`);
      }
      steps.unshift(part.join(' > '));
      node = root.host ?? null;
    }
    return steps.map(step => `css=${step}`).join(' >> ');
  }"""
"""A selector by an element's place alone; within a shadow root it may find others, too."""
