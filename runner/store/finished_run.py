"""The handle of a run that is over and was read back from the store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from control.errors import InvalidTransition, NotFound
from control.event_log import EventLog
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import RunView, SourceExcerpt, Step
from control.protocol.page_log import PageLogView
from control.protocol.shape import Clock
from control.protocol.wording import ending
from control.roles import Actor
from media.stream import LiveStream
from runner.export.port import Exporter, exportable
from runner.export.source_files import excerpt
from runner.store.page_log import read_page_log
from runner.store.recordings import RunRecording
from runner.store.rows import RunRecord
from runner.store.store import Store
from runner.store.traces import TraceFile
from runner.store.uploads import UploadStore


class FinishedRun:
    """Answers what a finished run can answer. Implements signaling.ports.RunHandle."""

    def __init__(self, record: RunRecord, store: Store, *, clock: Clock, exporter: Exporter) -> None:
        self._record = record
        self._store = store
        self._exporter = exporter
        self._uploads = UploadStore(store.uploads_folder(record.view.id))
        self.owner = record.owner
        self.recording = RunRecording(
            store.recording_folder(record.view.id), store.recordings, view=self.view, steps=self.steps
        )
        self.trace = TraceFile(store.folder(record.view.id), view=self.view)
        self.log = EventLog(record.view.id, clock=clock)

    @property
    def id(self) -> str:
        return self._record.view.id

    @property
    def stream(self) -> LiveStream | None:
        return None

    def view(self) -> RunView:
        return self._record.view

    def hello(self, actor: Actor) -> e.Hello:
        return e.Hello(role=actor.role, viewer_id=actor.viewer_id, run=self.view())

    def join(self, actor: Actor) -> None:
        """Counts nobody: nothing happens here any more."""

    def leave(self, viewer_id: str) -> None:
        """Does nothing, as ``join``."""

    async def submit(self, command: c.Command, actor: Actor) -> e.Reply | None:
        """Answers ``ping`` and ``replay_step``. Raises Refused for everything else."""
        match command:
            case c.Ping():
                return e.Pong(id=command.id, t=command.t)
            case c.ReplayStep():
                return e.StepReplay(id=command.id, step=await self._replayed(command.step_number))
        if not self.view().status.final:
            raise InvalidTransition(f"cannot {c.in_words(command.type)}: another server carries this run out")
        raise InvalidTransition(f"cannot {c.in_words(command.type)}: the run {ending(self.view().status)}")

    async def steps(self, *, after: int = 0, limit: int | None = None) -> Sequence[Step]:
        found = await self._store.steps(self.id, after=after, limit=limit)
        return [self._uploads.mark_removed(step) for step in found]

    async def step(self, number: int) -> Step | None:
        found = await self._store.step(self.id, number)
        return found and self._uploads.mark_removed(found)

    async def screenshot(self, number: int, *, before: bool = False) -> Path | None:
        return await self._store.screenshot(self.id, number, before=before)

    def creation(self) -> dict[str, Any]:
        return self._record.creation

    async def keep_secret(self, name: str) -> None:
        """Raises InvalidTransition: what was typed is known no more."""
        raise InvalidTransition(f"cannot keep a secret: the run {ending(self.view().status)}")

    async def page_log(self) -> PageLogView:
        return await asyncio.to_thread(read_page_log, self._store.page_log_path(self.id))

    async def download(self, number: int) -> Path | None:
        return await self._store.download(self.id, number)

    async def export(self, format: str) -> str:
        """Raises Unsupported."""
        view, steps = exportable(self.view(), await self.steps(), uploads=self._uploads, creation=self._record.creation)
        return await asyncio.to_thread(self._exporter, view, steps, format)

    async def source(self, number: int) -> SourceExcerpt:
        """Raises NotFound."""
        return await asyncio.to_thread(excerpt, self.view(), await self._replayed(number))

    async def _replayed(self, number: int) -> Step:
        step = await self.step(number)
        if step is None:
            raise NotFound(f"there is no step {number}; the run has {len(await self.steps())}")
        return step
