"""The recorder, which writes one run to the store while it goes on."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from control.event_log import Entry
from control.protocol import events as e
from control.protocol.models import RunView, Step
from control.run import Run
from runner.log import RunLog
from runner.store.store import Store, StoreErrors

_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
"""Seconds between tries to write the end down: a locked database may be free again, a full disk have room. Each pause
is twice the one before."""


class Recorder:
    """Keeps the store up with a run's log; what could not be written is tried again with the next change.

    It is made before anything else listens to the run, so that it gets the run's end first. It never fails: a run
    whose store does not work goes on, and is complete in memory.
    """

    def __init__(self, run: Run, store: Store, logger: RunLog, *, gather: float = 0.0) -> None:
        """``gather``: for how many seconds changes are collected before they are written, until the end."""
        self._run = run
        self._store = store
        self._logger = logger
        self._steps: dict[int, Step] = {}
        self._writing: dict[int, Step] = {}
        self._run_changed = False
        self._news = asyncio.Event()
        self._hurried = asyncio.Event()
        self._gather = gather
        self._over = asyncio.Event()
        self._stop = run.log.listen(self._on_event)

    async def work(self) -> None:
        """Returns after ``end`` once everything is written; after ``hurry`` in any case."""
        while not self._over.is_set():
            await self._news.wait()
            if self._gather:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), self._gather)
            await self._write()
        pause = _PAUSE
        while not await self._write():
            if self._hurried.is_set():
                self._logger.error("the end of the run could not be written down")
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurried.wait(), pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def end(self) -> None:
        """Stops listening, as the run is over: its present state is the last that is written."""
        self._stop()
        self._over.set()
        self._run_changed = True
        self._news.set()

    def hurry(self) -> None:
        """Makes the next try the last one, as the server stops."""
        self._hurried.set()

    def _on_event(self, entry: Entry) -> None:
        match entry.body:
            case e.TestStep(step=step):
                self._steps[step.step_number] = step
            case e.RunState(status=status) if status.final:
                self._run_changed = True
                self._note_final()
            case e.RunState() | e.InstructionsUpdated() | e.RunFinished() | e.CommentChanged():
                self._run_changed = True
            case _:
                return
        self._news.set()

    def _note_final(self) -> None:
        """Notes the end before any viewer gets it: a published end lasts, whatever becomes of this process."""
        try:
            self._store.note_final(self._view(), (self._writing | self._steps).values())
        except OSError as error:
            self._logger.warning("the end of the run could not be noted: %s", error)

    def _view(self) -> RunView:
        """Returns the run's view without steps and without viewers."""
        return self._run.view(with_steps=False).model_copy(update={"viewers": 0, "controllers": ()})

    async def _write(self) -> bool:
        """Writes what has changed, and returns whether nothing is left to write."""
        self._news.clear()
        if not self._steps and not self._run_changed:
            return True
        steps, self._steps = self._steps, {}
        self._writing = steps
        run_changed, self._run_changed = self._run_changed, False
        try:
            await self._store.save(self._view(), steps.values())
        except StoreErrors as error:
            self._steps = steps | self._steps
            self._run_changed |= run_changed
            self._logger.warning("could not write the run down yet: %s", error)
            return False
        finally:
            self._writing = {}
        return True
