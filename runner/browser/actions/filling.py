"""What is typed into a field: as the field takes it, by real keys where the page listens for them, and read back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from playwright.async_api import CDPSession, Locator, Page
from playwright.async_api import Error as PlaywrightError

from control.protocol.wording import counted
from runner.browser.actions.actionability import Subject
from runner.browser.actions.deadline import Deadline
from runner.browser.actions.field_values import UnfitValue, field_value, same_value
from runner.browser.actions.read_back import read_back
from runner.driver import CarriedOut, StepFailed
from runner.selectors.describe import shorten

_LOOK_SECONDS: Final = 2.0
_LONGEST_BY_KEYS: Final = 2000
"""Characters: beyond them real keys take too long, and no page is meant to be typed into so far."""
# The boxes of a code that take one character each, from this one on.
_BOXES_FROM = """const boxesFrom = element => {
    let group = element.parentElement;
    const of = node => [...node.querySelectorAll('input')].filter(each => each.maxLength === 1);
    while (group.parentElement && of(group).length < 2 && !group.matches('form, fieldset')) group = group.parentElement;
    return of(group).slice(of(group).indexOf(element));
  };"""
# What frameworks keep of their listeners on the element: React's props, Vue's invokers, zone.js, Svelte, jQuery.
_DESCRIBE = (
    f"element => {{ {_BOXES_FROM}"
    """
  const keys = ['keydown', 'keypress', 'keyup'];
  const own = key => ['on' + key, '__zone_symbol__' + key + 'false', '__' + key];
  const listens = node => keys.some(key => own(key).some(name => node[name]))
    || Object.keys(node).some(name => name.startsWith('__reactProps$')
      && ['onKeyDown', 'onKeyUp', 'onKeyPress'].some(on => node[name]?.[on]))
    || Object.keys(node._vei ?? {}).some(on => /^onKey/.test(on))
    || keys.some(key => window.jQuery?._data?.(node, 'events')?.[key]);
  const tag = element.localName;
  return {
    type: tag === 'input' ? element.type : tag === 'textarea' || tag === 'select' ? tag : 'editable',
    held: element.value ?? element.innerText ?? '',
    longest: element.maxLength ?? -1,
    least: element.min ?? '', most: element.max ?? '', step: element.step ?? '',
    boxes: element.maxLength === 1 ? boxesFrom(element).length : 1,
    keyed: listens(element),
    framed: window !== window.top || element.getRootNode() !== document,
  };
}"""
)
_HELD = (
    f"(element, boxes) => {{ {_BOXES_FROM}"
    """
  if (boxes < 2) return element.value ?? element.innerText ?? '';
  return boxesFrom(element).slice(0, boxes).map(each => each.value).join('');
}"""
)
_LISTENS = """(() => {
  const found = getEventListeners(document.activeElement);
  return ['keydown', 'keypress', 'keyup'].some(key => found[key]?.length);
})()"""


@dataclass(frozen=True, slots=True)
class Field:
    """Holds what kind of field an element is, and what it held before."""

    type: str
    """An input's type, or ``textarea``, ``select``, ``editable``."""
    held: str
    longest: int
    """Characters that it takes; -1 where it has no limit."""
    least: str
    most: str
    step: str
    boxes: int
    """More than 1: it is the first of so many that take one character of a code each."""
    keyed: bool
    """Whether it is known to listen for keys."""
    framed: bool
    """Whether it is in a frame or a shadow root, where its listeners cannot be asked for."""

    @classmethod
    async def of(cls, locator: Locator, within_ms: float) -> Field:
        return cls(**await locator.evaluate(_DESCRIBE, timeout=within_ms))


@dataclass
class KeyListeners:
    """Finds whether the element with the focus listens for keys, by the DevTools protocol."""

    _sessions: WeakKeyDictionary[Page, CDPSession] = field(default_factory=WeakKeyDictionary)

    async def has(self, page: Page, known: Field) -> bool:
        """Returns True also where that cannot be found out: real keys do no harm."""
        if known.keyed or known.framed:
            return True
        try:
            if page not in self._sessions:
                self._sessions[page] = await page.context.new_cdp_session(page)
            asked = {"expression": _LISTENS, "includeCommandLineAPI": True, "returnByValue": True}
            answer = await asyncio.wait_for(self._sessions[page].send("Runtime.evaluate", asked), _LOOK_SECONDS)
        except (PlaywrightError, TimeoutError):
            return True
        return bool(answer["result"].get("value", True))


@dataclass
class Filling:
    """Types one text into one field."""

    subject: Subject
    text: str
    deadline: Deadline
    carried_out: CarriedOut
    listeners: KeyListeners

    async def fill(self, known: Field) -> None:
        """Types and reads back. Raises StepFailed where the field does not hold what was typed."""
        try:
            value = field_value(known.type, self.text)
        except UnfitValue as error:
            raise StepFailed(f"{await self.subject.described()} {error}") from None
        by_keys = await self._wants_keys(known)
        await self._enter(known, value, by_keys=by_keys)
        held = await self._held(known)
        if held is not None and not same_value(known.type, value, held) and not by_keys and _has_letters(known):
            by_keys = True
            await self._enter(known, value, by_keys=True)
            held = await self._held(known)
        if held is not None and not same_value(known.type, value, held):
            raise StepFailed(await self._refused(known, value))
        self._record(known, value, held, by_keys=by_keys)

    async def _wants_keys(self, known: Field) -> bool:
        if known.boxes > 1 and len(self.text) > 1:
            return True
        if not _has_letters(known) or not 0 < len(self.text) <= _LONGEST_BY_KEYS or "\n" in self.text:
            return False
        await self._locator.focus(timeout=self.deadline.left_ms)
        return await self.listeners.has(self._locator.page, known)

    async def _enter(self, known: Field, value: str, *, by_keys: bool) -> None:
        if not by_keys:
            await self._locator.fill(value, timeout=self.deadline.left_ms)
            return
        if known.boxes < 2:
            await self._locator.fill("", timeout=self.deadline.left_ms)
        await self._locator.press_sequentially(value, timeout=self.deadline.left_ms)

    async def _held(self, known: Field) -> str | None:
        """Returns what the field holds; None where it is not there any more."""
        held: str | None = await read_back(self._locator, _HELD, known.boxes)
        return held

    async def _refused(self, known: Field, value: str) -> str:
        """Returns a sentence on what the field holds once it is left, as a person would see it."""
        with suppress(PlaywrightError):
            await self._locator.blur(timeout=1000)
        held = await self._held(known)
        shown = "" if known.type == "password" else f": it holds '{shorten(held or '')}'" if held else ": it is empty"
        who = await self.subject.described()
        if 0 <= known.longest < len(value) and known.boxes < 2:
            return f"{who} takes at most {counted(known.longest, 'character')}{shown}"
        if known.type == "range":
            steps = f" in steps of {known.step}" if known.step not in {"", "any"} else ""
            return f"{who} takes numbers from {known.least or 0} to {known.most or 100}{steps}{shown}"
        wanted = "what was typed" if known.type == "password" else f"'{shorten(value)}'"
        return f"{who} did not take {wanted}{shown}"

    def _record(self, known: Field, value: str, held: str | None, *, by_keys: bool) -> None:
        selector, done = self.subject.selector, self.carried_out
        if by_keys and known.held and known.boxes < 2:
            done.add("fill", selector, "")
        done.add("press_sequentially" if by_keys else "fill", selector, value)
        if held is None:
            done.note = "The field had gone before it could be looked at."
        elif known.type == "editable":
            done.add("to_contain_text", selector, value)
        else:
            done.add("to_have_value", selector, held[:1] if known.boxes > 1 else held)
            if held != value and known.type != "password":
                done.note = f"The field holds '{shorten(held)}'."

    @property
    def _locator(self) -> Locator:
        return self.subject.locator


def _has_letters(known: Field) -> bool:
    """Returns whether keys make text in it; dates and the like take keys in an order of their own."""
    return known.type in {"text", "search", "tel", "url", "email", "password", "textarea", "editable", "number"}
