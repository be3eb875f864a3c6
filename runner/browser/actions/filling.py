"""What is typed into a field: as the field takes it, by real keys where the page listens for them, and read back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from playwright.async_api import CDPSession, Locator, Page
from playwright.async_api import Error as PlaywrightError

from control.protocol.models import ElementCall
from runner.browser import playwright_errors as errors
from runner.browser.actions.actionability import Subject
from runner.browser.actions.deadline import Deadline
from runner.browser.actions.field_values import UnfitValue, field_value, same_value
from runner.driver import CarriedOut, StepFailed
from runner.selectors.describe import shorten

_LOOK_SECONDS: Final = 2.0
_LONGEST_BY_KEYS: Final = 2000
"""Characters: beyond them real keys take too long, and no page is meant to be typed into so far."""
# What frameworks keep of their listeners on the element: React's props, Vue's invokers, zone.js, Svelte, jQuery.
_DESCRIBE = """element => {
  const keys = ['keydown', 'keypress', 'keyup'];
  const own = key => ['on' + key, '__zone_symbol__' + key + 'false', '__' + key];
  const listens = node => keys.some(key => own(key).some(name => node[name]))
    || Object.keys(node).some(name => name.startsWith('__reactProps$')
      && ['onKeyDown', 'onKeyUp', 'onKeyPress'].some(on => node[name]?.[on]))
    || Object.keys(node._vei ?? {}).some(on => /^onKey/.test(on))
    || keys.some(key => window.jQuery?._data?.(node, 'events')?.[key]);
  const tag = element.localName;
  let boxes = 1;
  if (element.maxLength === 1) {
    let group = element.parentElement;
    const of = node => [...node.querySelectorAll('input')].filter(each => each.maxLength === 1);
    while (group.parentElement && of(group).length < 2 && !group.matches('form, fieldset')) group = group.parentElement;
    boxes = of(group).length - of(group).indexOf(element);
  }
  return {
    type: tag === 'input' ? element.type : tag === 'textarea' || tag === 'select' ? tag : 'editable',
    held: element.value ?? element.innerText ?? '',
    longest: element.maxLength ?? -1,
    least: element.min ?? '', most: element.max ?? '', step: element.step ?? '',
    boxes,
    keyed: listens(element),
    framed: window !== window.top || element.getRootNode() !== document,
  };
}"""
# After the page has had its turn: handlers that were put off, and one frame, which does not come in a hidden tab.
_HELD = """async (element, boxes) => {
  await Promise.race([new Promise(requestAnimationFrame), new Promise(done => setTimeout(done, 60))]);
  await new Promise(done => setTimeout(done, 0));
  if (boxes < 2) return element.value ?? element.innerText ?? '';
  let group = element.parentElement;
  const of = node => [...node.querySelectorAll('input')].filter(each => each.maxLength === 1);
  while (group.parentElement && of(group).length < 2 && !group.matches('form, fieldset')) group = group.parentElement;
  const all = of(group);
  return all.slice(all.indexOf(element), all.indexOf(element) + boxes).map(each => each.value).join('');
}"""
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
    selector: str
    text: str
    deadline: Deadline
    carried_out: CarriedOut
    listeners: KeyListeners
    readable: dict[str, str]
    """By selector: one that finds just that element."""

    async def fill(self, known: Field) -> None:
        """Types and reads back. Raises StepFailed where the field does not hold what was typed."""
        try:
            value = field_value(known.type, self.text)
        except UnfitValue as error:
            raise StepFailed(f"{await self._who()} {error}") from None
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
        try:
            return str(await asyncio.wait_for(self._locator.evaluate(_HELD, known.boxes, timeout=1000), _LOOK_SECONDS))
        except (PlaywrightError, TimeoutError):
            return None

    async def _refused(self, known: Field, value: str) -> str:
        """Returns a sentence on what the field holds once it is left, as a person would see it."""
        with suppress(PlaywrightError):
            await self._locator.blur(timeout=1000)
        held = await self._held(known)
        shown = "" if known.type == "password" else f": it holds '{shorten(held or '')}'" if held else ": it is empty"
        if 0 <= known.longest < len(value) and known.boxes < 2:
            return f"{await self._who()} takes at most {known.longest} characters{shown}"
        if known.type == "range":
            steps = f" in steps of {known.step}" if known.step not in {"", "any"} else ""
            return f"{await self._who()} takes numbers from {known.least or 0} to {known.most or 100}{steps}{shown}"
        wanted = "what was typed" if known.type == "password" else f"'{shorten(value)}'"
        return f"{await self._who()} did not take {wanted}{shown}"

    async def _who(self) -> str:
        return await errors.describe_element(self._locator, self.selector)

    def _record(self, known: Field, value: str, held: str | None, *, by_keys: bool) -> None:
        selector = self.readable.get(self.selector, self.selector)
        calls = self.carried_out.calls
        if by_keys and known.held and known.boxes < 2:
            calls.append(ElementCall(selector=selector, method="fill", value=""))
        calls.append(ElementCall(selector=selector, method="press_sequentially" if by_keys else "fill", value=value))
        if held is None:
            self.carried_out.note = "The field had gone before it could be looked at."
        elif known.type == "editable":
            calls.append(ElementCall(selector=selector, method="to_contain_text", value=value))
        else:
            shown = held[:1] if known.boxes > 1 else held
            calls.append(ElementCall(selector=selector, method="to_have_value", value=shown))
            if held != value and known.type != "password":
                self.carried_out.note = f"The field holds '{shorten(held)}'."

    @property
    def _locator(self) -> Locator:
        return self.subject.locator


def _has_letters(known: Field) -> bool:
    """Returns whether keys make text in it; dates and the like take keys in an order of their own."""
    return known.type in {"text", "search", "tel", "url", "email", "password", "textarea", "editable", "number"}
