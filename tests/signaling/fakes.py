"""Stand-ins behind signaling's ports: real state machines of runs, without a browser, and a list of share links."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from control.client_run import ClientRun
from control.errors import Busy, InvalidTransition, NotFound, ProtocolError, Unsupported
from control.event_log import EventLog
from control.protocol import commands as c
from control.protocol.actions import Action
from control.protocol.attach import AttachSessionView, NewAttachSession
from control.protocol.audit import AuditEntry, NumberedAuditEntry
from control.protocol.events import Hello, PageChanged, Picked, Pong, Reply, StepReplay
from control.protocol.links import SharedLink
from control.protocol.models import (
    AttachedRun,
    InstructionProblem,
    Locators,
    NewRun,
    RunView,
    SessionRef,
    SourceExcerpt,
    SpecPlanner,
    Step,
)
from control.protocol.page_log import PageLogView
from control.protocol.recording import RecordingTimeline
from control.protocol.shape import utc_now
from control.roles import Actor
from control.run import Run
from control.run_filter import RunFilter
from media.frames import JpegFrame, LatestFrame
from media.recording.movie import MovieFile
from media.stream import LiveStream


class NotedFrames(LatestFrame):
    """Tells who waits for a picture newer than which."""

    def __init__(self, note: Callable[[int], None]) -> None:
        super().__init__()
        self._note = note

    async def after(self, seq: int) -> JpegFrame:
        self._note(seq)
        return await super().after(seq)


class FakeRecording:
    """Implements signaling.ports.RecordingHandle with what a test has put into ``file``."""

    def __init__(self) -> None:
        self.file: MovieFile | None = None
        self.until_ms: int | None = None

    async def movie(self, *, until_ms: int | None = None) -> MovieFile:
        self.until_ms = until_ms
        if self.file is None:
            raise NotFound("this run was not recorded")
        return self.file

    async def timeline(self) -> RecordingTimeline:
        if self.file is None:
            raise NotFound("this run was not recorded")
        return RecordingTimeline(started_at=utc_now(), duration_ms=4000, growing=True)


class FakeTrace:
    """Implements signaling.ports.TraceHandle with what a test has put into ``file``."""

    def __init__(self) -> None:
        self.file: Path | None = None

    async def find(self) -> Path:
        if self.file is None:
            raise NotFound("this run was not traced")
        return self.file


class FakeRun:
    """A run whose page opens, whose steps never end by themselves, and whose pictures a test puts into ``latest``."""

    def __init__(self, spec: NewRun, *, owner: str) -> None:
        self.run = _state_machine(spec)
        self.id = self.run.id
        self.owner = owner
        self.waited: list[int] = []
        """The numbers after which somebody has waited for a newer picture."""
        self.latest = NotedFrames(self._note)
        self.stream: LiveStream | None = None
        self.watched: list[bool] = []
        self.submitted: list[tuple[c.Command, Actor]] = []
        self.joined: list[str] = []
        self.left: list[str] = []
        self.pictures: dict[tuple[int, bool], Path] = {}
        self.slow = asyncio.Event()
        """Set: commands are carried out at once. Cleared: they wait for it."""
        self.slow.set()
        self.broken = False
        self.said = PageLogView()
        self.downloaded: dict[int, Path] = {}
        self._changed = asyncio.Event()
        self.recording = FakeRecording()
        self.trace = FakeTrace()
        self.typed = {"password"}
        """Names of the passwords that a person has typed."""
        self.kept: list[str] = []

    @property
    def log(self) -> EventLog:
        return self.run.log

    def open(self) -> None:
        """The page is there."""
        self.run.start()
        self.run.ready(None)
        self.stream = LiveStream(self.latest, linger=0.0, on_watched=self.watched.append)

    async def end(self) -> None:
        self.run.cancel()
        stream, self.stream = self.stream, None
        if stream is not None:
            await stream.aclose()

    def _note(self, seq: int) -> None:
        self.waited.append(seq)
        self._changed.set()

    def say(self, text: str) -> None:
        """One more event, which a test can recognise."""
        self.log.append(PageChanged(url=f"http://shop.test/{text}", title=text))

    def view(self) -> RunView:
        return self.run.view()

    async def download(self, number: int) -> Path | None:
        return self.downloaded.get(number)

    async def page_log(self) -> PageLogView:
        return self.said

    def hello(self, actor: Actor) -> Hello:
        asked = self.run.diagnosis.help_request if self.run.diagnosis else None
        return Hello(role=actor.role, viewer_id=actor.viewer_id, run=self.view(), help=asked)

    def join(self, actor: Actor) -> None:
        self.joined.append(actor.viewer_id)
        self.run.join(actor)

    def leave(self, viewer_id: str) -> None:
        self.left.append(viewer_id)
        self.run.leave(viewer_id)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for ``condition``, looked at when a command has come, a viewer has left or waits for a picture."""
        async with asyncio.timeout(30):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_submitted(self, count: int) -> None:
        """Waits until ``count`` commands have come since the beginning."""
        await self.until(lambda: len(self.submitted) >= count)

    async def submit(self, command: c.Command, actor: Actor) -> Reply | None:
        self.submitted.append((command, actor))
        self._changed.set()
        await self.slow.wait()
        if self.broken:
            raise RuntimeError("a secret that nobody should read")
        match command:
            case c.Ping():
                return Pong(t=command.t)
            case c.ReplayStep():
                return StepReplay(step=self.run.step(command.step_number))
            case c.Pick():
                return Picked(selector="role=button")
            case _:
                self.run.apply(command, actor)
                return None

    async def keep_secret(self, name: str) -> None:
        if name not in self.typed:
            raise NotFound(f"no password was typed by hand as '{name}'")
        self.kept.append(name)

    async def steps(self, *, after: int = 0, limit: int | None = None) -> Sequence[Step]:
        found = [step for step in self.run.steps if step.step_number > after]
        return found[:limit]

    async def step(self, number: int) -> Step | None:
        return next((step for step in self.run.steps if step.step_number == number), None)

    async def screenshot(self, number: int, *, before: bool = False) -> Path | None:
        return self.pictures.get((number, before))

    def creation(self) -> dict[str, Any]:
        return self.run.spec.dump() | {"secrets": {}}

    async def export(self, format: str) -> str:
        texts = {"pytest": "def test_run() -> None: ...\n", "patch": "--- a/shop.py\n", "typescript": "test('run');\n"}
        if format not in texts:
            raise Unsupported(f"'{format}' is no format of ours: use pytest")
        return texts[format]

    async def source(self, number: int) -> SourceExcerpt:
        if self.run.step(number).location is None:
            raise NotFound("this step comes from no source file")
        return SourceExcerpt(file="shop.py", line=6, first=6, lines=("page.click()",))


def _state_machine(spec: NewRun) -> Run:
    run_id = secrets.token_urlsafe(16)

    def new_id() -> str:
        return secrets.token_urlsafe(8)

    def describe(action: Action) -> str:
        return f"{action.type} {action.selector}"

    if isinstance(spec, AttachedRun):
        return ClientRun(spec, run_id=run_id, new_id=new_id, describe=describe)
    return Run(spec, run_id=run_id, planner="script", new_id=new_id, describe=describe)


class FakeRuns:
    """Implements signaling.ports.Runs."""

    def __init__(self) -> None:
        self.all: dict[str, FakeRun] = {}
        self.most = 10

    async def create(self, spec: NewRun, *, owner: str) -> FakeRun:
        if len(self.all) >= self.most:
            raise Busy("there are as many runs as there may be", retry_after=7)
        run = FakeRun(spec, owner=owner)
        self.all[run.id] = run
        return run

    async def spec_file(self, spec: NewRun) -> str:
        if spec.instructions and "Buy" in spec.instructions:
            raise ProtocolError("I do not understand it (line 1).", field="instructions")
        return f"url: {spec.url}\n"

    def locators(self, selector: str) -> Locators:
        return Locators(python=f"locator({selector!r})", typescript=None)

    async def check(self, instructions: str, *, planner: SpecPlanner | None) -> Sequence[InstructionProblem]:
        if planner == "model" or "Buy" not in instructions:
            return ()
        return (InstructionProblem(line=1, sentence=instructions, message="I do not understand it (line 1)."),)

    async def get(self, run_id: str, *, with_steps: bool = True) -> FakeRun | None:
        return self.all.get(run_id)

    async def list(
        self,
        *,
        owner: str,
        wanted: RunFilter,
        limit: int,
        cursor: str | None,
    ) -> tuple[list[RunView], str | None]:
        if cursor is not None and not cursor.isdigit():
            raise ProtocolError("cursor: it is none of ours", field="cursor")
        start = int(cursor or 0)
        found = [run.run.view(with_steps=False) for run in self.all.values() if run.owner == owner]
        found = [view for view in found if wanted.matches(view)]
        more = start + limit < len(found)
        return found[start : start + limit], str(start + limit) if more else None

    async def delete(self, run_id: str) -> None:
        if not self.all[run_id].run.final:
            raise InvalidTransition("the run is active: cancel it first")
        del self.all[run_id]


class FakeAttachSession:
    """Implements signaling.ports.AttachSessionHandle; nothing listens at its endpoint."""

    def __init__(self, wanted: NewAttachSession, *, owner: str) -> None:
        self.ref = SessionRef(id=secrets.token_urlsafe(16), name=wanted.name, folder=wanted.folder)
        self.wanted = wanted
        self.owner = owner
        self.attended = False
        self.notes: tuple[str, ...] = ()

    def view(self) -> AttachSessionView:
        return AttachSessionView(
            session=self.ref,
            endpoint=f"ws://127.0.0.1:{self.wanted.port or 9323}/a-token",
            attended=self.attended,
            runs=0,
            review=self.wanted.review,
            notes=self.notes,
        )

    def attend(self) -> None:
        self.attended = True


class FakeAttachments:
    """Implements signaling.ports.Attachments."""

    def __init__(self) -> None:
        self.all: dict[str, FakeAttachSession] = {}
        self.opened: list[FakeAttachSession] = []
        """All that were ever opened."""
        self.taken_ports: set[int] = set()
        self.notes: tuple[str, ...] = ()
        """Of every session to come."""

    async def open(self, wanted: NewAttachSession, *, owner: str) -> FakeAttachSession:
        if wanted.port in self.taken_ports:
            raise ProtocolError(f"port: {wanted.port} is taken", field="port")
        session = FakeAttachSession(wanted, owner=owner)
        session.notes = self.notes
        self.all[session.ref.id] = session
        self.opened.append(session)
        return session

    def get(self, session_id: str) -> FakeAttachSession | None:
        return self.all.get(session_id)

    async def close(self, session_id: str) -> None:
        self.all.pop(session_id, None)


class FakeAuditTrail:
    """Implements signaling.ports.AuditTrail."""

    def __init__(self) -> None:
        self.all: list[tuple[str, NumberedAuditEntry]] = []

    def record(self, entry: AuditEntry, *, owner: str) -> None:
        self.all.append((owner, NumberedAuditEntry(**dict(entry), number=len(self.all) + 1)))

    async def read(self, owner: str, *, run_id: str | None, after: int, limit: int) -> list[NumberedAuditEntry]:
        found = [each for of, each in self.all if of == owner and run_id in {None, each.run_id} and each.number > after]
        return found[:limit]


class FakeShareLinks:
    """Implements signaling.ports.ShareLinks."""

    def __init__(self, runs: FakeRuns | None = None) -> None:
        self.runs = runs or FakeRuns()
        self.all: dict[tuple[str, str], SharedLink] = {}
        self.revoked: set[tuple[str, str]] = set()

    async def add(self, run_id: str, link: SharedLink) -> None:
        self.all[run_id, link.id] = link

    async def living(self, run_id: str) -> list[SharedLink]:
        return [link for (of, _), link in self.all.items() if of == run_id]

    async def count_living(self, owner: str) -> int:
        return sum(run_id in self.runs.all and self.runs.all[run_id].owner == owner for run_id, _ in self.all)

    def seen(self, run_id: str, token_id: str, link: SharedLink | None) -> None:
        found = self.all.get((run_id, token_id), link)
        if found is not None:
            self.all[run_id, token_id] = found.model_copy(update={"last_seen_at": utc_now()})

    async def revoke(self, run_id: str, token_id: str, *, until: datetime) -> None:
        self.revoked.add((run_id, token_id))
        self.all.pop((run_id, token_id), None)

    async def is_revoked(self, run_id: str, token_id: str) -> bool:
        return (run_id, token_id) in self.revoked
