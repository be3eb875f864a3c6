"""Boxes, switches and radios: pressed where a person would press them, and looked at afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playwright.async_api import Locator

from runner.browser.actions.actionability import Subject
from runner.browser.actions.read_back import read_back
from runner.driver import CarriedOut, StepFailed
from runner.selectors.build import in_same_frame

# Where to press: "self" where the box itself is hit; else its label, beside the links in it; else what is drawn in its
# place around it. null where nothing can be pressed now. Points are within the element that is named.
_PLACE: Final = """element => {
  const control = element.localName === 'label' ? element.control ?? element.querySelector('input') : element;
  if (!control) return null;
  const state = control.localName === 'input' ? control.checked : control.getAttribute('aria-checked') === 'true';
  if (control.disabled) return null;
  const hit = (x, y) => control.getRootNode().elementFromPoint?.(x, y) ?? document.elementFromPoint(x, y);
  const free = (place, found) => {
    for (let node = found; node; node = node.parentElement) {
      if (node === place) return true;
      if (node !== control && node.matches('a, button, select, textarea, input')) return false;
    }
    return false;
  };
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
  const show = place => {
    const box = place.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) place.scrollIntoView({ block: 'center', behavior: 'instant' });
  };
  const box = control.getBoundingClientRect();
  if (box.width >= 4 && box.height >= 4) {
    show(control);
    const now = control.getBoundingClientRect();
    const found = hit((now.left + now.right) / 2, (now.top + now.bottom) / 2);
    if (found && control.contains(found)) return { where: 'self', state };
  }
  const labels = [...(control.labels ?? [])].filter(each => each.getClientRects().length);
  for (const [index, label] of labels.entries()) {
    show(label);
    const at = point(label);
    const where = label === element ? 'given' : label.contains(control) ? 'around' : 'label';
    if (at) return { where, index, state, ...at, id: control.id };
  }
  let place = control.parentElement;
  for (let depth = 1; place && depth <= 3; depth += 1, place = place.parentElement) {
    if (place.querySelectorAll('input, [role=checkbox], [role=radio], [role=switch]').length > 1) break;
    if (!place.getClientRects().length) continue;
    show(place);
    const at = point(place);
    if (at) return { where: 'ancestor', depth, state, ...at };
  }
  return null;
}"""
_STATE: Final = """element => {
  const control = element.localName === 'label' ? element.control ?? element.querySelector('input') : element;
  return control.localName === 'input' ? control.checked : control.getAttribute('aria-checked') === 'true';
}"""


@dataclass
class Checking:
    """Brings one box into one state."""

    subject: Subject
    wanted: bool
    carried_out: CarriedOut

    async def set(self) -> None:
        """Raises StepFailed where the box is not in that state afterwards."""
        place: dict[str, object] = {}

        async def ready(within_ms: float) -> None:
            await self._locator.wait_for(state="attached", timeout=within_ms)
            place.clear()
            place.update(await self._locator.evaluate(_PLACE, timeout=within_ms) or {})
            if place.get("where", "self") == "self":
                await self._locator.set_checked(self.wanted, trial=True, timeout=within_ms)

        await self.subject.wait(ready)
        await self.subject.resolve()
        if place.get("where", "self") == "self":
            await self.subject.do(lambda ms: self._locator.set_checked(self.wanted, timeout=ms))
            self.carried_out.add("check" if self.wanted else "uncheck", self.subject.selector)
        elif place["state"] != self.wanted:
            target = self._place(place)
            spot = {"x": float(str(place["x"])), "y": float(str(place["y"]))}
            page = self._locator.page
            await self.subject.do(lambda ms: page.locator(target).first.click(position=spot, timeout=ms))  # type: ignore[arg-type]
            self.carried_out.add("click_at", target, f"{place['x']},{place['y']}")
        await self._look()

    async def _look(self) -> None:
        held = await read_back(self._locator, _STATE)
        if held is None:
            self.carried_out.note = "The box had gone before it could be looked at."
        elif held is not self.wanted:
            who = await self.subject.described()
            raise StepFailed(f"{who} was pressed, and is still {'not ' if self.wanted else ''}checked")
        else:
            self.carried_out.add("to_be_checked" if self.wanted else "not_to_be_checked", self.subject.selector)

    def _place(self, place: dict[str, object]) -> str:
        """Returns a selector of what is pressed in the box's stead."""
        box = self.subject.selector
        match place["where"]:
            case "label":
                return in_same_frame(box, f'label[for="{place["id"]}"] >> nth={place["index"]}')
            case "around":
                return f"{box} >> xpath=ancestor::label[1]"
            case "ancestor":
                return f"{box} >> xpath=ancestor::*[{place['depth']}]"
            case _:
                return box

    @property
    def _locator(self) -> Locator:
        return self.subject.locator
