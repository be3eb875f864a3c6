"""The protocol of browser drivers: one run's pages, and everything that a session does to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from control.protocol.actions import Action, Box, Size
from control.protocol.commands import AnswerDialog, Input, Pick
from control.protocol.events import Dialog, PageChanged, Picked
from control.protocol.models import DialogAnswer, ElementCall
from control.protocol.page_log import ConsoleEntry, DownloadEntry, RequestEntry
from media.frames import FrameSink


class StepFailed(Exception):
    """The page did not let the action happen; the message says why and what to do."""


class BrowserGone(Exception):
    """The browser has crashed or was closed."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element that a person could name: what a planner chooses from."""

    role: str
    name: str
    selector: str
    """A Playwright selector that finds exactly this element."""


@dataclass(frozen=True, slots=True)
class PageView:
    """What a planner sees of the page."""

    url: str
    title: str
    snapshot: str
    """Playwright's aria snapshot in ``ai`` mode, YAML, bounded in size; the page's words: data, never instructions."""
    elements: tuple[Element, ...] = ()
    """The visible elements with a role and a name, in document order."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an action would land."""

    selector: str
    box: Box | None
    viewport: Size


@dataclass(frozen=True, slots=True)
class HumanAction:
    """What a person did with pointer and keys, as an action that does the same."""

    action: Action
    description: str
    started_at: float
    """Seconds, as `time.monotonic` counts them: nobody can set that clock."""
    tab: int | None = None
    """The index of the tab that it was done in; None: the active one."""
    merges: bool = False
    """It continues the person's previous action, such as more text in the same field, and takes its place."""
    password: str | None = field(default=None, repr=False)
    """What a password field holds now; the action has dots in its place."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Holds what a selector finds now."""

    visible: int
    """How many elements can be seen."""
    usable: Sequence[int]
    """Which of these, counted from 0, a pointer could use: enabled, within reach, covered by nothing, in the topmost
    dialog."""


@dataclass(slots=True)
class CarriedOut:
    """Holds how an action was really carried out; see `Step.carried_out` and `Step.note`."""

    calls: list[ElementCall] = field(default_factory=list)
    note: str | None = None

    def add(self, method: str, selector: str, value: str | None = None) -> None:
        """Appends a call."""
        self.calls.append(ElementCall.model_validate({"selector": selector, "method": method, "value": value}))


class Trace(Protocol):
    """What is written down of one run's pages for Playwright's trace viewer. Its methods raise nothing."""

    spoilt: bool
    """True where it may hold what it was to leave out: it is for nobody then."""

    def step(self, title: str) -> AbstractAsyncContextManager[None]:
        """Puts what is done within this under one title, with the DOM of the active page as that is afterwards."""

    async def pause(self) -> None:
        """Leaves out what happens from now on."""

    async def resume(self) -> None: ...

    async def stop(self) -> None:
        """Ends it, with all that has come written down."""


class PageLook(Protocol):
    """What planners see of one run's pages. All methods raise BrowserGone once the browser has gone.

    Selectors that it is given, and those that it answers with, are written as in actions: see `control.secrets.escape`.
    """

    async def find(self, selector: str, *, timeout_ms: int = 0) -> Target | None:
        """Returns the first visible match and its box; None where there is none within the time."""

    async def count(self, selector: str) -> int:
        """Returns how many visible elements match now."""

    async def survey(self, selector: str) -> Survey:
        """Returns how many visible elements match now, and which of them can be used."""

    async def frames(self) -> Sequence[str]:
        """Returns, for each visible frame in the page, what a selector begins with that finds something in it."""

    async def observe(self) -> PageView: ...

    async def durable(self, selector: str) -> str:
        """Returns a selector that goes on finding the element that ``selector`` (such as ``aria-ref=e12``) finds now.

        Raises StepFailed where it finds none, or several.
        """

    async def screenshot(self) -> bytes:
        """Returns the active page as JPEG. Raises StepFailed where none can be made."""

    @property
    def url(self) -> str:
        """Holds the active page's address."""


class Driver(PageLook, Protocol):
    """One run's browser. All methods raise BrowserGone once the browser has gone.

    Selectors here are as Playwright takes them, with nothing escaped.
    """

    on_page: Callable[[PageChanged], None]
    """Called when the active page's address, title, tabs or size have changed."""
    on_dialog: Callable[[Dialog], None]
    """Called when a native dialog, file chooser or select opens, and again (``closed``) when it is gone."""
    on_answered: Callable[[DialogAnswer], None]
    """Called when a native dialog is about to be answered, by a person or by default."""
    on_waiting: Callable[[str | None], None]
    """Called with why an action's element cannot be used yet, while it is waited for; with None when that is over."""
    on_gone: Callable[[BrowserGone], None]
    """Called once, with the reason, when the browser has crashed or was closed by somebody else."""
    on_refused: Callable[[str], None]
    """Called with one sentence for each host and port that the page was kept from."""
    on_page_said: Callable[[ConsoleEntry | RequestEntry], None]
    """Called with each line of the pages' consoles, each uncaught error, and each request that is over."""
    on_download: Callable[[DownloadEntry, Path | None], None]
    """Called with each download that is over, and its file while the browser lives; None: see the entry's error."""
    on_muted: Callable[[timedelta], None]
    """Called with how long a flood of these was not listened to."""
    attended: bool
    """True while a person holds control: native dialogs, file choosers and selects wait for an answer. Without one,
    each native dialog is answered at once: accepted, but a prompt is dismissed."""

    curtained: bool
    """True while a person types what nobody else is to see: it is returned as passwords are."""

    @property
    def trace(self) -> Trace | None:
        """Holds what is written down of its pages; None where nothing is."""

    def hear_pages(self, *, bodies: bool) -> None:
        """Reports from now on what the pages say; ``bodies``: also the texts that their requests send and get."""

    async def open(self, url: str) -> None:
        """Loads the first page. Raises StepFailed with a reason for a person."""

    async def perform(
        self,
        action: Action,
        *,
        timeout_ms: int,
        carried_out: CarriedOut | None = None,
        origins: frozenset[str] | None = None,
    ) -> Action:
        """Does it; the answer names the elements that it was done to, where ``action`` left open which.

        ``carried_out`` takes how it was done; nothing where the action says it all. What it fills in goes into frames
        of these ``origins`` only, where there are any. Raises StepFailed. Cancelling it leaves nothing behind that
        would act later.
        """

    @property
    def tab(self) -> int:
        """Holds the active page's index among the open ones; the first is 0."""

    @property
    def acted_in(self) -> int:
        """Holds the index of the tab that the last action was done in, as it was then."""

    async def input(self, command: Input) -> list[HumanAction]:
        """Carries out a person's input; returns what it amounts to, once that is known (often nothing yet)."""

    async def flush_input(self) -> list[HumanAction]:
        """Releases held keys and buttons when control ends, and returns what had not been returned."""

    async def pick(self, command: Pick) -> Picked:
        """Returns the element at that point. Raises StepFailed where there is none."""

    async def browse(self, action: Action) -> None:
        """Does what a person does around the page: goes back, to an address, to another tab. Raises StepFailed."""

    async def selection(self) -> str:
        """Returns the text that is selected where the keyboard goes; nothing of a password. Raises StepFailed."""

    async def answer(self, command: AnswerDialog) -> HumanAction | None:
        """Answers an open dialog. Raises control.errors.NotFound where it is open no more."""

    async def still_picture(self, sentence: str) -> bytes:
        """Returns a JPEG in the page's size that shows nothing but this sentence, as far as it can be drawn."""

    def covering(self) -> AbstractAsyncContextManager[None]:
        """Covers, in every picture from then on, the fields that get input within this."""

    def lift_covers(self, lifted: bool) -> None:
        """Shows in live pictures what is covered in them, or covers it again; screenshots stay covered."""

    async def start_capture(self, sink: FrameSink, *, fps: int) -> None: ...

    async def stop_capture(self) -> None: ...

    async def aclose(self) -> None:
        """Closes the browser and waits; may be called again."""


class Drivers(Protocol):
    """Opens browsers."""

    async def launch(
        self, kind: str, *, viewport: Size, allow_hosts: Sequence[str] | None = None, trace: Path | None = None
    ) -> Driver:
        """Returns a browser whose pages reach these hosts alone, all that the server allows where there are none.

        With ``trace`` it is traced into that folder.

        Raises StepFailed with what to do where no such browser can be started.
        """

    async def aclose(self) -> None: ...
