"""The interfaces that signaling needs: runs, attach sessions, share links. The runner implements them, and is never
imported here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from control.event_log import EventLog
from control.protocol.attach import AttachSessionView, NewAttachSession
from control.protocol.audit import AuditEntry, NumberedAuditEntry
from control.protocol.commands import Command
from control.protocol.events import Hello, Reply
from control.protocol.links import SharedLink
from control.protocol.models import (
    InstructionProblem,
    Locators,
    NewRun,
    RunView,
    SourceExcerpt,
    SpecPlanner,
    Step,
)
from control.protocol.page_log import PageLogView
from control.protocol.recording import RecordingTimeline
from control.roles import Actor
from control.run_filter import RunFilter
from media.recording.movie import MovieFile
from media.stream import LiveStream


class RecordingHandle(Protocol):
    """One run's recording. Each method raises NotFound, with the reason, where there is none."""

    async def movie(self, *, until_ms: int | None = None) -> MovieFile:
        """Returns what there is so far, with a chapter for each step.

        With ``until_ms`` nothing that begins later than so many milliseconds from the beginning, and no chapters: then
        the same bytes come of it each time, though the run goes on.
        """

    async def timeline(self) -> RecordingTimeline:
        """Returns how long it is and where nothing happens in it."""


class TraceHandle(Protocol):
    """One run's trace."""

    async def find(self) -> Path:
        """Returns the zip, with nothing secret in it. Raises NotFound, with the reason, where there is none."""


class RunHandle(Protocol):
    """One run, live or read back from the store."""

    @property
    def id(self) -> str: ...

    @property
    def owner(self) -> str:
        """The name of the API key that created it."""

    @property
    def log(self) -> EventLog:
        """The numbered events; empty for a run that was read back."""

    @property
    def recording(self) -> RecordingHandle: ...

    @property
    def trace(self) -> TraceHandle: ...

    @property
    def stream(self) -> LiveStream | None:
        """The live pictures; None before the page is open, after the run, and where streaming is switched off."""

    def view(self) -> RunView: ...

    def hello(self, actor: Actor) -> Hello:
        """Returns the state of the run, for a viewer who has just connected."""

    def join(self, actor: Actor) -> None:
        """Counts an open connection of this viewer; paired with ``leave``."""

    def leave(self, viewer_id: str) -> None: ...

    async def submit(self, command: Command, actor: Actor) -> Reply | None:
        """Carries the command out and returns the reply; None means a plain ack. Raises Refused with the reason."""

    async def steps(self, *, after: int = 0, limit: int | None = None) -> Sequence[Step]:
        """The steps in order, from the one behind number ``after``; at most ``limit`` of them."""

    async def step(self, number: int) -> Step | None:
        """The step of that number; None where there is none."""

    async def screenshot(self, number: int, *, before: bool = False) -> Path | None:
        """Returns the JPEG file of the page after (or before) a step; None where there is none."""

    def creation(self) -> dict[str, Any]:
        """Returns the body that the run was created with, without secrets' values."""

    async def keep_secret(self, name: str) -> None:
        """Makes a secret of the run of the password that a person typed by hand under this name; safe to repeat.

        Raises NotFound where none was, InvalidTransition after the run, and ProtocolError for one that is too short.
        """

    async def page_log(self) -> PageLogView:
        """Returns what the run's page said, as far as it is kept."""

    async def download(self, number: int) -> Path | None:
        """Returns the file that the page downloaded under this number; None where it is not kept."""

    async def export(self, format: str) -> str:
        """Returns the run in this format. Raises Unsupported for one that is not known."""

    async def source(self, number: int) -> SourceExcerpt:
        """Returns the lines of the client's code around the call of this step.

        Raises NotFound, with one sentence, where there is no such step or its file cannot be read.
        """


class Runs(Protocol):
    """All runs, live and stored."""

    async def create(self, spec: NewRun, *, owner: str) -> RunHandle:
        """Starts a run. Raises Busy where no more may be started now."""

    async def spec_file(self, spec: NewRun) -> str:
        """Returns a test file from which the same run is made; values of secrets are not in it.

        Raises ProtocolError for what a run would be refused for.
        """

    def locators(self, selector: str) -> Locators:
        """Returns how tests write this selector."""

    async def check(self, instructions: str, *, planner: SpecPlanner | None) -> Sequence[InstructionProblem]:
        """Returns what is wrong with instructions for this planner; None: the server's default."""

    async def get(self, run_id: str, *, with_steps: bool = True) -> RunHandle | None:
        """Returns the run; ``view`` of a finished one may lack its steps where they were not asked for."""

    async def list(
        self,
        *,
        owner: str,
        wanted: RunFilter,
        limit: int,
        cursor: str | None,
    ) -> tuple[list[RunView], str | None]:
        """Returns runs without their steps, newest first, with the cursor of the next page.

        Raises ProtocolError for a foreign cursor.
        """

    async def delete(self, run_id: str) -> None:
        """Removes a finished run and its files. Raises InvalidTransition while it is active."""


class AttachSessionHandle(Protocol):
    """One attach session: an endpoint for somebody's own tests, and the runs that come of them."""

    @property
    def owner(self) -> str:
        """The name of the API key that opened it."""

    def view(self) -> AttachSessionView: ...

    def attend(self) -> None:
        """Counts the owner as present for a while: somebody is at the session's page."""


class Attachments(Protocol):
    """All attach sessions."""

    async def open(self, wanted: NewAttachSession, *, owner: str) -> AttachSessionHandle:
        """Opens an endpoint on loopback. Raises ProtocolError that names ``port`` where that one is taken."""

    def get(self, session_id: str) -> AttachSessionHandle | None: ...

    async def close(self, session_id: str) -> None:
        """Ends the session's endpoint, its browsers and its unfinished runs; safe to repeat."""


class AuditTrail(Protocol):
    """Who did what to which run; entries outlive their runs, and are never changed."""

    def record(self, entry: AuditEntry, *, owner: str) -> None:
        """Adds an entry about a run of this owner; it is written soon."""

    async def read(self, owner: str, *, run_id: str | None, after: int, limit: int) -> Sequence[NumberedAuditEntry]:
        """Returns the entries about all runs of this owner, or about one, in order, from behind number ``after``."""


class ShareLinks(Protocol):
    """The share links of all runs. They, and which of them were revoked, are kept over a restart."""

    async def add(self, run_id: str, link: SharedLink) -> None:
        """Keeps a link that was made."""

    async def living(self, run_id: str) -> Sequence[SharedLink]:
        """Returns the run's links that have neither expired nor been revoked, newest first."""

    async def count_living(self, owner: str) -> int:
        """Returns how many links of all runs of this owner have neither expired nor been revoked."""

    def seen(self, run_id: str, token_id: str, link: SharedLink | None) -> None:
        """Notes that somebody uses the link now.

        ``link`` is kept where the link is not known; it is None where a token is used that was derived from it.
        """

    async def revoke(self, run_id: str, token_id: str, *, until: datetime) -> None:
        """Revokes a link. ``until`` is when it has expired for sure, after which it may be forgotten."""

    async def is_revoked(self, run_id: str, token_id: str) -> bool: ...
