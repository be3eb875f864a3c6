"""The element that a person's pointer or keyboard is at: what it is, and how to find it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from playwright.async_api import ElementHandle, Locator, Page

from control.protocol.events import Choice, InputType
from runner.browser.locate import Hit, at_point, focused, resolve

# Kinds: what a person's act on the element comes to.
_READ = """element => {
  const tag = element.tagName.toLowerCase();
  const type = tag === 'input' ? element.type : '';
  const dropdown = tag === 'select' && !element.multiple && element.size <= 1;
  const unwritten = ['checkbox', 'radio', 'file', 'button', 'submit', 'reset', 'image', 'hidden'];
  const written = tag === 'textarea' || element.isContentEditable || (tag === 'input' && !unwritten.includes(type));
  const kind = dropdown ? 'select' : ['checkbox', 'radio', 'file'].includes(type) ? type : written ? 'text' : 'other';
  const chosen = dropdown && element.selectedOptions.length ? element.selectedOptions[0].label : null;
  const value = chosen ?? (written ? element.value ?? element.innerText : '');
  const focused = element.getRootNode().activeElement === element && element.ownerDocument.hasFocus();
  const popups = ['date', 'time', 'datetime-local', 'month', 'week', 'color'];
  const list = tag === 'input' && element.list?.options.length ? 'list' : '';
  const picker = element.disabled || element.readOnly ? '' : popups.includes(type) ? type : list;
  const text = element.childElementCount <= 10 ? element.textContent.slice(0, 200) : '';
  const looks = [...element.attributes].map(({ name, value }) => `${name}=${value.slice(0, 100)}`).join(' ') + text;
  return {
    kind, value, focused, looks, picker,
    checked: element.checked === true, secret: type === 'password', range: type === 'range',
  };
}"""
_OPTIONS = """element => [...(element.options ?? element.list?.options ?? [])].map(
  ({ value, label, selected, disabled, parentElement }) => ({
    value, label, selected,
    disabled: disabled || (parentElement?.matches('optgroup') && parentElement.disabled) || false,
  }),
)"""


@dataclass(frozen=True, slots=True)
class State:
    """What an element holds."""

    kind: str
    """``text``, ``select`` (a drop-down), ``checkbox``, ``radio``, ``file`` or ``other``."""
    value: str
    """A text field's text, or the chosen option's label."""
    checked: bool
    secret: bool
    range: bool
    picker: InputType | Literal[""]
    """What a popup of the browser's own lets people choose; empty where there is none."""
    focused: bool
    """The keyboard goes to it."""
    looks: str
    """Changes where what it is called by may have changed."""


@dataclass(frozen=True, slots=True)
class TargetElement:
    """An element, as it was when it was found."""

    selector: str
    handle: ElementHandle
    was: State
    found: Hit | None
    """Where it was hit; None for one that has the focus."""

    async def now(self) -> State:
        """As it is by now; raises playwright's Error where it has gone with its page."""
        return await _state(self.handle)

    async def dispose(self) -> None:
        """The page need not keep it any more."""
        frames = [element for element, _, _ in self.found.frames] if self.found else []
        for handle in (self.handle, *frames):
            await handle.dispose()

    async def options(self) -> tuple[Choice, ...]:
        """Of a ``<select>``, or the suggestions for an ``<input>``."""
        return tuple(Choice(**option) for option in await self.handle.evaluate(_OPTIONS))


async def _state(handle: ElementHandle) -> State:
    read: dict[str, Any] = await handle.evaluate(_READ)
    return State(**read)


async def element_at(page: Page, x: float, y: float) -> TargetElement | None:
    """At CSS pixels of the viewport; None where there is no element."""
    found = await at_point(page, x, y)
    return await _target(found.locator, found) if found else None


async def focused_element(page: Page) -> TargetElement:
    """Where the keyboard goes."""
    return await _target(await focused(page), None)


async def _target(locator: Locator, found: Hit | None) -> TargetElement:
    selector, handle = await resolve(locator)
    return TargetElement(selector, handle, await _state(handle), found)
