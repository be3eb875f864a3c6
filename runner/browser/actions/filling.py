"""What is typed into a field: as the field takes it, by real keys where the page listens for them, and read back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator

from control.protocol.wording import counted
from runner.browser.actions.actionability import Subject
from runner.browser.actions.bound_fill import BoundFill
from runner.browser.actions.code_boxes import BOXES_FROM, type_code
from runner.browser.actions.deadline import Deadline
from runner.browser.actions.field_values import UnfitValue, field_value, same_value
from runner.browser.actions.left_fields import LEFT, LeftField
from runner.browser.actions.pending import PENDING
from runner.browser.actions.read_back import look_at, read_back
from runner.browser.devtools import DevTools
from runner.driver import CarriedOut, StepFailed
from runner.selectors.describe import shorten

_LONGEST_BY_KEYS: Final = 2000
"""Characters: beyond them real keys take too long, and no page is meant to be typed into so far."""
# What frameworks keep of their listeners on an element: React's props, Vue's invokers, zone.js, Svelte, jQuery.
_DESCRIBE = (
    f"element => {{ {BOXES_FROM} {PENDING}"
    """
  const keys = ['keydown', 'keypress', 'keyup'];
  const own = key => ['on' + key, '__zone_symbol__' + key + 'false', '__' + key, '$$' + key];
  const listens = node => keys.some(key => own(key).some(name => node[name]))
    || Object.keys(node).some(name => name.startsWith('__reactProps$')
      && ['onKeyDown', 'onKeyUp', 'onKeyPress', 'onKeyDownCapture', 'onKeyUpCapture'].some(on => node[name]?.[on]))
    || Object.keys(node._vei ?? {}).some(on => /^onKey/.test(on))
    || keys.some(key => window.jQuery?._data?.(node, 'events')?.[key]);
  const around = [];
  for (let node = element; node; node = node.assignedSlot ?? node.parentNode ?? node.host) around.push(node);
  const tag = element.localName, box = element.getBoundingClientRect();
  watchPending();
  window[pendingKey].field = element;
  return {
    ready: box.width > 0 && box.height > 0 && Boolean(element.checkVisibility?.({ visibilityProperty: true }))
      && (element.isContentEditable || element.matches('input:enabled:read-write, textarea:enabled:read-write'))
      && !around.some(node => node.matches?.('[aria-disabled], [aria-readonly], [readonly]')),
    type: tag === 'input' ? element.type : tag === 'textarea' || tag === 'select' ? tag : 'editable',
    language: element.closest('[lang]')?.lang ?? '',
    held: element.value ?? element.innerText ?? '',
    longest: element.maxLength ?? -1,
    least: element.min ?? '', most: element.max ?? '', step: element.step ?? '',
    boxes: boxesFrom(element).length,
    keyed: [...around, window].some(listens),
    framed: window !== window.top || element.getRootNode() !== document,
    lists: element.matches('[list], [role=combobox], [type=search], [role=searchbox], [aria-autocomplete], '
      + '[aria-haspopup], [aria-expanded], [aria-controls], [aria-owns]'),
  };
}"""
)
# What the page has put off is waited for: a check of the value by the server, or one that waits for a pause.
_HELD = f"""async (element, {{ boxes, watch }}) => {{
  {BOXES_FROM} {PENDING} {LEFT}
  await settlePending();
  const value = at => at.value ?? at.innerText ?? '';
  if (boxes > 1) return boxesFrom(element).slice(0, boxes).map(value).join('');
  if (watch) watchLeaving(element, value);
  return value(element);
}}"""
# The listeners of frameworks at the root of what they draw are there whether or not anything listens to keys.
# The console's functions are there only until the script first waits.
_LISTENS = """(async () => {
  const { field, later } = window[Symbol.for('jumpseat.pending')], listenersOf = getEventListeners;
  field.focus();
  await new Promise(done => later.call(window, done, 0));
  const around = [];
  for (let node = document.activeElement; node; node = node.parentElement) around.push(node);
  const root = node => Object.keys(node).some(name => name.startsWith('_reactListening'));
  return [...around, document, window].some(node => {
    const found = listenersOf(node);
    return !root(node) && ['keydown', 'keypress', 'keyup'].some(key => found[key]?.length);
  });
})()"""


@dataclass(frozen=True, slots=True)
class Field:
    """Holds what kind of field an element is, and what it held before."""

    ready: bool
    """Whether it certainly takes text now; where it is False, Playwright has to tell."""
    type: str
    """An input's type, or ``textarea``, ``select``, ``editable``."""
    language: str
    """As the page's ``lang`` says, such as ``de`` or ``en-GB``; empty where it says nothing."""
    held: str
    longest: int
    """Characters that it takes; -1 where it has no limit."""
    least: str
    most: str
    step: str
    boxes: int
    """More than 1: it is the first of so many that take one character of a code each."""
    keyed: bool
    """Whether it, or something around it, is known to listen for keys."""
    framed: bool
    """Whether it is in a frame or a shadow root, where its listeners cannot be asked for."""
    lists: bool
    """Whether it is there to find something by: what is left in it means nothing."""

    @classmethod
    async def of(cls, locator: Locator, within_ms: float) -> Field:
        return cls(**await look_at(locator, _DESCRIBE, within_ms=within_ms))


@dataclass
class Filling:
    """Types one text into one field."""

    subject: Subject
    text: str
    deadline: Deadline
    carried_out: CarriedOut
    sessions: DevTools
    bound: BoundFill | None = None
    """Says which frames the text may go into; None: any."""

    async def fill(self, known: Field) -> LeftField | None:
        """Types and reads back; returns how to look at the field once it is left.

        Raises StepFailed where the field does not hold what was typed.
        """
        try:
            value = field_value(known.type, self.text, known.language)
        except UnfitValue as error:
            raise StepFailed(f"{await self.subject.described()} {error}") from None
        way = await self._way(known)
        await self._enter(known, value, way)
        held = await self._held(known)
        if not self._took(known, value, held) and way is _Way.FILL and self._may_use_keys(known) and value:
            way = _Way.KEYS
            known = await Field.of(self._locator, self.deadline.left_ms)
            await self._enter(known, value, way)
            held = await self._held(known)
        if not self._took(known, value, held):
            raise StepFailed(await self._refused(known, value))
        self._record(known, value, held, way)
        if held is None or known.boxes > 1 or known.lists or not _has_letters(known):
            return None
        return LeftField(self.subject, known.type, value)

    def _took(self, known: Field, value: str, held: str | None) -> bool:
        return held is None or same_value(known.type, value, held)

    async def _way(self, known: Field) -> _Way:
        if known.boxes > 1 and 1 < len(self.text) <= known.boxes and self._may_use_keys(known):
            return _Way.BOXES
        if not _has_letters(known) or not self.text:
            return _Way.FILL
        if not (known.keyed or known.framed or await self._listens()):
            return _Way.FILL
        by_keys = len(self.text) <= _LONGEST_BY_KEYS and "\n" not in self.text and self._may_use_keys(known)
        return _Way.KEYS if by_keys else _Way.FILL_AND_KEY

    def _may_use_keys(self, known: Field) -> bool:
        """Returns False also where a frame of another origin could take the focus, and the keys with it."""
        return _has_letters(known) and (self.bound is None or self.bound.is_alone(self._locator.page))

    async def _listens(self) -> bool:
        """Returns whether the field, once it has the focus, or something around it listens for keys.

        Returns True also where that cannot be found out: real keys do no harm.
        """
        answer = await self.sessions.evaluate(self._locator.page, _LISTENS)
        return answer is None or bool(answer)

    async def _enter(self, known: Field, value: str, way: _Way) -> None:
        if self.bound is not None:
            element = await self.bound.admit(self._locator, self.deadline.left_ms)
            if way in {_Way.FILL, _Way.FILL_AND_KEY}:
                # Of the document that was looked at: a frame that goes elsewhere meanwhile gets nothing.
                await element.fill(value, timeout=self.deadline.left_ms)
                if way is _Way.FILL_AND_KEY:
                    await element.press(_SILENT_KEY, timeout=self.deadline.left_ms)
                return
        if way is _Way.BOXES:
            await type_code(self._locator, value, self.deadline)
        elif way is _Way.KEYS:
            if known.held:
                await self._locator.fill("", timeout=self.deadline.left_ms)
            await self._locator.press_sequentially(value, timeout=self.deadline.left_ms)
        else:
            await self._locator.fill(value, timeout=self.deadline.left_ms)
            if way is _Way.FILL_AND_KEY:
                await self._locator.press(_SILENT_KEY, timeout=self.deadline.left_ms)

    async def _held(self, known: Field) -> str | None:
        """Returns what the field holds; None where it is not there any more."""
        boxes = known.boxes if len(self.text) > 1 else 1
        asked = {"boxes": min(boxes, len(self.text)), "watch": not known.lists and _has_letters(known)}
        held: str | None = await read_back(self._locator, _HELD, asked, within_ms=_LOOK_MS)
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

    def _record(self, known: Field, value: str, held: str | None, way: _Way) -> None:
        selector, done = self.subject.selector, self.carried_out
        if way is _Way.BOXES:
            done.add("type_code", selector, value)
            return
        if way is _Way.KEYS and known.held:
            done.add("fill", selector, "")
        done.add("press_sequentially" if way is _Way.KEYS else "fill", selector, value)
        if way is _Way.FILL_AND_KEY:
            done.add("press", selector, _SILENT_KEY)
        if held is None:
            done.note = "The field had gone before it could be looked at."
        elif known.type == "editable":
            done.add("to_contain_text", selector, " ".join(held.split()))
        else:
            done.add("to_have_value", selector, held)
            if held != value and known.type != "password":
                done.note = f"The field holds '{shorten(held)}'."

    @property
    def _locator(self) -> Locator:
        return self.subject.locator


class _Way(Enum):
    """Says how a text is put into a field."""

    FILL = auto()
    KEYS = auto()
    FILL_AND_KEY = auto()
    """All at once, and then a key that changes nothing, for those who listen to keys."""
    BOXES = auto()
    """A character of a code into each of several fields."""


_SILENT_KEY: Final = "End"
_LOOK_MS: Final = 2000.0
"""More than what the page has put off may take."""


def _has_letters(known: Field) -> bool:
    """Returns whether keys make text in it; dates and the like take keys in an order of their own."""
    return known.type in {"text", "search", "tel", "url", "email", "password", "textarea", "editable", "number"}
