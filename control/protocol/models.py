"""The nouns of the protocol: run, step, proposal, and what a new run is made from. JSON is camelCase."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from control.origins import origin_of
from control.protocol.actions import ONLY_A_CLIENT_CALLS, Action, ActionType, Box, Size, Viewport
from control.protocol.shape import Shape, Timestamp, field_error
from control.secrets import SHORTEST
from control.user_info import without_user_info


class RunStatus(StrEnum):
    """How far a run has come."""

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
        """True where the run is over."""
        return self in {RunStatus.PASSED, RunStatus.FAILED, RunStatus.CANCELLED}


class StepStatus(StrEnum):
    """How far a step has come."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Source(StrEnum):
    """Says whose idea a step was."""

    PLAN = "plan"
    OVERRIDE = "override"
    HUMAN = "human"


class SourceLocation(Shape):
    """A line of a client's own code, as its Playwright reports it."""

    file: str = Field(max_length=4096)
    line: int = Field(ge=0)


Place = Literal["instead", "before"]
"""Where an override is done: in place of the plan's next step, or before it."""


class Proposal(Shape):
    """The next step, before it is done."""

    proposal_id: str
    step_number: int
    action: Action
    description: str
    """One line for a person."""
    reasoning: str | None = None
    source: Literal["plan", "override", "repair"] = "plan"
    place: Place = "instead"
    """Of an override: whether the plan's step is done after it."""
    box: Box | None = None
    """Where the target is in the viewport, where it could be found."""
    viewport: Size | None = None
    instructions_version: int = 1
    location: SourceLocation | None = None
    """Where the client's code makes the call, in an attached run."""


class PlannedStep(Shape):
    """An entry of the plan, as far as it is known before its page is there."""

    index: int = Field(ge=0)
    """How many entries of the plan are settled before it is done."""
    words: str = Field(max_length=200)
    """The sentence, or what the action does, in one line."""
    line: int | None = None
    """The line of the instructions, from 1."""


class PlanPosition(Shape):
    """Where a run stands in its plan, and before which of its entries it pauses."""

    next: int
    """The index of the first entry that is not begun."""
    end: int
    """The index behind the last entry."""
    breakpoints: tuple[int, ...] = ()
    """The entries that have a breakpoint, by index, in order."""
    run_to: int | None = None
    """The entry that the run goes on to, to pause before it once."""
    paused_at: int | None = None
    """Set while the run is paused because it has come to this entry."""


class PlanView(PlanPosition):
    """What is planned ahead."""

    entries: tuple[PlannedStep, ...]
    """Those that are not begun, in order: the next 200 at most."""


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
    location: SourceLocation | None = None
    """Where the client's code makes the call, in an attached run."""
    note: str | None = None
    """What a person should know of how it was done: that nothing could be looked at afterwards, for example."""
    page_said: tuple[str, ...] = ()
    """Of a step that failed: what went wrong in the page meanwhile, or in the step before; in the page's own words."""
    plan_index: int | None = None
    """The entry of the plan that it was done for, or before; None where nothing is planned ahead."""


class ElementCall(Shape):
    """One call of a Playwright locator, or one expectation of it, that a step was carried out by or checked with."""

    selector: str
    method: Literal[
        "fill",
        "press_sequentially",
        "press",
        "focus",
        "blur",
        "scroll_to",
        "type_code",
        "click",
        "click_at",
        "select_option",
        "check",
        "uncheck",
        "drag_to",
        "upload",
        "to_have_value",
        "to_have_values",
        "to_have_text",
        "to_have_attribute",
        "to_contain_text",
        "to_contain_class",
        "to_be_checked",
        "not_to_be_checked",
    ]
    value: str | None = None
    """Its argument: ``x,y`` of ``click_at``, of a drag the target's selector, several options or values one on each
    line, ``name=value`` of an attribute; a secret's value is never here."""


class Locators(Shape):
    """One selector as the locators that tests have, without the page before them."""

    python: str
    """Such as ``get_by_role("button", name="Pay", exact=True)``."""
    typescript: str | None
    """Such as ``getByRole('button', { name: 'Pay', exact: true })``; None where a secret is a part of it."""


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
    carried_out: tuple[ElementCall, ...] = ()
    """What it was really carried out by, where its action alone does not say so; exported tests do the same."""
    dialogs: tuple[DialogAnswer, ...] = ()
    """In the order in which they opened; those that opened while the page loaded belong to the first step."""

    def summary(self) -> StepSummary:
        """Returns the step as it stands in a list."""
        return StepSummary.model_validate(self.model_dump())


class Holder(Shape):
    """A person who holds control, or may."""

    viewer_id: str
    name: str


RoleName = Literal["viewer", "controller", "owner"]


class Watcher(Shape):
    """A person, or program, that is connected to a run."""

    viewer_id: str
    name: str
    role: RoleName


class Control(Shape):
    """Who holds control of the page, and since when."""

    holder: Holder | None = None
    since: Timestamp | None = None
    requests: tuple[Holder, ...] = ()
    """Those who ask the holder for it, in the order in which they asked."""


class Attention(Shape):
    """What a person is needed for: help for a run that is stuck, or the approval of a step."""

    reason: str
    deadline: Timestamp | None = None
    """When the run gives up; None while nothing runs out, as while somebody holds control."""
    since: Timestamp


def http_url(text: str) -> str:
    """Returns the text where it is an absolute http or https address; else pydantic reports the field ``url``."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise field_error("url", "give an absolute http or https address, such as https://example.com/")
    return text


_HOST = re.compile(r"(\*\.)?[\w-]+(\.[\w-]+)*\.?|\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]+\]?")
_BARE = re.compile(r"https?://[^/?#@]+/?", re.IGNORECASE)


class SecretUse(StrEnum):
    """Names where a secret may be used besides being filled into a field."""

    NAVIGATION = "navigation"
    EXPECTATION = "expectation"
    SELECTOR = "selector"


class GivenSecret(Shape):
    """A secret with what it may be used for."""

    value: str = Field(repr=False)
    """3 characters or more."""
    origins: tuple[str, ...] | None = Field(default=None, max_length=50)
    """Where it may be filled in, such as ``https://login.example``, or ``*`` for everywhere; None: the start URL's."""
    use: tuple[SecretUse, ...] = Field(default=(), max_length=3)
    """What it may be used for besides fields: in addresses of its origins, in expectations, in selectors."""


def secret_values(given: Mapping[str, str | GivenSecret]) -> dict[str, str]:
    """Returns the values by name."""
    return {name: secret if isinstance(secret, str) else secret.value for name, secret in given.items()}


def check_secrets(given: Mapping[str, str | GivenSecret]) -> None:
    """Has pydantic report the field ``secrets`` where a value is too short to be masked, or an origin is none."""
    for name, value in secret_values(given).items():
        if len(value) < SHORTEST:
            why = "is empty" if not value else f"is shorter than {SHORTEST} characters, and could not be hidden"
            raise field_error("secrets", f"the value of a secret {why}: {name}")
    for origin in (
        each for secret in given.values() if isinstance(secret, GivenSecret) for each in secret.origins or ()
    ):
        if origin != "*" and not (_BARE.fullmatch(origin) and origin_of(origin)):
            wanted = "give scheme and host, such as https://login.example, or *"
            raise field_error("secrets", f"'{origin}' is no origin: {wanted}")


class AttachedClient(Shape):
    """Whose browser a run is that jumpseat does not drive by itself."""

    kind: Literal["playwright", "cdp", "webdriver"]
    name: str | None = Field(default=None, max_length=200)
    """What it calls itself, such as the language of its Playwright."""
    version: str | None = Field(default=None, max_length=100)


class AttachedTest(Shape):
    """The test that an attached run belongs to, as far as it is known."""

    file: str | None = Field(default=None, max_length=4096)
    line: int | None = None
    title: str | None = Field(default=None, max_length=2000)
    """As the test runner prints it: pytest's node id, or Playwright Test's titles."""
    worker: str | None = Field(default=None, max_length=100)
    """The name of the parallel worker that it runs in."""
    retry: int = 0
    """0 for the first attempt."""


class SessionRef(Shape):
    """One attach session: the runs of one command."""

    id: str
    name: str = Field(max_length=200)
    folder: str | None = Field(default=None, max_length=4096)
    """The working folder of the command, which the names of its files are shown relative to."""


class SourceExcerpt(Shape):
    """Some lines of a client's own code."""

    file: str
    """Relative to the session's folder where it is in it."""
    line: int
    """The line that the step's call is in, from 1."""
    first: int
    """The number of the first of ``lines``."""
    lines: tuple[str, ...]


SpecPlanner = Literal["plain", "script", "model"]
"""A planner that a run can be created with."""
PlannerName = Literal["plain", "script", "model", "attached"]
BrowserName = Literal["chromium", "firefox", "webkit"]
Mode = Literal["auto", "review"]
PageLogMode = Literal["off", "on", "bodies"]
KeepMode = Literal["off", "on", "on-failure"]
"""Whether something of a run is kept; ``on-failure``: where the run does not pass."""


class NewRun(Shape):
    """What a run is made from: the body of ``POST /api/tests``."""

    url: Annotated[str, Field(max_length=8192), AfterValidator(http_url)]
    instructions: str | None = Field(default=None, max_length=65536)
    steps: tuple[Action, ...] | None = Field(default=None, max_length=2000)
    planner: SpecPlanner | None = None
    """None: ``script`` where steps are given, else the server's default."""
    mode: Mode = "auto"
    viewport: Viewport | None = None
    browser: BrowserName | None = None
    name: str | None = Field(default=None, max_length=200)
    secrets: dict[str, str | GivenSecret] = Field(default_factory=dict, max_length=100, repr=False)
    """Values for ``{{secret:NAME}}`` in actions and instructions, 3 characters or more; they appear nowhere else."""
    allow_hosts: tuple[str, ...] | None = Field(default=None, max_length=200)
    """The hosts that its pages may reach besides the start URL's: names, addresses, ``*.`` before a name for all below
    it; None: all that the server allows."""
    controller_secrets: bool | None = None
    """Whether controllers may use secrets in overrides and instructions; None: as the server is set."""
    record: KeepMode | None = None
    """Whether its pictures are recorded, ``on-failure`` the last minutes; None: as the server is set."""
    trace: KeepMode | None = None
    """Whether it is traced for Playwright's trace viewer; None: as the server is set."""
    page_log: PageLogMode | None = None
    """Whether its pages' consoles and requests are kept, and the texts that these send and get; None: as the server is
    set."""
    pause_before: int | None = Field(default=None, ge=0, lt=100_000)
    """The entry of its plan, by index from 0, that it pauses before, as at a breakpoint; not with the model planner."""
    step_timeout_ms: int = Field(default=15_000, ge=100, le=600_000)
    help_timeout_ms: int = Field(default=120_000, ge=0, le=86_400_000)

    @property
    def address(self) -> str:
        """``url`` as it may be shown: without user info."""
        return without_user_info(self.url)

    @model_validator(mode="after")
    def _secrets_can_be_hidden(self) -> Self:
        check_secrets(self.secrets)
        return self

    @property
    def reachable_hosts(self) -> tuple[str, ...] | None:
        """The hosts that its pages may reach, the start URL's first; None: all that the server allows."""
        host = urlsplit(self.url).hostname
        return None if self.allow_hosts is None else (*([host] if host else ()), *self.allow_hosts)

    @model_validator(mode="after")
    def _names_hosts(self) -> Self:
        for host in self.allow_hosts or ():
            if not _HOST.fullmatch(host):
                wanted = "a name, an address, or *. before a name, without scheme, port and path"
                raise field_error("allowHosts", f"'{host}' is no host: give {wanted}")
        return self

    @model_validator(mode="after")
    def _has_no_calls(self) -> Self:
        if any(step.type is ActionType.CALL for step in self.steps or ()):
            raise field_error("steps", ONLY_A_CLIENT_CALLS)
        return self

    @model_validator(mode="after")
    def _planner_has_its_plan(self) -> Self:
        if self.planner == "script" and self.steps is None:
            raise field_error("steps", "the script planner needs 'steps'")
        if self.planner in {"plain", "model"} and not (self.instructions or "").strip():
            raise field_error("instructions", f"the {self.planner} planner needs 'instructions'")
        return self


class AttachedRun(NewRun):
    """What a run is made from whose steps come from a client outside: its page may have no address yet."""

    url: str = Field(default="about:blank", max_length=8192)
    client: AttachedClient
    test: AttachedTest | None = None
    session: SessionRef


class InstructionProblem(Shape):
    """What the plain planner does not understand in instructions."""

    line: int
    """The line of the instructions, from 1."""
    sentence: str | None = None
    """As it was written; None where a quote is not closed."""
    message: str
    """What is wrong, with the line, and what could be written instead."""
    examples: tuple[str, ...] = ()
    """Sentences like it that are understood."""


class CurtainView(Shape):
    """What is kept from viewers' eyes."""

    closed_by: Holder | None = None
    """Whoever holds control and has closed the curtain: all others see a still picture. None: it is open."""
    lifted_by: Holder | None = None
    """The owner who has live pictures show covered fields; None: they are covered."""


class Comment(Shape):
    """Something that a person has said about a run, or about an element of its page."""

    number: int
    """Names it, from 1."""
    at: Timestamp
    by: Holder
    text: str
    selector: str | None = None
    """The element that it is about."""
    element: str | None = None
    """The same in words: ``button 'Pay now'``."""
    step: int = 0
    """The step that had been begun last; 0 before the first."""


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
    """Empty in lists of runs."""
    proposal: Proposal | None
    control: Control
    viewers: int
    controllers: tuple[Holder, ...] = ()
    """Those who are connected and may control, in the order in which they came."""
    watchers: tuple[Watcher, ...] = ()
    """All who are connected, in the order in which they came."""
    created_at: Timestamp
    started_at: Timestamp | None
    ended_at: Timestamp | None
    error: str | None
    failed_steps: int = 0
    """How many steps failed and were skipped or replaced: a run that passed with some is no plain pass."""
    attention: Attention | None = None
    """Set while a person is needed."""
    last_screenshot_url: str | None = None
    """Of the last step that has one."""
    curtain: CurtainView = CurtainView()
    """What is kept from viewers' eyes."""
    record: KeepMode = "off"
    """Whether its pictures are recorded; while they are, pictures are captured though nobody watches."""
    plan: PlanView | None = None
    """None in lists, after the end, and where the planner plans one step at a time."""
    trace: KeepMode = "off"
    """Whether it is traced for Playwright's trace viewer."""
    comments: tuple[Comment, ...] = ()
    """What people have said about it; empty in lists of runs."""
    client: AttachedClient | None = None
    """Set for an attached run, as are ``test`` and ``session``."""
    test: AttachedTest | None = None
    session: SessionRef | None = None
