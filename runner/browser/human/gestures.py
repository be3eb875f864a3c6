"""The actions that a person's pointer and keys amount to: clicks, text in a field, and keys."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from control.protocol.actions import Action, ActionType, Modifier
from control.protocol.commands import Input
from control.secrets import MASK
from runner.browser.human.elements import State, TargetElement
from runner.browser.human.keys import edits_only, pressed, types
from runner.driver import HumanAction
from runner.selectors.describe import click_verb, element_name, shorten

_STILL_PX = 5.0
"""A hand trembles: a pointer that moved less between down and up has clicked."""
_BACKGROUND = re.compile(r"(^|>> )(body|html)$")
"""The page itself: a click on it where nothing is would be done again in its middle, on whatever is there."""


@dataclass(frozen=True, slots=True)
class Press:
    """A pointer button that is down."""

    target: TargetElement | None
    x: float
    y: float
    at: float
    modifiers: tuple[Modifier, ...] = ()
    """Keys that were held when it went down."""


class Gestures:
    """Collects what was done; text and scrolling are held back until something else follows, or `flush`."""

    def __init__(self) -> None:
        self.tab: int | None = None
        """The index of the tab that the person is in."""
        self.curtained = False
        """Whether what is typed is as secret as a password, and stays so in the fields that it was typed into."""
        self._curtained_fields: set[str] = set()
        self._held: HumanAction | None = None
        self._clicked: str | None = None

    def enter(self, tab: int) -> list[HumanAction]:
        """The person is in this tab now; gives what was held back in another."""
        left = self.flush() if tab != self.tab else []
        self.tab = tab
        return left

    def flush(self) -> list[HumanAction]:
        """What was held back."""
        held, self._held = self._held, None
        return [held] if held else []

    def pointer(
        self, press: Press, up: Input, point: tuple[float, float], target: TargetElement | None
    ) -> list[HumanAction]:
        """A button has gone up at ``point``, over ``target``; before its page may have changed that."""
        start = press.target
        if start is None:
            return []
        moved = max(abs(point[0] - press.x), abs(point[1] - press.y)) > _STILL_PX
        if up.button != "left":
            return [] if moved or _BACKGROUND.search(start.selector) else self._click(start.selector, up, press)
        if start.was.kind in {"select", "file"}:
            return []
        if moved and target is not None and target.selector != start.selector:
            action = Action(type=ActionType.DRAG, selector=start.selector, target=target.selector)
            return self._emit(
                action, f"Drag {element_name(start.selector)} to {element_name(target.selector)}", press.at
            )
        if (moved and start.was.kind == "text") or _BACKGROUND.search(start.selector):
            return []
        return self._click(start.selector, up, press)

    def changed(self, target: TargetElement, now: State, began: float) -> HumanAction | None:
        """The action that brings the element from what it was to what it is now; None where nothing has changed."""
        name = element_name(target.selector)
        if now.kind in {"checkbox", "radio"}:
            if now.checked == target.was.checked:
                return None
            kind = ActionType.CHECK if now.checked else ActionType.UNCHECK
            return HumanAction(Action(type=kind, selector=target.selector), f"{_verb(kind)} {name}", began, self.tab)
        if now.value == target.was.value:
            return None
        if now.kind == "select":
            action = Action(type=ActionType.SELECT, selector=target.selector, value=now.value)
            return HumanAction(action, f"Select '{shorten(now.value)}' in {name}", began, self.tab)
        if self.curtained:
            self._curtained_fields.add(target.selector)
        secret = now.secret or target.selector in self._curtained_fields
        shown = MASK if secret else now.value
        action = Action(type=ActionType.TYPE, selector=target.selector, value=shown)
        password = now.value if secret else None
        return HumanAction(action, f"Type '{shorten(shown)}' into {name}", began, self.tab, password=password)

    def hold(self, change: HumanAction) -> list[HumanAction]:
        """A change that may go on: more text in the same field takes its place."""
        selector = change.action.selector
        held = self._held
        if held is not None and (held.action.type, held.action.selector) == (change.action.type, selector):
            merges, began, before = held.merges, held.started_at, []
        else:
            # The click into the field is part of typing in it.
            merges, began, before = self._clicked == selector, change.started_at, self.flush()
        self._clicked = None
        self._held = replace(change, started_at=began, tab=self.tab, merges=merges)
        return before

    def has_clicked(self, selector: str) -> bool:
        """Returns whether the last thing done was a click on this."""
        clicked, self._clicked = self._clicked, None
        return clicked == selector

    def toggled(self, change: HumanAction) -> list[HumanAction]:
        """A change that is whole: a box that was ticked."""
        return self._emit(change.action, change.description, change.started_at)

    def key(self, command: Input, target: TargetElement, began: float) -> list[HumanAction]:
        """A key that changed no field."""
        if command.repeat or (target.was.kind == "text" and edits_only(command)):
            return []
        if self.curtained and types(command):
            return []  # it may be one of several that make up a secret
        value = pressed(command)
        if value is None:
            return []
        somewhere = not _BACKGROUND.search(target.selector)
        action = Action(type=ActionType.PRESS, selector=target.selector if somewhere else None, value=value)
        where = f" in {element_name(target.selector)}" if somewhere else ""
        return self._emit(action, f"Press {value}{where}", began)

    def scrolled(self, pixels: float, began: float) -> list[HumanAction]:
        """The wheel has turned, down is positive."""
        held = self._held
        before: list[HumanAction] = []
        if held is not None and held.action.type is ActionType.SCROLL:
            pixels, began = pixels + (held.action.number or 0), held.started_at
        else:
            before = self.flush()
        way = "down" if pixels > 0 else "up"
        action = Action(type=ActionType.SCROLL, value=round(pixels))
        self._held = (
            HumanAction(action, f"Scroll {way} {abs(round(pixels))} px", began, self.tab) if round(pixels) else None
        )
        return before

    def scrolled_to(self, selector: str, began: float) -> list[HumanAction]:
        """Something within the page was scrolled, and now shows this."""
        action = Action(type=ActionType.SCROLL, selector=selector)
        return self._emit(action, f"Scroll to {element_name(selector)}", began)

    def _click(self, selector: str, up: Input, press: Press) -> list[HumanAction]:
        name, began = element_name(selector), press.at
        button = None if up.button == "left" else up.button
        plain = button is None and not press.modifiers
        if up.click_count <= 1 or not plain:
            action = Action(type=ActionType.CLICK, selector=selector, button=button, modifiers=press.modifiers or None)
            done = self._emit(action, f"{click_verb(action)} {name}", began)
            self._clicked = selector if plain else None
            return done
        if up.click_count == 2:
            action = Action(type=ActionType.DOUBLE_CLICK, selector=selector)
            return [
                *self.flush(),
                HumanAction(action, f"Double-click {name}", began, self.tab, self._clicked == selector),
            ]
        return []

    def _emit(self, action: Action, description: str, began: float) -> list[HumanAction]:
        self._clicked = None
        return [*self.flush(), HumanAction(action, description, began, self.tab)]


def _verb(kind: ActionType) -> str:
    return "Check" if kind is ActionType.CHECK else "Uncheck"
