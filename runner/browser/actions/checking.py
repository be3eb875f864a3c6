"""Boxes, switches and radios: pressed where a person would press them, and looked at afterwards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Position

from runner.browser.actions.actionability import Subject
from runner.browser.actions.settling import Settling
from runner.browser.page_functions import HIT, PARENT
from runner.driver import CarriedOut, StepFailed
from runner.selectors.build import in_same_frame

_BOXES: Final = (
    ":is([type=checkbox], [type=radio], [role=checkbox], [role=radio], [role=switch], [role^=menuitem][aria-checked])"
)
_BOX_OF: Final = f"""const boxOf = element => {{
    const box = '{_BOXES}';
    if (element.localName === 'label') return element.control ?? element.querySelector(box);
    return element.matches(box) ? element : element.querySelector(box) ?? element;
  }};
  const stateOf = box => box.localName === 'input' ? box.checked : box.getAttribute('aria-checked') === 'true';"""
# Where to press: "self" where the box itself is hit; else its label, beside the links in it; else what is drawn in its
# place, beside it or around it. null where nothing can be pressed now. Points are within the element that is named.
# The first `passed` places have been tried in vain.
_PLACE: Final = (
    f"""(element, passed) => {{
  {_BOX_OF}
  const parent = {PARENT}, hit = {HIT};
  const control = boxOf(element);
  if (!control || control.disabled) return null;
  const inner = control !== element && element.localName !== 'label';
  const found = place => {{ places.push({{ ...place, state: stateOf(control), inner, id: control.id }}); }};
  const places = [];
  const free = (place, at) => {{
    for (let node = at; node; node = parent(node)) {{
      if (node === place) return true;
      if (node !== control && node.matches('a, button, select, textarea, input')) return false;
    }}
    return false;
  }};
"""
    """
  const point = place => {
    for (const box of place.getClientRects()) {
      for (const down of [0.5, 0.2, 0.8]) for (const right of [0.1, 0.3, 0.5, 0.7, 0.9, 0.02]) {
        const [x, y] = [box.left + box.width * right, box.top + box.height * down];
        if (free(place, hit(x, y))) {
          const whole = place.getBoundingClientRect();
          return { x: Math.round(x - whole.left), y: Math.round(y - whole.top) };
        }
      }
    }
    return null;
  };
  const drawn = place => place.getClientRects().length > 0;
  const look = (place, where) => {
    if (!place || !drawn(place)) return;
    const box = place.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) place.scrollIntoView({ block: 'center', behavior: 'instant' });
    const at = point(place);
    if (at) found({ ...where, ...at });
  };
  const own = control.getBoundingClientRect();
  if (own.width >= 4 && own.height >= 4) {
    if (own.top < 0 || own.bottom > innerHeight) control.scrollIntoView({ block: 'center', behavior: 'instant' });
    const now = control.getBoundingClientRect();
    const at = hit((now.left + now.right) / 2, (now.top + now.bottom) / 2);
    if (at && control.contains(at)) found({ where: 'self' });
  }
  for (const [index, label] of [...(control.labels ?? [])].filter(drawn).entries())
    look(label, { where: label === element ? 'given' : label.contains(control) ? 'around' : 'label', index });
  const pressable = each => each && !each.matches('label, a, select, textarea, input')
    && (getComputedStyle(each).cursor === 'pointer' || each.onclick || !each.textContent.trim());
  for (const [where, beside] of [['after', control.nextElementSibling], ['before', control.previousElementSibling]])
    if (pressable(beside)) look(beside, { where });
  if (inner) look(element, { where: 'given' });
  let place = control.parentElement;
  for (let depth = 1; place && depth <= 3; depth += 1, place = place.parentElement) {
    if (place.matches('form, main, body')) break;
    if (place.querySelectorAll('input, [role=checkbox], [role=radio], [role=switch]').length > 1) break;
    if (place !== element) look(place, { where: 'ancestor', depth });
  }
  return places[passed] ?? null;
}"""
)
_STATE: Final = f"""element => {{
  {_BOX_OF}
  return stateOf(boxOf(element));
}}"""
_NOWHERE: Final = {"where": "self", "inner": False}
_MOST_PLACES: Final = 3


@dataclass
class Checking:
    """Brings one box into one state."""

    subject: Subject
    wanted: bool
    carried_out: CarriedOut

    async def set(self) -> None:
        """Raises StepFailed where the box is not in that state afterwards."""
        place: dict[str, Any] = {}

        async def ready(within_ms: float) -> None:
            await self.subject.locator.wait_for(state="attached", timeout=within_ms)
            place.clear()
            place.update(await self.subject.locator.evaluate(_PLACE, 0, timeout=within_ms) or _NOWHERE)
            if place["where"] == "self":
                await self._box(place).set_checked(self.wanted, trial=True, timeout=within_ms)

        await self.subject.wait(ready)
        await self.subject.resolve()
        held = await self._press(place)
        for passed in range(1, _MOST_PLACES):
            if held is None or held is self.wanted or place["where"] == "self":
                break
            other = await self.subject.locator.evaluate(_PLACE, passed)
            if other is None:
                break
            self.carried_out.calls.clear()
            held = await self._press(other)
        await self._tell(held, place)

    async def _press(self, place: dict[str, Any]) -> bool | None:
        """Returns the state that the box is in then; None where it has gone."""
        settling = await Settling.begin(self.subject.locator)
        if place["where"] == "self":
            await self._set_checked(place)
        elif place["state"] != self.wanted:
            selector, spot = self._place(place), Position(x=place["x"], y=place["y"])
            target = self.subject.locator.page.locator(selector).first
            await self.subject.do(lambda ms: target.click(position=spot, timeout=ms))
            self.carried_out.add("click_at", selector, f"{place['x']},{place['y']}")
        held: bool | None = await settling.read_back(self.subject.locator, _STATE)
        return held

    async def _set_checked(self, place: dict[str, Any]) -> None:
        late: list[PlaywrightError] = []

        async def press(within_ms: float) -> None:
            try:
                await self._box(place).set_checked(self.wanted, timeout=within_ms)
            except PlaywrightError as error:
                # It is looked at once the page is done with it.
                if "did not change its state" not in error.message:
                    raise
                late.append(error)

        await self.subject.do(press)
        method = "click" if late else "check" if self.wanted else "uncheck"
        self.carried_out.add(method, self._box_selector(place))

    async def _tell(self, held: bool | None, place: dict[str, Any]) -> None:
        if held is None:
            self.carried_out.note = "The box had gone before it could be looked at."
        elif held is not self.wanted:
            who = await self.subject.described()
            raise StepFailed(f"{who} was pressed, and is still {'not ' if self.wanted else ''}checked")
        else:
            expected = "to_be_checked" if self.wanted else "not_to_be_checked"
            self.carried_out.add(expected, self._box_selector(place))

    def _box(self, place: dict[str, Any]) -> Locator:
        """Returns where the box is, which may be within the element that was named."""
        return self.subject.locator.locator(_BOXES) if place["inner"] else self.subject.locator

    def _box_selector(self, place: dict[str, Any]) -> str:
        return f"{self.subject.selector} >> css={_BOXES}" if place["inner"] else self.subject.selector

    def _place(self, place: dict[str, Any]) -> str:
        """Returns a selector of what is pressed in the box's stead."""
        box = self._box_selector(place)
        match place["where"]:
            case "label":
                return in_same_frame(box, f"label[for={json.dumps(place['id'])}] >> nth={place['index']}")
            case "around":
                return f"{box} >> xpath=ancestor::label[1]"
            case "after":
                return f"{box} >> xpath=following-sibling::*[1]"
            case "before":
                return f"{box} >> xpath=preceding-sibling::*[1]"
            case "ancestor":
                return f"{box} >> xpath=ancestor::*[{place['depth']}]"
            case _:
                return self.subject.selector
