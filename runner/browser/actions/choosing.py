"""Lists: a native one has its option chosen, any other is opened and its option pressed; then it is looked at."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator
from playwright.async_api import TimeoutError as PlaywrightTimeout

from runner.browser.actions.actionability import Subject
from runner.browser.actions.deadline import Deadline
from runner.browser.actions.read_back import read_back
from runner.browser.locate import selector_of
from runner.driver import CarriedOut, StepFailed
from runner.selectors.build import by_likely_name, in_same_frame
from runner.selectors.describe import shorten

_OPTION_MS: Final = 1500.0
"""How long an option may take to come once its list is open."""
_LOOK_MS: Final = 1000.0
_OPTION_ROLES: Final = ("option", "menuitemradio", "menuitemcheckbox", "menuitem", "treeitem", "listitem")
# Options that fit, best first: by value or label, then by label as it is read, then by a part of the words of just one.
_FIND: Final = """(select, wanted) => {
  const fold = text => text.normalize('NFKC').replace(/[’‘ʼ`]/g, "'").replace(/[‐‑‒–—−]/g, '-')
    .replace(/[\\p{Cf}]/gu, '').replace(/\\s+/g, ' ').trim().toLowerCase();
  const options = [...select.options].map((option, index) => ({ option, index }));
  const one = text => {
    for (const fits of [
      each => each.value === text || each.label === text,
      each => fold(each.label) === fold(text) || fold(each.value) === fold(text),
    ]) {
      const found = options.find(each => fits(each.option));
      if (found) return found.index;
    }
    const part = fold(text) ? options.filter(each => fold(each.option.label).includes(fold(text))) : [];
    return part.length === 1 ? part[0].index : -1;
  };
  return {
    multiple: select.multiple,
    labels: options.map(each => each.option.label),
    values: options.map(each => each.option.value),
    disabled: options.filter(({ option }) => option.disabled || option.parentElement.disabled).map(each => each.index),
    found: wanted.map(one),
  };
}"""
_CHOSEN: Final = "select => [...select.selectedOptions].map(each => each.index)"
_SHOWN: Final = """control => {
  const said = control.value ?? control.innerText ?? '';
  let around = control;
  for (let up = 0; up < 3 && around.parentElement; up += 1) {
    if (around.parentElement.matches('form, fieldset, body, section, main')) break;
    around = around.parentElement;
  }
  const selected = [...control.querySelectorAll('[aria-selected=true]')].map(each => each.textContent.trim());
  return { said, around: around.innerText ?? '', selected };
}"""
_KIND: Final = """control => ({
  native: control.localName === 'select',
  open: control.getAttribute('aria-expanded') === 'true' || control.getAttribute('role') === 'listbox',
  typed: control.matches('input, [contenteditable]'),
  before: control.value ?? control.innerText ?? '',
})"""


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
        kind = await self._locator.evaluate(_KIND, timeout=self.deadline.left_ms)
        if kind["native"]:
            await self._choose_native()
            return
        for wanted in self.wanted:
            await self._choose_drawn(wanted, kind)

    # A <select>

    async def _choose_native(self) -> None:
        options = await self._options()
        chosen = [options["values"][index] for index in options["found"]]
        await self._locator.select_option(index=options["found"], timeout=self.deadline.left_ms)
        held: list[int] | None = await read_back(self._locator, _CHOSEN)
        if held is None:
            self.carried_out.note = "The list had gone before it could be looked at."
        elif not set(options["found"]) <= set(held):
            shown = ", ".join(f"'{shorten(options['labels'][index])}'" for index in held) or "nothing"
            who, wanted = await self.subject.described(), shorten(", ".join(self.wanted))
            raise StepFailed(f"{who} did not keep '{wanted}': it shows {shown}")
        if not options["multiple"] and held is not None:
            label = options["labels"][options["found"][0]]
            self.carried_out.add("select_option", self.subject.selector, label)
            self.carried_out.add("to_have_value", self.subject.selector, chosen[0])

    async def _options(self) -> dict[str, Any]:
        """Returns the list's options once they hold what is wanted. Raises StepFailed with what it offers."""
        give_up = Deadline(min(_OPTION_MS, self.deadline.left_ms))
        while True:
            options = await self._locator.evaluate(_FIND, self.wanted, timeout=_LOOK_MS)
            if -1 not in options["found"] and not set(options["found"]) & set(options["disabled"]):
                return dict(options)
            if give_up.over:
                break
            with suppress(PlaywrightTimeout):
                await self._locator.page.wait_for_timeout(50)
        who = await self.subject.described()
        if -1 not in options["found"]:
            raise StepFailed(f"'{shorten(', '.join(self.wanted))}' cannot be chosen in {who} now: it is disabled")
        missing = self.wanted[options["found"].index(-1)]
        raise StepFailed(_offers(who, missing, options["labels"]))

    # Any other

    async def _choose_drawn(self, wanted: str, kind: dict[str, Any]) -> None:
        calls: list[tuple[str, str, str | None]] = []
        if not kind["open"]:
            await self._locator.click(timeout=self.deadline.left_ms)
            calls.append(("click", self.subject.selector, None))
        option = await self._option(wanted)
        if option is None and (typed := await self._type_into(wanted, kind)):
            calls.append(("press_sequentially", typed, wanted))
            option = await self._option(wanted)
        if option is None:
            raise StepFailed(_offers(await self.subject.described(), wanted, await self._offered()))
        label = " ".join((await option.inner_text(timeout=_LOOK_MS)).split()) or wanted
        pressed = await selector_of(option)
        await option.click(timeout=self.deadline.left_ms)
        for method, selector, value in (*calls, ("click", pressed, None)):
            self.carried_out.add(method, selector, value)
        await self._look(wanted, label, kind)

    async def _option(self, wanted: str) -> Locator | None:
        """Returns the option of that name in the same frame, once it can be seen; None where it does not come."""
        selector = in_same_frame(self.subject.selector, by_likely_name(wanted, _OPTION_ROLES))
        found = self._locator.page.locator(selector).filter(visible=True).first
        try:
            await found.wait_for(timeout=min(_OPTION_MS, self.deadline.left_ms))
        except PlaywrightTimeout:
            return None
        return found

    async def _type_into(self, wanted: str, kind: dict[str, Any]) -> str | None:
        """Types into the list's own field, or into the one that has the focus now; returns its selector."""
        selector = self.subject.selector if kind["typed"] else in_same_frame(self.subject.selector, "input:focus")
        field = self._locator.page.locator(selector)
        if not await field.count():
            return None
        await field.press_sequentially(wanted, timeout=self.deadline.left_ms)
        return selector if kind["typed"] else await selector_of(field)

    async def _offered(self) -> list[str]:
        drawn = in_same_frame(self.subject.selector, "[role=option], [role=menuitemradio], [role=menuitem]")
        options = self._locator.page.locator(drawn)
        try:
            return [" ".join(text.split()) for text in await options.filter(visible=True).all_inner_texts()]
        except PlaywrightError:
            return []

    async def _look(self, wanted: str, label: str, kind: dict[str, Any]) -> None:
        shown = await read_back(self._locator, _SHOWN)
        if shown is None:
            self.carried_out.note = "The list had gone before it could be looked at."
            return
        said = " ".join(str(shown["said"]).split())
        if kind["typed"] and said == label:
            self.carried_out.add("to_have_value", self.subject.selector, label)
        elif not kind["typed"] and _within(label, said):
            self.carried_out.add("to_contain_text", self.subject.selector, label)
        elif not (_within(label, str(shown["around"])) or label in shown["selected"]):
            if shown["selected"] or (said and said == " ".join(str(kind["before"]).split())):
                held = ", ".join(shown["selected"]) or said
                who = await self.subject.described()
                raise StepFailed(f"{who} did not keep '{shorten(wanted)}': it shows '{shorten(held)}'")
            self.carried_out.note = "The option was pressed; the list shows nowhere which one is chosen."

    @property
    def _locator(self) -> Locator:
        return self.subject.locator


def _within(label: str, text: str) -> bool:
    return label.casefold() in " ".join(text.split()).casefold()


def _offers(who: str, missing: str, labels: list[str]) -> str:
    offered = ", ".join(f"'{shorten(label)}'" for label in labels[:10]) or "none"
    return f"{who} has no option '{shorten(missing)}'; it offers {offered}"
