"""Stand-ins at the seams: a browser that does nothing, a planner that follows a list, a clock that is set by hand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from control.protocol.actions import Action, Box, Size
from control.protocol.commands import AnswerDialog, Input, Pick
from control.protocol.events import Dialog, PageChanged, Picked
from control.protocol.models import DialogAnswer
from control.protocol.page_log import ConsoleEntry, DownloadEntry, RequestEntry
from media.frames import FrameSink
from runner.driver import BrowserGone, CarriedOut, HumanAction, PageView, StepFailed, Survey, Target, Trace
from runner.planners.base import Failure, Idea, PlanEntry, Repair, Stuck, Task

JPEG = b"\xff\xd8\xff\xe0fake\xff\xd9"


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
        self._advanced = asyncio.Event()

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        """Goes on by so much, a ``timedelta``'s arguments, and wakes the alarms that are due."""
        self.now += timedelta(**time)
        self._advanced.set()
        self._advanced = asyncio.Event()

    async def alarm(self, moment: datetime) -> None:
        """Implements runner.run.changes.Alarm."""
        while self.now < moment:
            await self._advanced.wait()


class Gate:
    """Holds up whoever passes while it is closed, and tells when somebody has come to it."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self.reached = asyncio.Event()
        self.abandoned = asyncio.Event()
        """Set once somebody was cancelled while they waited."""

    def close(self) -> None:
        self._open.clear()
        self.reached.clear()

    def open(self) -> None:
        self._open.set()

    async def pass_through(self) -> None:
        self.reached.set()
        try:
            await self._open.wait()
        except asyncio.CancelledError:
            self.abandoned.set()
            raise


class FakeDriver:
    """A browser without a page; what it is asked to do is noted in ``did``."""

    trace: Trace | None = None

    def __init__(self) -> None:
        self.on_page: Callable[[PageChanged], None] = lambda _: None
        self.on_dialog: Callable[[Dialog], None] = lambda _: None
        self.on_answered: Callable[[DialogAnswer], None] = lambda _: None
        self.on_waiting: Callable[[str | None], None] = lambda _: None
        self.on_gone: Callable[[BrowserGone], None] = lambda _: None
        self.on_refused: Callable[[str], None] = lambda _: None
        self.on_page_said: Callable[[ConsoleEntry | RequestEntry], None] = lambda _: None
        self.on_download: Callable[[DownloadEntry, Path | None], None] = lambda *_: None
        self.on_muted: Callable[[timedelta], None] = lambda _: None
        self.attended = False
        self.curtained = False
        self.lifted = False
        self.url = "http://shop.test/"
        self.tab = 0
        self.acted_in = 0
        self.met: dict[str, str] = {}
        """What selectors that leave it open turn out to be."""
        self.did: list[str] = []
        self.performed: list[Action] = []
        self.carries_out = CarriedOut()
        """How it says that it has carried out each action."""
        self.origins: list[frozenset[str] | None] = []
        """Where each action was allowed to fill its value in."""
        self.timeouts: list[int] = []
        """Milliseconds that each action was given."""
        self.perform_gate = Gate()
        self.slow_to_stop = Gate()
        """Where an action passes that is cancelled."""
        self.open_gate = Gate()
        self.failures: dict[str, deque[str]] = {}
        """Selector to the reasons with which its next actions fail."""
        self.unreachable: str | None = None
        self.screenshot_error: Exception | None = None
        self.screenshots = 0
        self.capture_error: Exception | None = None
        self.sink: FrameSink | None = None
        self.human: deque[list[HumanAction]] = deque()
        """What the next inputs amount to."""
        self.flush_gate = Gate()
        self.flush_error: Exception | None = None
        self.held_back: list[HumanAction] = []
        """What ``flush_input`` returns."""
        self.heard_bodies: bool | None = None
        """Whether bodies are heard, too; None: the pages are not heard at all."""
        self.selected = ""
        """What ``selection`` returns."""
        self.gone: str | None = None
        self.closed = 0
        self.tried = asyncio.Event()
        self.captured = asyncio.Event()

    def fail(self, selector: str, *reasons: str) -> None:
        """The next actions on the selector fail, one for each reason."""
        self.failures.setdefault(selector, deque()).extend(reasons)

    def crash(self) -> None:
        """The browser goes, as the process of a real one might."""
        self.gone = "it has crashed"
        self.on_gone(BrowserGone(self.gone))

    def hear_pages(self, *, bodies: bool) -> None:
        self.heard_bodies = bodies

    async def open(self, url: str) -> None:
        self.did.append(f"open {url}")
        await self.open_gate.pass_through()
        self._check()
        if self.unreachable:
            raise StepFailed(self.unreachable)
        self.url = url
        self.on_page(PageChanged(url=url, title="Shop"))

    async def perform(
        self,
        action: Action,
        *,
        timeout_ms: int,
        carried_out: CarriedOut | None = None,
        origins: frozenset[str] | None = None,
    ) -> Action:
        self._check()
        self.did.append(f"{action.type} {action.selector}")
        self.timeouts.append(timeout_ms)
        self.origins.append(origins)
        try:
            await self.perform_gate.pass_through()
        except asyncio.CancelledError:
            await self.slow_to_stop.pass_through()
            self.did.append(f"stopped {action.type}")
            raise
        self._check()
        failures = self.failures.get(action.selector or "")
        if failures:
            raise StepFailed(failures.popleft())
        self.performed.append(action)
        if carried_out is not None:
            carried_out.calls.extend(self.carries_out.calls)
            carried_out.note = self.carries_out.note
        return action.model_copy(update={"selector": self.met.get(action.selector or "", action.selector)})

    async def find(self, selector: str, *, timeout_ms: int = 0) -> Target | None:
        return Target(selector, Box(x=1, y=2, width=30, height=40), Size(width=1280, height=720))

    async def count(self, selector: str) -> int:
        return 1

    async def survey(self, selector: str) -> Survey:
        return Survey(1, (0,))

    async def frames(self) -> Sequence[str]:
        return ()

    async def observe(self) -> PageView:
        self._check()
        return PageView(self.url, "Shop", "")

    async def durable(self, selector: str) -> str:
        return f"durable {selector}"

    async def screenshot(self) -> bytes:
        self._check()
        if self.screenshot_error:
            raise self.screenshot_error
        self.screenshots += 1
        return JPEG + str(self.screenshots).encode()

    async def input(self, command: Input) -> list[HumanAction]:
        self._check()
        self.did.append(f"input {command.kind} {command.text or command.key}".strip())
        return self.human.popleft() if self.human else []

    async def flush_input(self) -> list[HumanAction]:
        self._check()
        self.did.append("flush")
        await self.flush_gate.pass_through()
        if self.flush_error:
            raise self.flush_error
        held_back, self.held_back = self.held_back, []
        return held_back

    async def pick(self, command: Pick) -> Picked:
        if command.x < 0:
            raise StepFailed("there is nothing at that point")
        return Picked(selector="role=button", name="Pay")

    async def browse(self, action: Action) -> None:
        self._check()
        self.did.append(f"browse {action.type} {action.text}".strip())
        failures = self.failures.get(action.text)
        if failures:
            raise StepFailed(failures.popleft())

    async def selection(self) -> str:
        return self.selected

    async def answer(self, command: AnswerDialog) -> HumanAction | None:
        self.did.append(f"answer {command.dialog_id}")
        return None

    async def still_picture(self, sentence: str) -> bytes:
        self._check()
        return JPEG + sentence.encode()

    @asynccontextmanager
    async def covering(self) -> AsyncIterator[None]:
        self.did.append("cover")
        yield

    def lift_covers(self, lifted: bool) -> None:
        self.lifted = lifted

    async def start_capture(self, sink: FrameSink, *, fps: int) -> None:
        self.did.append(f"capture at {fps}")
        self.tried.set()
        if self.capture_error:
            raise self.capture_error
        self.sink = sink
        self.captured.set()

    async def stop_capture(self) -> None:
        self.did.append("stop capture")
        self.sink = None

    async def aclose(self) -> None:
        self.closed += 1

    def _check(self) -> None:
        if self.gone:
            raise BrowserGone(self.gone)


class FakeDrivers:
    """Launches ``driver``, once."""

    def __init__(self, driver: FakeDriver | None = None) -> None:
        self.driver = driver or FakeDriver()
        self.launched: list[tuple[str, Size]] = []
        self.allowed: list[Sequence[str] | None] = []
        self.traced: list[Path | None] = []
        """Where each was to be traced into."""
        self.gate = Gate()
        self.error: str | None = None

    async def launch(
        self, kind: str, *, viewport: Size, allow_hosts: Sequence[str] | None = None, trace: Path | None = None
    ) -> FakeDriver:
        await self.gate.pass_through()
        if self.error:
            raise StepFailed(self.error)
        self.launched.append((kind, viewport))
        self.allowed.append(allow_hosts)
        self.traced.append(trace)
        return self.driver

    async def aclose(self) -> None:
        pass


class FakePlanner:
    """Proposes its ideas in order, by how many are settled; ``by_version`` says what follows from new instructions."""

    def __init__(self, ideas: Iterable[Action] = (), *, looks_ahead: bool = True, plans_ahead: bool = False) -> None:
        self.looks_ahead = looks_ahead
        self.plans_ahead = plans_ahead
        self.by_version: dict[int, list[Action]] = {1: list(ideas)}
        self._begun: dict[int, int] = {1: 0}
        self.tasks: list[Task] = []
        self.failures: list[Failure] = []
        self.repairs: deque[Repair] = deque()
        """What ``repair`` answers; nothing helps once it is empty."""
        self.stuck: deque[Exception] = deque()
        """What the next ``propose`` raises."""
        self.gate = Gate()
        self.closed = 0

    def remaining(self, task: Task) -> int | None:
        return len(self._left(task))

    def plan(self, task: Task) -> list[PlanEntry] | None:
        return [PlanEntry(idea(each).description) for each in self._left(task)] if self.plans_ahead else None

    def expects(self, task: Task) -> bool:
        left = self._left(task)
        return bool(left) and left[0].type.expects

    async def propose(self, task: Task, driver: object) -> Idea | None:
        self.tasks.append(task)
        await self.gate.pass_through()
        if self.stuck:
            raise self.stuck.popleft()
        left = self._left(task)
        return idea(left[0], remaining=len(left)) if left else None

    async def repair(self, task: Task, driver: object, failure: Failure) -> Repair:
        self.failures.append(failure)
        return self.repairs.popleft() if self.repairs else Repair()

    async def aclose(self) -> None:
        self.closed += 1

    def _left(self, task: Task) -> list[Action]:
        if task.version not in self.by_version:
            raise Stuck(f"no plan for version {task.version}")
        begun = self._begun.setdefault(task.version, task.consumed)
        return self.by_version[task.version][task.consumed - begun :]


def idea(action: Action, *, remaining: int | None = None) -> Idea:
    return Idea(action, f"{action.type} {action.selector}", reasoning="it is next", remaining=remaining)


def click(selector: str) -> Action:
    return Action.model_validate({"type": "click", "selector": selector})
