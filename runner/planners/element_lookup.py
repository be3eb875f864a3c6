"""The search on a page for the element that a person has named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from control.protocol.actions import ActionType
from media.aio import cancel_and_wait
from runner.driver import PageLook, StepFailed, Survey
from runner.planners.base import Stuck
from runner.planners.intents import Thing
from runner.selectors.build import (
    Engine,
    Precision,
    by,
    by_likely_name,
    by_role,
    either,
    finds_by_label,
    first_of,
    nth,
    page_with,
    visible,
    within,
)

_BUTTONS: Final = ("button", "link", "tab", "menuitem")
_CLICKABLE: Final = (
    *_BUTTONS,
    "menuitemcheckbox",
    "menuitemradio",
    "checkbox",
    "radio",
    "switch",
    "option",
    "treeitem",
)
_FIELDS: Final = ("textbox", "searchbox", "combobox", "spinbutton")
_LISTS: Final = ("combobox", "listbox")
_TICKABLE: Final = ("checkbox", "switch", "radio", "menuitemcheckbox", "menuitemradio")
_OUTPUTS: Final = (*_FIELDS, "status", "alert", "region", "group", "dialog", "heading", "cell", "row", *_BUTTONS)
_ANY: Final = (*_CLICKABLE, *_FIELDS, "heading", "img", "listitem", "row", "region", "group", "dialog", "slider")

KIND_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "button": ("button",),
    "link": ("link",),
    "field": _FIELDS,
    "checkbox": ("checkbox", "switch"),
    "switch": ("switch", "checkbox"),
    "radio": ("radio",),
    "select": _LISTS,
    "option": ("option",),
    "tab": ("tab",),
    "menuitem": ("menuitem", "menuitemcheckbox", "menuitemradio"),
    "heading": ("heading",),
    "image": ("img",),
    "slider": ("slider",),
    "text": (),
}
"""The ARIA roles that a person may mean."""

_KIND_ENGINES: Final[Mapping[str, tuple[Engine, ...]]] = {
    "text": (Engine.TEXT,),
    "image": (Engine.ROLE, Engine.ALT),
    "field": (Engine.ROLE, Engine.LABEL, Engine.PLACEHOLDER, Engine.TITLE, Engine.TEST_ID),
    "select": (Engine.ROLE, Engine.LABEL, Engine.TITLE, Engine.TEST_ID),
    "checkbox": (Engine.ROLE, Engine.LABEL, Engine.TITLE, Engine.TEST_ID),
}
_CONTROL: Final = (Engine.ROLE, Engine.LABEL, Engine.PLACEHOLDER, Engine.TITLE, Engine.TEST_ID)
_ANYTHING: Final = (
    Engine.ROLE,
    Engine.LABEL,
    Engine.PLACEHOLDER,
    Engine.ALT,
    Engine.TITLE,
    Engine.TEXT,
    Engine.TEST_ID,
)
_TO_SEE: Final = (Engine.TEXT, Engine.ALT, Engine.LABEL, Engine.PLACEHOLDER, Engine.TITLE, Engine.TEST_ID)
_TO_UPLOAD: Final = (Engine.LABEL, Engine.ROLE, Engine.TITLE, Engine.TEST_ID)

_LOOKS: Final[Mapping[ActionType, tuple[tuple[str, ...], tuple[Engine, ...]]]] = {
    ActionType.TYPE: (_FIELDS, _CONTROL),
    ActionType.PRESS: (_FIELDS, _ANYTHING),
    ActionType.SELECT: (_LISTS, _CONTROL),
    ActionType.CHECK: (_TICKABLE, _CONTROL),
    ActionType.UNCHECK: (_TICKABLE, _CONTROL),
    ActionType.UPLOAD: (("button",), _TO_UPLOAD),
    ActionType.EXPECT_TEXT: (_OUTPUTS, _ANYTHING),
    ActionType.EXPECT_VISIBLE: ((), _TO_SEE),
    ActionType.WAIT: ((), _TO_SEE),
    ActionType.HOVER: (_ANY, _ANYTHING),
    ActionType.SCROLL: (_ANY, _ANYTHING),
    ActionType.DRAG: (_ANY, _ANYTHING),
}
"""Which roles an action is for, and what a name is compared with, in order."""

_ONLY_LOOK: Final = frozenset({ActionType.EXPECT_VISIBLE, ActionType.WAIT})
_SCROLL_MS: Final = 300
"""How long a thing that is to be scrolled to is waited for: the scrolling itself goes on looking for it."""
_FIELD: Final = "css=:is(input:not([type=hidden]), textarea, select, [contenteditable=true])"
_LONGEST: Final = 4096
"""Characters that an action's selector may have."""


@dataclass(frozen=True, slots=True)
class LookupResult:
    """Holds what a name stands for on the page."""

    selector: str
    """Matches exactly one element where ``seen``, except for expectations and waits, which any match fulfils."""
    seen: bool = True
    """False: nothing of that name was there in time, and the selector is what it would be found by."""
    offers: bool = False
    """Whether it is a list that offers an option of that name, which is to be chosen rather than clicked."""
    note: str | None = None
    """How it was chosen, where there was a choice."""


def roles_for(action: ActionType, kind: str | None) -> tuple[str, ...]:
    """Returns the ARIA roles that may be meant; empty where any text may be."""
    return KIND_ROLES[kind] if kind else _LOOKS.get(action, (_CLICKABLE, _ANYTHING))[0]


def candidates(thing: Thing, action: ActionType, *precisions: Precision) -> Iterator[str]:
    """Yields the selectors to try for the thing, the best first."""
    engines = _engines(thing, action)
    for precision in precisions:
        for engine in engines:
            if engine is Engine.ROLE:
                yield from (by_role(role, thing.name, precision) for role in roles_for(action, thing.kind))
            elif _goes_with(engine, precision, action):
                yield by(engine, thing.name, precision)


def _goes_with(engine: Engine, precision: Precision, action: ActionType) -> bool:
    """Returns whether such a name may be matched so: of a label around a list, options that nobody sees are a part."""
    if engine is Engine.TEST_ID:
        return precision is Precision.EXACT
    return not (engine is Engine.LABEL and precision is Precision.PART and action in _ONLY_LOOK)


def _engines(thing: Thing, action: ActionType) -> tuple[Engine, ...]:
    if thing.kind:
        return _KIND_ENGINES.get(thing.kind, (Engine.ROLE,))
    return _LOOKS.get(action, (_CLICKABLE, _ANYTHING))[1]


def _late(thing: Thing, action: ActionType) -> str:
    """Finds the thing by whatever it turns out to be; what `candidates` has first goes before the rest."""
    if thing.selector:
        return thing.selector
    if thing.scope:
        return _one(_likely(thing, action, "either"), thing, action)
    by_test_id = (by(Engine.TEST_ID, thing.name, Precision.EXACT),) if Engine.TEST_ID in _engines(thing, action) else ()
    whole = (*candidates(thing, action, Precision.FOLDED), *by_test_id)
    leading, rest = whole[: _leading(whole)], whole[_leading(whole) :]
    ways = (*([first_of(either(leading), either(rest))] if rest else []), either(leading))
    return next(
        (way for way in (_one(each, thing, action) for each in ways) if len(way) <= _LONGEST),
        _one(leading[0], thing, action),
    )


def _likely(thing: Thing, action: ActionType, precision: str) -> str:
    uploads = action is ActionType.UPLOAD
    roles = (*(("file",) if uploads else ()), *roles_for(action, thing.kind))
    text = uploads or Engine.TEXT in _engines(thing, action)
    return by_likely_name(thing.name, roles, text=text, precision=precision, scope=thing.scope)


def _one(selector: str, thing: Thing, action: ActionType) -> str:
    """Returns the selector of one element; a file field may be hidden, too."""
    which = thing.nth or 0
    return f"{selector} >> nth={which}" if action is ActionType.UPLOAD else nth(selector, which)


def _leading(selectors: Sequence[str]) -> int:
    """Returns how many selectors, from the first on, have the first one's engine."""
    engine = selectors[0].partition("=")[0]
    return next((index for index, other in enumerate(selectors) if other.partition("=")[0] != engine), len(selectors))


class ElementLookup:
    """Looks for one thing on one page."""

    def __init__(self, driver: PageLook, thing: Thing, action: ActionType) -> None:
        self._driver = driver
        self._thing = thing
        self._only_looks = action in _ONLY_LOOK
        self._types = action is ActionType.TYPE
        self._most_ms = _SCROLL_MS if action is ActionType.SCROLL else None
        self._whole = tuple(self._candidates(action, Precision.EXACT, Precision.FOLDED))
        self._part = tuple(self._candidates(action, Precision.PART))
        may_choose = action is ActionType.CLICK and thing.kind in {None, "option"}
        self._native = tuple(
            by_likely_name(thing.name, options=True, precision=precision, scope=thing.scope)
            for precision in (("whole", "part") if may_choose else ())
        )
        """What finds the lists that offer it: by its whole name, and by a part of it."""
        self._likely = (_likely(thing, action, "whole"),)
        self._likely_part = (_likely(thing, action, "part"),)
        self.late = _late(thing, action)
        """Finds the thing once it is there, whatever it then is."""

    def _candidates(self, action: ActionType, *precisions: Precision) -> Iterator[str]:
        scope = self._thing.scope
        if scope is None:
            yield from candidates(self._thing, action, *precisions)
        elif self._only_looks:
            yield from (within(scope, selector) for selector in candidates(self._thing, action, *precisions))

    async def now(self) -> LookupResult | None:
        """Returns what the page has now; None where it has nothing of that name. Raises StepFailed."""
        if self._thing.selector:
            selector = self._thing.selector
            return LookupResult(selector if self._thing.nth is None else nth(selector, self._thing.nth))
        if found := await self._by_whole_name():
            return found
        frames = await self._driver.frames()
        return await self._choose(self._whole, frames) or await self._less_certain(("", *frames))

    async def _by_whole_name(self) -> LookupResult | None:
        found = await self._choose(self._whole, ("",))
        if found and self._native and found.selector.startswith("role=option"):
            # Of a native list that shows several options at a time: a click would not keep the others.
            return await self._offering(self._native[:1], ("",)) or found
        return await self._field_in(found) if found else None

    async def _field_in(self, found: LookupResult) -> LookupResult:
        """Returns the first field of a group that has the name, where it is typed into; else the same."""
        if not self._types or not finds_by_label(found.selector):
            return found
        inner = f"{found.selector} >> {_FIELD}"
        return await self._durable(replace(found, selector=nth(inner, 0))) if await self._driver.count(inner) else found

    async def _less_certain(self, places: Sequence[str]) -> LookupResult | None:
        """Returns what has the name in another way than as the whole name of an element. Raises Stuck."""
        if found := await self._offering(self._native[:1], places):
            return found
        if found := await self._choose(self._likely, places):
            return await self._durable(found)
        # A label around a list has the words of all its options: what can be pressed itself is looked for before.
        if found := await self._choose([each for each in self._part if each.startswith("role=")], places):
            return found
        if found := await self._offering(self._native[1:], places):
            return found
        if found := await self._choose(self._part, places):
            return found
        found = await self._choose(self._likely_part, places)
        return await self._durable(found) if found else None

    async def _offering(self, selectors: Sequence[str], places: Sequence[str]) -> LookupResult | None:
        """Returns the list that offers an option of that name. Raises Stuck where several do that could be used."""
        for selector in selectors:
            found = await self._survey(selector, places)
            number = found.usable or found.visible
            if number > 1 and self._thing.nth is None:
                raise Stuck(_SEVERAL_LISTS.format(number=number, name=self._thing.name))
            if found.visible > max(self._thing.nth or 0, 0):
                return replace(await self._durable(await self._one_of(found)), offers=True)
        return None

    async def _durable(self, found: LookupResult) -> LookupResult:
        """Returns the same by a selector that others can read, too."""
        try:
            return replace(found, selector=await self._driver.durable(found.selector))
        except StepFailed:
            return found

    async def within(self, wait_ms: int, settle_ms: int) -> LookupResult:
        """Waits up to ``wait_ms`` for it; a name that matches in part only must stay the best for ``settle_ms``."""
        if self._thing.selector or self._only_looks:
            return await self.now() or self._missing()
        if found := await self._by_whole_name():
            return found
        wait_ms = wait_ms if self._most_ms is None else min(wait_ms, self._most_ms)
        if not await self._appears(
            either((*self._whole, *self._native, *self._part, *self._likely, *self._likely_part)), wait_ms
        ):
            return self._missing()
        await self._appears(either(self._whole or self._likely), settle_ms)
        return await self.now() or self._missing()

    async def _appears(self, selector: str, within_ms: int) -> bool:
        """Returns whether it appears in time, in the page or in one of the frames that it has now."""
        places = ("", *await self._driver.frames())
        looks = [asyncio.ensure_future(self._in(place, selector, within_ms)) for place in places]
        try:
            for look in asyncio.as_completed(looks):
                if await look:
                    return True
            return False
        finally:
            await cancel_and_wait(*looks)

    async def _in(self, place: str, selector: str, within_ms: int) -> bool:
        try:
            return await self._driver.find(place + selector, timeout_ms=within_ms) is not None
        except StepFailed:
            if not place:
                raise
            # The frame has gone.
            return False

    def _missing(self) -> LookupResult:
        if self._only_looks:
            selector = (self._part + self._whole)[0]
            return LookupResult(selector if self._thing.nth is None else nth(selector, self._thing.nth), seen=False)
        return LookupResult(self.late, seen=False)

    async def _choose(self, selectors: Sequence[str], places: Sequence[str]) -> LookupResult | None:
        """Returns the first that can be used, in the order of the selectors; else the first that can be seen."""
        totals = [await self._driver.count(place + either(selectors)) for place in places] if selectors else []
        having = [place for place, total in zip(places, totals, strict=True) if total] if selectors else []
        fallback: LookupResult | None = None
        for selector in selectors if having else ():
            found = await self._survey(selector, having)
            if found.visible > max(self._thing.nth or 0, 0):
                result = await self._one_of(found)
                if found.usable or found.visible == sum(totals) or self._thing.nth is not None or self._only_looks:
                    return result
                fallback = fallback or result
        return fallback

    async def _survey(self, selector: str, places: Sequence[str]) -> _Places:
        return _Places(tuple([(place + selector, await self._driver.survey(place + selector)) for place in places]))

    async def _one_of(self, found: _Places) -> LookupResult:
        if self._thing.nth is not None:
            return LookupResult(found.nth(self._thing.nth))
        selector, survey = found.best
        if self._only_looks:
            return LookupResult(selector)
        if found.visible > 1:
            note = _ONLY_USABLE if found.usable == 1 else _FIRST_OF
            said = note.format(number=found.visible, name=self._thing.name)
            index = survey.usable[0] if survey.usable else 0
            return LookupResult(nth(selector, index) if survey.visible > 1 else visible(selector), note=said)
        hidden_twin = await self._driver.count(page_with(f"{selector} >> visible=false"))
        return LookupResult(visible(selector) if hidden_twin else selector)


@dataclass(frozen=True, slots=True)
class _Places:
    """Holds what one selector finds in the page and its frames, in their order: a name counts in all of them."""

    surveys: tuple[tuple[str, Survey], ...]

    @property
    def visible(self) -> int:
        return sum(survey.visible for _, survey in self.surveys)

    @property
    def usable(self) -> int:
        return sum(len(survey.usable) for _, survey in self.surveys)

    @property
    def best(self) -> tuple[str, Survey]:
        """The selector in the first place where something can be used, else seen; and what it finds there."""
        seen = [each for each in self.surveys if each[1].visible]
        return next((each for each in seen if each[1].usable), (seen or list(self.surveys))[0])

    def nth(self, index: int) -> str:
        """Returns the selector of the one at that index, counted over all places; from the end where negative."""
        places = self.surveys if index >= 0 else self.surveys[::-1]
        left = index if index >= 0 else -index - 1
        for selector, survey in places:
            if left < survey.visible:
                return nth(selector, left if index >= 0 else -left - 1)
            left -= survey.visible
        return nth(self.best[0], index)


async def field_with(driver: PageLook, thing: Thing, wait_ms: int) -> str | None:
    """Returns a selector of the field whose value is the thing's name, or comes to be before the page shows the name.

    None where there is none in time. Raises StepFailed.
    """
    if thing.selector or thing.kind or not await driver.count("input, textarea, select"):
        return None
    selector = visible(by_likely_name(thing.name, value=True, scope=thing.scope))
    shown = by(Engine.TEXT, thing.name, Precision.PART)
    await driver.find(either((selector, shown)), timeout_ms=wait_ms)
    return await driver.durable(f"{selector} >> nth=0") if await driver.count(selector) else None


_SEVERAL_LISTS: Final = (
    "{number} lists offer '{name}': name the one that is meant, for example \"Select '{name}' in 'Country'\""
)
_ONLY_USABLE: Final = "{number} elements are called '{name}'; this is the only one that can be used now."
_FIRST_OF: Final = (
    "{number} elements are called '{name}'; this is the first. Write, for example, \"the second '{name}'\" for another."
)
