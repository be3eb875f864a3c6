"""What can be done in the page: action types, what each needs, and the rectangles that targets are shown by."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Literal, Self
from urllib.parse import unquote, unquote_to_bytes

from pydantic import Field, model_validator

from control.protocol.shape import Shape, field_error

MouseButton = Literal["left", "middle", "right"]
Modifier = Literal["Alt", "Control", "Meta", "Shift"]


class ActionType(StrEnum):
    """What can be done in the page."""

    CLICK = "click"
    DOUBLE_CLICK = "double_click"
    HOVER = "hover"
    TYPE = "type"
    PRESS = "press"
    SELECT = "select"
    CHECK = "check"
    UNCHECK = "uncheck"
    SCROLL = "scroll"
    NAVIGATE = "navigate"
    BACK = "back"
    FORWARD = "forward"
    RELOAD = "reload"
    WAIT = "wait"
    UPLOAD = "upload"
    DRAG = "drag"
    NEW_TAB = "new_tab"
    SWITCH_TAB = "switch_tab"
    CLOSE_TAB = "close_tab"
    EXPECT_TEXT = "expect_text"
    EXPECT_VISIBLE = "expect_visible"
    EXPECT_URL = "expect_url"
    EXPECT_DOWNLOAD = "expect_download"
    CALL = "call"
    """A call of an attached client that is shown, held, skipped or let through, and cannot be edited."""

    @property
    def expects(self) -> bool:
        """True for an expectation, which changes nothing and says what must be."""
        return self in {
            ActionType.EXPECT_TEXT,
            ActionType.EXPECT_VISIBLE,
            ActionType.EXPECT_URL,
            ActionType.EXPECT_DOWNLOAD,
        }

    @property
    def acts(self) -> bool:
        """True for what does something to the page: neither an expectation nor a wait."""
        return not self.expects and self is not ActionType.WAIT


_SELECTOR = ("selector",)
_VALUE = ("value",)
_BOTH = ("selector", "value")
_NEEDS: dict[ActionType, tuple[str, ...]] = {
    ActionType.CLICK: _SELECTOR,
    ActionType.DOUBLE_CLICK: _SELECTOR,
    ActionType.HOVER: _SELECTOR,
    ActionType.CHECK: _SELECTOR,
    ActionType.UNCHECK: _SELECTOR,
    ActionType.EXPECT_VISIBLE: _SELECTOR,
    ActionType.TYPE: _BOTH,
    ActionType.SELECT: _BOTH,
    ActionType.UPLOAD: _BOTH,
    ActionType.EXPECT_TEXT: _BOTH,
    ActionType.PRESS: _VALUE,
    ActionType.NAVIGATE: _VALUE,
    ActionType.EXPECT_URL: _VALUE,
    ActionType.EXPECT_DOWNLOAD: _VALUE,
    ActionType.SWITCH_TAB: _VALUE,
    ActionType.CLOSE_TAB: _VALUE,
    ActionType.CALL: _VALUE,
    ActionType.DRAG: ("selector", "target"),
}
_MAY_BE_EMPTY = {ActionType.TYPE, ActionType.SELECT}
_NUMBERS = {ActionType.WAIT, ActionType.SCROLL, ActionType.SWITCH_TAB, ActionType.CLOSE_TAB}
_LONGEST_WAIT_MS = 600_000
TO_THE_END = 100_000.0
"""So many pixels, or more, in a scroll's value mean to the end: of the whole page, or of what is scrolled there."""
ONLY_A_CLIENT_CALLS = "only an attached client makes a 'call': give one of the other actions"
KEPT = "kept:"
"""How the reference begins that stands for a file's content in an upload's value."""


class Action(Shape):
    """One thing to do in the page."""

    type: ActionType
    selector: str | None = Field(default=None, max_length=4096)
    """A Playwright selector: ``#pay``, ``text=Checkout``, ``role=button[name="Pay"]``."""
    value: str | int | float | None = None
    """What the type needs: text, a key, a URL, milliseconds, pixels, a tab's index, files to upload (one on a line:
    a ``data:`` URL, a file's name, or a reference that begins with `KEPT`)."""
    target: str | None = Field(default=None, max_length=4096)
    """Where a drag ends, a Playwright selector."""
    button: MouseButton | None = None
    """Of a ``click``; None is the left one."""
    modifiers: tuple[Modifier, ...] | None = Field(default=None, max_length=4)
    """Keys that are held down during a ``click``."""

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
        for field in _NEEDS.get(self.type, ()):
            given = getattr(self, field)
            empty = given == "" and not (field == "value" and self.type in _MAY_BE_EMPTY)
            if given is None or empty:
                raise field_error(field, f"{self.type} needs '{field}'")
        if self.type is ActionType.WAIT and self.value is None and not self.selector:
            raise field_error("value", "wait needs 'value' (milliseconds) or a 'selector' to appear")
        if self.type in _NUMBERS and self.value is not None:
            self._check_number()
        for field in ("button", "modifiers"):
            if getattr(self, field) and self.type is not ActionType.CLICK:
                raise field_error(field, f"only a click takes '{field}'")
        return self

    def _check_number(self) -> None:
        number = self.number
        if number is None:
            raise field_error("value", f"{self.type} needs a number in 'value'")
        if self.type is ActionType.WAIT and not 0 <= number <= _LONGEST_WAIT_MS:
            raise field_error("value", f"wait takes 0 to {_LONGEST_WAIT_MS} milliseconds in 'value'")
        if self.type in {ActionType.SWITCH_TAB, ActionType.CLOSE_TAB} and (number < 0 or number != int(number)):
            raise field_error("value", f"{self.type} needs a tab's index, 0 or more, in 'value'")

    @property
    def number(self) -> float | None:
        """``value`` as a finite number below 1e9 in size; None where it is none."""
        try:
            number = float(self.value) if self.value is not None else None
        except (ValueError, OverflowError):
            return None
        return number if number is not None and abs(number) < 1e9 else None

    @property
    def to_the_end(self) -> bool:
        """Whether a scroll goes to the top or the bottom, however far that is."""
        return self.type is ActionType.SCROLL and abs(self.number or 0) >= TO_THE_END

    @property
    def text(self) -> str:
        """``value`` as text; empty where there is none."""
        return "" if self.value is None else str(self.value)

    @property
    def shown(self) -> str:
        """``text`` for a person: uploaded files by name and size, ``notes.txt (12 kB)``, without their content."""
        if self.type is not ActionType.UPLOAD:
            return self.text
        return ", ".join(_shown_file(line) for line in self.text.split("\n"))


def _shown_file(value: str) -> str:
    """Returns one line of an upload's value for a person; a file that is only named stays as it is."""
    head, _, body = value.partition(",")
    if head.startswith("data:"):
        size = len(body) * 3 // 4 - body[-2:].count("=") if head.endswith(";base64") else len(unquote_to_bytes(body))
    elif head.startswith(KEPT):
        size = int(re.sub(r"\D", "", _parameter(head, "size") or "")[:15] or 0)
    else:
        return value
    name = unquote(_parameter(head, "name") or "upload.bin")
    return f"{name} ({f'{size / 1000:.0f} kB' if size >= 1000 else f'{size} B'})"


def _parameter(head: str, name: str) -> str | None:
    return next((part.partition("=")[2] for part in head.split(";") if part.startswith(f"{name}=")), None)


class Size(Shape):
    """A width and a height."""

    width: int = Field(ge=1)
    """CSS pixels."""
    height: int = Field(ge=1)
    """CSS pixels."""


class Viewport(Size):
    """A size that a run may ask for; pages may open smaller windows by themselves."""

    width: int = Field(ge=100, le=4096)
    height: int = Field(ge=100, le=4096)


class Box(Shape):
    """A rectangle in CSS pixels of the viewport."""

    x: float
    y: float
    width: float
    height: float
