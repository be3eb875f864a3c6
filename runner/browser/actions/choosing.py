"""Lists: a native one has its option chosen, any other is opened and its option pressed; then it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import ElementHandle, JSHandle, Locator, Page
from playwright.async_api import Error as PlaywrightError

from runner.browser.actions import list_script
from runner.browser.actions.actionability import Subject
from runner.browser.actions.deadline import Deadline
from runner.browser.actions.settling import Settling
from runner.browser.locate import finds_only, locator_of, selector_of
from runner.driver import CarriedOut, StepFailed
from runner.selectors.build import in_same_frame
from runner.selectors.describe import shorten

_OPTION_MS: Final = 1500.0
"""How long an option may take to come once its list is open."""
_SCROLL_AFTER_MS: Final = 500.0
"""How long an option is waited for before the list is scrolled to it."""
_LOOK_MS: Final = 1000.0
_SHOW_MS: Final = 600.0
"""How long a list may take to show what was chosen, once the page is done with the press."""
_AGAIN_SECONDS: Final = 0.05
_GONE: Final = "The list had gone before it could be looked at."
_UNREADABLE: Final = "The option was pressed; the list shows nowhere which one is chosen."
_FOCUSED: Final = "css=:focus"
_HAS_FOCUS: Final = "field => field.getRootNode().activeElement === field"
_FOCUS: Final = f"control => {{ control.focus({{ preventScroll: true }}); return ({_HAS_FOCUS})(control); }}"
_NATIVE: Final = (
    """control => control.localName === 'select' ? 'select' : control.list?.options.length ? 'suggestions' : ''"""
)
_BLUR: Final = "field => field.blur()"
_COME_BACK: Final = (
    "field => { if (field.isConnected) field.focus({ preventScroll: true }); return field.isConnected; }"
)


@dataclass
class Choosing:
    """Chooses the options of one list."""

    subject: Subject
    wanted: list[str]
    """By value, by label, or by what no other option has of its label."""
    deadline: Deadline
    carried_out: CarriedOut

    async def choose(self) -> None:
        """Raises StepFailed where there is no such option, or the list does not show it afterwards."""
        subject, given = self.subject, self.subject.locator
        page, selector = given.page, subject.selector
        tag = await given.evaluate("element => element.localName", timeout=self.deadline.left_ms)
        if tag == "select":
            await self._choose_native(given, selector)
            return
        control = (await given.evaluate_handle(list_script.LIST)).as_element()
        assert control is not None
        if not await finds_only(page, selector, control):
            selector = await selector_of(await locator_of(page, control, beside=selector))
        native = await control.evaluate(_NATIVE)
        if native == "select":
            await self._choose_native(page.locator(selector), selector)
            return
        if native == "suggestions":
            suggestions = _Suggestions(page.locator(selector), selector, subject.described, self.wanted, self.deadline)
            await suggestions.choose(self.carried_out)
            return
        who = await subject.described()
        drawn = _DrawnList(page, control, selector, who, self.deadline, self.carried_out)
        for wanted in self.wanted:
            await drawn.choose(wanted)
        await drawn.close()
        await drawn.leave()

    async def _choose_native(self, locator: Locator, selector: str) -> None:
        await _Select(locator, selector, self.subject.described, self.wanted, self.deadline).choose(self.carried_out)


@dataclass
class _NativeList:
    """A list that the browser draws itself, where no pointer of ours reaches it."""

    locator: Locator
    selector: str
    described: Callable[[], Awaitable[str]]
    wanted: list[str]
    deadline: Deadline

    async def _options(self) -> dict[str, Any]:
        """Returns the list's options once they hold what is wanted. Raises StepFailed with what it offers."""
        give_up = Deadline(min(_OPTION_MS, self.deadline.left_ms))
        while True:
            options = await self.locator.evaluate(list_script.FIND_NATIVE, self.wanted, timeout=_LOOK_MS)
            if -1 not in options["found"] and not set(options["found"]) & set(options["disabled"]):
                return dict(options)
            if give_up.over:
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        if -1 not in options["found"]:
            raise StepFailed(_disabled(await self.described(), ", ".join(self.wanted)))
        missing = self.wanted[options["found"].index(-1)]
        shared: list[str] = next((each["labels"] for each in options["shared"] if each["text"] == missing), [])
        who = await self.described()
        raise StepFailed(_shared(who, missing, shared) if shared else _offers(who, missing, options["labels"]))


class _Select(_NativeList):
    """A ``<select>``."""

    async def choose(self, carried_out: CarriedOut) -> None:
        options = await self._options()
        settling = await Settling.begin(self.locator)
        await self.locator.select_option(index=options["found"], timeout=self.deadline.left_ms)
        held: list[int] | None = await settling.read_back(self.locator, list_script.SELECTED)
        carried_out.add("select_option", self.selector, "\n".join(options["keys"][at] for at in options["found"]))
        if held is None:
            carried_out.note = _GONE
        elif not set(options["found"]) <= set(held):
            shown = [options["labels"][index] for index in held]
            raise StepFailed(_not_kept(await self.described(), self.wanted, shown))
        else:
            values = "\n".join(options["values"][index] for index in held)
            carried_out.add("to_have_values" if options["multiple"] else "to_have_value", self.selector, values)


class _Suggestions(_NativeList):
    """An ``<input>`` with a ``<datalist>``: the option's value is what choosing it would put into the field."""

    async def choose(self, carried_out: CarriedOut) -> None:
        if len(self.wanted) > 1:
            raise StepFailed(f"{await self.described()} takes one option, not {len(self.wanted)}")
        options = await self._options()
        value = options["values"][options["found"][0]]
        settling = await Settling.begin(self.locator)
        await self.locator.fill(value, timeout=self.deadline.left_ms)
        carried_out.add("fill", self.selector, value)
        # A person's choice makes a `change`, which a field that is filled makes only when it is left.
        await self.locator.blur(timeout=self.deadline.left_ms)
        carried_out.add("blur", self.selector)
        held: str | None = await settling.read_back(self.locator, "field => field.value")
        if held is None:
            carried_out.note = _GONE
        elif held != value:
            raise StepFailed(_not_kept(await self.described(), self.wanted, [held] if held else []))
        else:
            carried_out.add("to_have_value", self.selector, value)


@dataclass(frozen=True, slots=True)
class _Choice:
    """Holds which option was pressed, and what is asked about it."""

    wanted: str
    pressed: str
    """The option's selector."""
    option: ElementHandle
    asked: dict[str, Any]


@dataclass
class _DrawnList:
    """A list of any other make: a listbox, or what opens one when it is pressed or typed into."""

    page: Page
    control: ElementHandle
    selector: str
    who: str
    deadline: Deadline
    carried_out: CarriedOut
    _before: JSHandle | None = None
    """What could be seen before the list was opened."""
    _typed: str | None = None
    _last: _Choice | None = None
    _told: str | None = None
    """What has shown that it was chosen."""

    async def choose(self, wanted: str) -> None:
        kind = await self.control.evaluate(list_script.KIND)
        await self._open(kind)
        found, option = await self._option(wanted, kind)
        if found["disabled"]:
            raise StepFailed(_disabled(self.who, wanted))
        pressed = await self._selector_of(option)
        if found["chosen"] and (kind["list"] or found["severally"]):
            # Another press would take it off.
            self._expect_state(pressed, await option.evaluate(list_script.STATE))
            self.carried_out.note = "The option was chosen already."
            return
        locator = self.page.locator(pressed)
        await locator.hover(timeout=self.deadline.left_ms)
        facts = {"control": self.control, "before": self._before, "names": found["names"]}
        earlier = await option.evaluate_handle(list_script.MARKS, facts)
        settling = await Settling.begin(locator)
        await locator.click(timeout=self.deadline.left_ms)
        self.carried_out.add("click", pressed)
        if found["same"] > 1:
            self.carried_out.note = f"{found['same']} options are called '{found['label']}'; the first was pressed."
        await settling.wait()
        about = {name: found[name] for name in ("names", "spoken", "others", "action")}
        told = {"kind": kind, "typed": self._typed, "several": found["severally"], "option": option, "earlier": earlier}
        self._last = _Choice(wanted, pressed, option, {**about, **told})
        await self._look(self._last)

    async def close(self) -> None:
        """Closes a list that stays open, such as one of several: it would lie over what comes next.

        Raises StepFailed where that takes the choice back.
        """
        kind = await _evaluated(self.control, list_script.KIND)
        if self._last is None or not kind or not kind["open"] or kind["list"] or kind["modal"]:
            return
        if not await _evaluated(self._last.option, "option => option.isConnected && option.checkVisibility()"):
            return
        await self.page.keyboard.press("Escape")
        self.carried_out.add("press", in_same_frame(self.selector, _FOCUSED), "Escape")
        if self._told in {"text", "value"}:
            after = await _evaluated(self.control, list_script.LOOK, self._last.asked)
            if after and not after["shown"] and after["held"] is not None:
                raise StepFailed(_not_kept(self.who, [self._last.asked["names"][0]], [after["held"]]))

    async def leave(self) -> None:
        """Leaves a text field that shows the choice, and comes back: many show until then what they have not taken.

        Raises StepFailed where the choice is lost with that.
        """
        if self._last is None or self._told != "value" or not await _evaluated(self.control, _HAS_FOCUS):
            return
        settling = await Settling.begin(self.page.locator(self.selector))
        self.carried_out.add("blur", self.selector)
        await _evaluated(self.control, _BLUR)
        await settling.wait()
        await self._look(self._last, when=" when it was left")
        came_back = await _evaluated(self.control, _COME_BACK)
        kind = await _evaluated(self.control, list_script.KIND) if came_back else None
        if kind and kind["open"]:
            # The focus alone opens it, and it would lie over what comes next.
            await _evaluated(self.control, _BLUR)
        elif kind:
            self.carried_out.add("focus", self.selector)

    async def _open(self, kind: dict[str, Any]) -> None:
        closed = False
        if kind["open"] or self._before:
            if kind["list"] or (await self._find("", scroll=False))[0]["offered"]:
                return
            if kind["open"]:
                # What has come with it is known only of a list that is opened now.
                await self.page.keyboard.press("Escape")
                closed = True
        self.carried_out.add("click", await self._press_opener(kind, closed=closed))

    async def _press_opener(self, kind: dict[str, Any], *, closed: bool = False) -> str:
        """Returns the selector of what was pressed: the list, or what it is drawn with; ``closed``: it was just now."""
        self._before = await self.control.evaluate_handle(list_script.BEFORE, closed)
        opener = self.selector + (f" >> xpath=ancestor::*[{kind['around']}]" if kind["around"] else "")
        await self.page.locator(opener).click(timeout=self.deadline.left_ms)
        return opener

    async def _selector_of(self, element: ElementHandle) -> str:
        return await selector_of(await locator_of(self.page, element, beside=self.selector))

    # The option

    async def _option(self, wanted: str, kind: dict[str, Any]) -> tuple[dict[str, Any], ElementHandle]:
        """Returns what is known of the option of that name, and the option. Raises StepFailed where none comes."""
        found, option = await self._wait_for(wanted, scrolling=not kind["typed"])
        if not (found["seen"] or kind["list"] or kind["typed"]):
            # It was open before, without a sign of that, and the press has closed it.
            await self._press_opener(kind)
            found, option = await self._wait_for(wanted, scrolling=True)
        if not (found["seen"] or kind["list"] or kind["typed"]) and await _evaluated(self.control, _FOCUS):
            await self.page.keyboard.press("ArrowDown")
            self.carried_out.add("press", self.selector, "ArrowDown")
            found, option = await self._wait_for(wanted, scrolling=True)
        if option is None and not found["shared"] and await self._type(wanted, kind):
            found, option = await self._wait_for(wanted, scrolling=True)
        if option is not None:
            return found, option
        if found["shared"]:
            raise StepFailed(_shared(self.who, wanted, found["shared"]))
        raise StepFailed(_offers(self.who, wanted, found["seen"]))

    async def _wait_for(self, wanted: str, *, scrolling: bool) -> tuple[dict[str, Any], ElementHandle | None]:
        began, give_up = Deadline(_SCROLL_AFTER_MS), Deadline(min(_OPTION_MS, self.deadline.left_ms))
        seen: dict[str, None] = {}
        doubtful, scrolled = "", False
        while True:
            found, option = await self._find(wanted, scroll=scrolling and began.over)
            seen.update(dict.fromkeys(found["offered"]))
            if found["moved"]:
                scrolled, give_up = True, Deadline(min(_OPTION_MS, self.deadline.left_ms))
            # A list that is still coming may hold the whole name later than a part of it.
            settled = option is not None and (found["whole"] or doubtful == found["label"])
            if settled or give_up.over:
                break
            doubtful = found.get("label", "")
            await asyncio.sleep(_AGAIN_SECONDS)
        if scrolled and option is not None:
            self.carried_out.add("scroll_to", await self._selector_of(option))
        return {**found, "seen": list(seen)}, option

    async def _find(self, wanted: str, *, scroll: bool) -> tuple[dict[str, Any], ElementHandle | None]:
        asked = {"before": self._before, "wanted": wanted, "scroll": scroll}
        answer = await self.control.evaluate_handle(list_script.FIND, asked)
        facts = await answer.evaluate("({ option, ...facts }) => facts")
        return dict(facts), (await answer.get_property("option")).as_element()

    async def _type(self, wanted: str, kind: dict[str, Any]) -> bool:
        """Types into the list's own field, or into the one that has the focus now, where there is one."""
        focused = in_same_frame(self.selector, f"{_FOCUSED}:is(input:not([readonly]), [contenteditable])")
        selector = self.selector if kind["typed"] else focused
        if not await self.page.locator(selector).count():
            return False
        selector = selector if kind["typed"] else await selector_of(self.page.locator(selector))
        typing = self.page.locator(selector)
        if await typing.evaluate("field => Boolean(field.value)"):
            await typing.fill("", timeout=self.deadline.left_ms)
            self.carried_out.add("fill", selector, "")
        await typing.press_sequentially(wanted, timeout=self.deadline.left_ms)
        self.carried_out.add("press_sequentially", selector, wanted)
        self._typed = wanted
        return True

    # What came of it

    async def _look(self, choice: _Choice, *, when: str = "") -> None:
        give_up = Deadline(min(_SHOW_MS, self.deadline.left_ms))
        while True:
            there = await self._is_there()
            look = await _evaluated(self.control, list_script.LOOK, choice.asked) if there else None
            if look is None or look["shown"] or look["held"] is None or give_up.over:
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        if look is None:
            self.carried_out.note = _GONE
        elif look["shown"]:
            self._told = look["shown"]
            await self._record(choice.pressed, choice.option, look)
        elif look["held"] is None:
            self.carried_out.note = _UNREADABLE
        else:
            raise StepFailed(_not_kept(self.who, [choice.wanted], [look["held"]] if look["held"] else [], when))

    async def _is_there(self) -> bool:
        """Returns whether the list is there, or another that the page has put in its place."""
        if await _evaluated(self.control, "control => control.isConnected"):
            return True
        try:
            self.control = await self.page.locator(self.selector).element_handle(timeout=_LOOK_MS)
        except PlaywrightError:
            return False
        return True

    async def _record(self, pressed: str, option: ElementHandle, look: dict[str, Any]) -> None:
        if look["shown"] in {"state", "class"}:
            # A name may change with what is chosen.
            kept = await finds_only(self.page, pressed, option)
            self._expect_state(pressed if kept else await self._selector_of(option), look)
            return
        if not await finds_only(self.page, self.selector, self.control):
            self.selector = await self._selector_of(self.control)
        if look["shown"] == "value":
            self.carried_out.add("to_have_value", self.selector, look["value"])
        elif look["at"] is None:
            self.carried_out.add("to_have_text", in_same_frame(self.selector, look["css"]), look["value"])
        else:
            place = "" if look["at"] == "." else f" >> xpath={look['at']}"
            self.carried_out.add("to_have_text", self.selector + place, look["value"])

    def _expect_state(self, selector: str, state: dict[str, Any]) -> None:
        holder = f"{selector} >> xpath=ancestor::*[{state['up']}]" if state["up"] else selector
        if state["name"] is None:
            self.carried_out.add("to_be_checked", f"{holder} >> css=input")
        elif state["name"] == "class":
            self.carried_out.add("to_contain_class", holder, state["value"])
        else:
            self.carried_out.add("to_have_attribute", holder, f"{state['name']}={state['value']}")


async def _evaluated(handle: ElementHandle, script: str, argument: object = None) -> Any | None:  # noqa: ANN401
    """Returns the script's answer; None where the page has gone."""
    try:
        return await asyncio.wait_for(handle.evaluate(script, argument), 2 * _LOOK_MS / 1000)
    except (PlaywrightError, TimeoutError):
        return None


def _quoted(labels: list[str]) -> str:
    return ", ".join(f"'{shorten(label)}'" for label in labels[:10])


def _not_kept(who: str, wanted: list[str], held: list[str], when: str = "") -> str:
    return f"{who} did not keep '{shorten(', '.join(wanted))}'{when}: it shows {_quoted(held) or 'nothing'}"


def _disabled(who: str, wanted: str) -> str:
    return f"'{shorten(wanted)}' cannot be chosen in {who} now: it is disabled"


def _shared(who: str, wanted: str, labels: list[str]) -> str:
    return f"{who} has several options with '{shorten(wanted)}': {_quoted(labels)}; write the whole name of one"


def _offers(who: str, missing: str, labels: list[str]) -> str:
    return f"{who} has no option '{shorten(missing)}'; it offers {_quoted(labels) or 'none'}"
