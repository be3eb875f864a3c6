"""The look at a field once it is left: some pages take back then what was typed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from playwright.async_api import Error as PlaywrightError

from runner.browser.actions.actionability import Subject
from runner.browser.actions.field_values import same_value
from runner.driver import StepFailed
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

    async def is_settled(self) -> bool:
        """Returns whether it was left with what was typed, or has gone. Raises StepFailed where that is lost."""
        try:
            seen = await asyncio.wait_for(self.subject.locator.page.evaluate(_LOOK), _LOOK_SECONDS)
        except (PlaywrightError, TimeoutError):
            return True
        if seen["state"] != "left":
            return bool(seen["state"] == "gone")
        if same_value(self.type, self.value, seen["value"]) or same_value(self.type, self.value, seen["now"]):
            return True
        who = await self.subject.described()
        if self.type == "password":
            raise StepFailed(f"{who} did not keep what was typed when it was left")
        holds = f"it holds '{shorten(seen['value'])}'" if seen["value"] else "it is empty"
        raise StepFailed(f"{who} did not keep '{shorten(self.value)}' when it was left: {holds}")
