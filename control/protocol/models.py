"""The nouns of the protocol: run, step, proposal, and what a new run is made from. JSON is camelCase."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from control.secrets import SHORTEST

Clock = Callable[[], datetime]
"""Tells the present moment, with a time zone."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: ``2026-01-31T09:30:00.125Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


Timestamp = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class Shape(BaseModel):
    """Base of every shape that goes over a wire: immutable, camelCase, tolerant of fields that it does not know."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", allow_inf_nan=False
    )

    def dump(self) -> dict[str, Any]:
        """The JSON object that stands for this shape."""
        return self.model_dump(mode="json", by_alias=True)


class RunStatus(StrEnum):
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    DIAGNOSING = "diagnosing"
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in {RunStatus.PASSED, RunStatus.FAILED, RunStatus.CANCELLED}


class StepStatus(StrEnum):
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Source(StrEnum):
    """Whose idea a step was."""

    PLAN = "plan"
    OVERRIDE = "override"
    HUMAN = "human"


class ActionType(StrEnum):
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
    SWITCH_TAB = "switch_tab"
    CLOSE_TAB = "close_tab"
    EXPECT_TEXT = "expect_text"
    EXPECT_VISIBLE = "expect_visible"
    EXPECT_URL = "expect_url"


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
    ActionType.SWITCH_TAB: _VALUE,
    ActionType.CLOSE_TAB: _VALUE,
    ActionType.DRAG: ("selector", "target"),
}
_MAY_BE_EMPTY = {ActionType.TYPE, ActionType.SELECT}
_NUMBERS = {ActionType.WAIT, ActionType.SCROLL, ActionType.SWITCH_TAB, ActionType.CLOSE_TAB}
_LONGEST_WAIT_MS = 600_000
KEPT = "kept:"
"""How the reference begins that stands for a file's content in an upload's value."""


def _shown(name: str) -> str:
    """As part of a message that is a template: braces mean themselves."""
    return name.replace("{", "(").replace("}", ")")


def _field_error(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("field", message, {"field": field})


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

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
        for field in _NEEDS.get(self.type, ()):
            given = getattr(self, field)
            empty = given == "" and not (field == "value" and self.type in _MAY_BE_EMPTY)
            if given is None or empty:
                raise _field_error(field, f"{self.type} needs '{field}'")
        if self.type is ActionType.WAIT and self.value is None and not self.selector:
            raise _field_error("value", "wait needs 'value' (milliseconds) or a 'selector' to appear")
        if self.type in _NUMBERS and self.value is not None:
            self._check_number()
        return self

    def _check_number(self) -> None:
        number = self.number
        if number is None:
            raise _field_error("value", f"{self.type} needs a number in 'value'")
        if self.type is ActionType.WAIT and not 0 <= number <= _LONGEST_WAIT_MS:
            raise _field_error("value", f"wait takes 0 to {_LONGEST_WAIT_MS} milliseconds in 'value'")
        if self.type in {ActionType.SWITCH_TAB, ActionType.CLOSE_TAB} and (number < 0 or number != int(number)):
            raise _field_error("value", f"{self.type} needs a tab's index, 0 or more, in 'value'")

    @property
    def number(self) -> float | None:
        """``value`` as a finite number, or None where it is none."""
        try:
            number = float(self.value) if self.value is not None else None
        except (ValueError, OverflowError):
            return None
        return number if number is not None and abs(number) < 1e9 else None

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
    """For one line of an upload's value; a file that is only named stays as it is."""
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


class Proposal(Shape):
    """The next step, before it is done."""

    proposal_id: str
    step_number: int
    action: Action
    description: str
    """One line for a person."""
    reasoning: str | None = None
    source: Literal["plan", "override", "repair"] = "plan"
    box: Box | None = None
    """Where the target is in the viewport, where it could be found."""
    viewport: Size | None = None
    instructions_version: int = 1


class StepSummary(Shape):
    """A step as it stands in a list."""

    step_number: int
    action: ActionType
    target: str | None
    """The selector or URL that was used."""
    value: str | None
    """As given, a file by name and size; a secret's value is never here."""
    description: str
    source: Source
    status: StepStatus
    error: str | None = None
    screenshot_url: str | None = None
    timestamp: Timestamp
    duration_ms: int | None = None
    instructions_version: int = 1


class DialogAnswer(Shape):
    """A native dialog that opened on account of a step, and what it was answered, by a person or by default."""

    kind: Literal["alert", "confirm", "prompt", "beforeunload"]
    message: str = ""
    """Its first words."""
    accepted: bool
    text: str | None = None
    """What was typed into a prompt; a secret's value is never here."""


class Step(StepSummary):
    """All that is known of one step."""

    full_action: Action
    """The action as it was carried out: enough to do it again."""
    proposed: Action | None = None
    """What the planner had proposed where something else was done."""
    reasoning: str | None = None
    attempts: int = 1
    url: str | None = None
    """The page's address when the step was over."""
    before_screenshot_url: str | None = None
    box: Box | None = None
    viewport: Size | None = None
    tab: int | None = None
    """The index of the tab that it was done in, where that is known."""
    dialogs: tuple[DialogAnswer, ...] = ()
    """In the order in which they opened; those that opened while the page loaded belong to the first step."""

    def summary(self) -> StepSummary:
        return StepSummary.model_validate(self.model_dump())


class Holder(Shape):
    """A person who holds control, or may."""

    viewer_id: str
    name: str


class Control(Shape):
    holder: Holder | None = None
    since: Timestamp | None = None


def http_url(text: str) -> str:
    """``text`` where it is an absolute http or https address."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _field_error("url", "give an absolute http or https address, such as https://example.com/")
    return text


PlannerName = Literal["plain", "script", "model"]
BrowserName = Literal["chromium", "firefox", "webkit"]
Mode = Literal["auto", "review"]


class NewRun(Shape):
    """What a run is made from: the body of ``POST /api/tests``."""

    url: Annotated[str, Field(max_length=8192), AfterValidator(http_url)]
    instructions: str | None = Field(default=None, max_length=65536)
    steps: tuple[Action, ...] | None = Field(default=None, max_length=2000)
    planner: PlannerName | None = None
    """None: ``script`` where steps are given, else the server's default."""
    mode: Mode = "auto"
    viewport: Viewport | None = None
    browser: BrowserName | None = None
    name: str | None = Field(default=None, max_length=200)
    secrets: dict[str, str] = Field(default_factory=dict, max_length=100, repr=False)
    """Values for ``{{secret:NAME}}`` in actions and instructions, 3 characters or more; they appear nowhere else."""
    step_timeout_ms: int = Field(default=15_000, ge=100, le=600_000)
    help_timeout_ms: int = Field(default=120_000, ge=0, le=86_400_000)

    @model_validator(mode="after")
    def _secrets_can_be_hidden(self) -> Self:
        for name, value in self.secrets.items():
            if len(value) < SHORTEST:
                why = "is empty" if not value else f"is shorter than {SHORTEST} characters, and could not be hidden"
                raise _field_error("secrets", f"the value of a secret {why}: {_shown(name)}")
        return self

    @model_validator(mode="after")
    def _planner_has_its_plan(self) -> Self:
        if self.planner == "script" and self.steps is None:
            raise _field_error("steps", "the script planner needs 'steps'")
        if self.planner in {"plain", "model"} and not (self.instructions or "").strip():
            raise _field_error("instructions", f"the {self.planner} planner needs 'instructions'")
        return self


class RunView(Shape):
    """A run as everybody may see it."""

    id: str
    name: str
    status: RunStatus
    paused: bool
    url: str
    instructions: str | None
    instructions_version: int
    planner: PlannerName
    mode: Mode
    current_step: int
    """The number of the step that is being done, else of the last one; 0 before the first."""
    total_steps: int | None
    """Steps done and still planned; None where the planner cannot know."""
    steps: tuple[StepSummary, ...]
    proposal: Proposal | None
    control: Control
    viewers: int
    controllers: tuple[Holder, ...] = ()
    """Those who are connected and may control, in the order in which they came."""
    created_at: Timestamp
    started_at: Timestamp | None
    ended_at: Timestamp | None
    error: str | None
