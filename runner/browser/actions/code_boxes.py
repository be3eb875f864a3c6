"""The boxes of a code that take one character each."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Locator

from runner.browser.actions.deadline import Deadline
from runner.browser.actions.read_back import read_back

# A box says by its markup that it takes one character, or is one of many alike that are too narrow for more. The first
# may take them all, for a code that is pasted.
BOXES_FROM: Final = """
  const boxesFrom = element => {
    if (!element.matches('input')) return [element];
    const takesOne = at => at.maxLength === 1 || (at.size === 1 && at.type !== 'number')
      || /^(\\\\d|\\[0-9\\])(\\{1\\})?$/.test(at.pattern) || (at.type === 'number' && at.max === '9')
      || /\\b(digit|character|number|ziffer|stelle|chiffre|cifra|dígito|cijfer)\\b\\D*\\d/i.test(at.ariaLabel ?? '');
    const one = at => takesOne(at) || (at.getBoundingClientRect().width <= 72
      && (/numeric|decimal/.test(at.inputMode) || /number|tel/.test(at.type) || at.autocomplete === 'one-time-code'));
    const shown = 'input:not([type=hidden], [type=checkbox], [type=radio], [type=button], [type=submit])';
    const within = node => [...node.querySelectorAll(shown)];
    let group = element.parentElement;
    while (group?.parentElement && within(group).length < 2 && !group.matches('form, fieldset'))
      group = group.parentElement;
    const all = group ? within(group) : [element], others = all.filter(at => at !== element);
    const alike = others.length > 0 && others.every(one) && (one(element) || element.maxLength === all.length);
    if (!alike || (others.length < 3 && !all.every(at => at.maxLength === 1))) return [element];
    return all.slice(all.indexOf(element));
  };"""
"""Defines ``boxesFrom(element)``: the boxes of one code from this one on, just the element where it is none."""
HELD_BY_BOXES: Final = f"element => {{ {BOXES_FROM} return boxesFrom(element).map(at => at.value).join(''); }}"


async def type_code(first: Locator, code: str, deadline: Deadline) -> None:
    """Types a code into boxes that lead from one to the next, or else into one after the other."""
    boxes = await first.evaluate_handle(f"element => {{ {BOXES_FROM} return boxesFrom(element); }}")
    found = [each.as_element() for each in (await boxes.get_properties()).values()]
    elements = [each for each in found if each is not None]
    if await first.evaluate(HELD_BY_BOXES):
        for element in elements:
            await element.fill("", timeout=deadline.left_ms)
    await first.press_sequentially(code, timeout=deadline.left_ms)
    held = await read_back(first, HELD_BY_BOXES)
    if held is None or len(held) > 1:
        return
    for element, char in zip(elements, code, strict=False):  # a code may be shorter than there are boxes
        await element.fill(char, timeout=deadline.left_ms)
