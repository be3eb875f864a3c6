"""The look at a field once it is left: some pages take back then what was typed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Error as PlaywrightError

from runner.browser.actions.actionability import Subject
from runner.browser.actions.field_values import same_value
from runner.driver import CarriedOut, StepFailed
from runner.selectors.describe import shorten

_LOOK_SECONDS: Final = 1.0
_KEY: Final = "Symbol.for('jumpseat.left')"
# What another step does to the field, such as sending and emptying a form, comes after the field has been left.
LEFT: Final = f"""
  const watchLeaving = (element, value) => {{
    let top = window;
    try {{ top = window.top[{_KEY}] === 0 ? window : window.top; }} catch {{ /* a page of somebody else's */ }}
    const held = value(element), seen = {{ state: 'there', value: held }};
    let kept;
    const leaving = event => {{
      if (event.composedPath()[0] === element) kept = value(element) === held;
    }};
    // The last to hear of it; frameworks draw what came of it before anything else happens.
    const left = async event => {{
      if (event.composedPath()[0] !== element) return;
      removeEventListener('blur', leaving, true);
      removeEventListener('focusout', left);
      for (let turns = 0; turns < 4; turns += 1) await null;
      seen.state = kept && element.isConnected ? 'left' : 'gone';
      seen.value = value(element);
    }};
    addEventListener('blur', leaving, true);
    addEventListener('focusout', left);
    top[{_KEY}] = () => ({{ state: seen.state, value: seen.value, now: value(element) }});
  }};"""
"""Defines ``watchLeaving(element, value)``, which notes what the field holds right after it has lost the focus."""
_LOOK: Final = f"window[{_KEY}]?.() ?? {{ state: 'gone', value: '', now: '' }}"


@dataclass
class LeftField:
    """One field that was typed into, from then until it was left."""

    subject: Subject
    type: str
    value: str
    kept: str | None = None
    """What it held when it was left; None where that was not seen."""
    lasting: bool = False
    """Whether it held that also once the step was over that has left it."""

    async def is_settled(self) -> bool:
        """Returns whether it was left with what was typed, or has gone. Raises StepFailed where that is lost."""
        try:
            seen = await asyncio.wait_for(self.subject.locator.page.evaluate(_LOOK), _LOOK_SECONDS)
        except (PlaywrightError, TimeoutError):
            return True
        if seen["state"] != "left":
            return bool(seen["state"] == "gone")
        for held in (seen["value"], seen["now"]):
            if same_value(self.type, self.value, held):
                self.kept, self.lasting = held, held == seen["now"]
                return True
        who = await self.subject.described()
        if self.type == "password":
            raise StepFailed(f"{who} did not keep what was typed when it was left")
        holds = f"it holds '{shorten(seen['value'])}'" if seen["value"] else "it is empty"
        raise StepFailed(f"{who} did not keep '{shorten(self.value)}' when it was left: {holds}")

    def record(self, carried_out: CarriedOut, *, first: bool) -> None:
        """Records the look in how the step was carried out that has left the field.

        ``first``: before what the step did, which may have emptied it since; else after it, where that can be.
        """
        if self.kept is None or not (first or self.lasting):
            return
        looks = CarriedOut()
        if first:
            looks.add("blur", self.subject.selector)
        if self.type == "editable":
            looks.add("to_contain_text", self.subject.selector, " ".join(self.kept.split()))
        else:
            looks.add("to_have_value", self.subject.selector, self.kept)
        at = 0 if first else len(carried_out.calls)
        carried_out.calls[at:at] = looks.calls
