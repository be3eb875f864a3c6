"""The trace of one run: what is written down of its pages while it goes on, and packed once it is over."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Final

import runner
from control.event_log import Entry
from control.protocol import events as e
from control.protocol.models import RunStatus, Source, Step, StepStatus
from control.run import Run
from media.aio import TaskSet
from runner.driver import Driver, Trace
from runner.log import RunLog
from runner.run.masking import Masking
from runner.store.traces import TraceFile
from runner.trace.packing import PackingJob

logger = logging.getLogger(__name__)

_QUIET: Final = 0.25
"""Seconds from what a person does to the DOM after it: typing is one step, not one for each key."""
_PACKING_SECONDS: Final = 300.0


class RunTrace:
    """Has a run traced where that is wanted, and makes of it what is kept; nothing else depends on it."""

    def __init__(self, run: Run, file: TraceFile, *, masking: Masking, logger: RunLog) -> None:
        self._run = run
        self._file = file
        self._masking = masking
        self._logger = logger
        self._trace: Trace | None = None
        self._by_hand: dict[int, Step] = {}
        """Steps of a person's whose DOM is still to be taken."""
        self._quiet: asyncio.TimerHandle | None = None
        self._tasks = TaskSet(logger)

    @property
    def folder(self) -> Path | None:
        """Returns where the browser is to write to; None where the run is not traced."""
        return None if self._run.spec.trace in {None, "off"} else self._file.raw

    def begin(self, driver: Driver) -> None:
        """Follows the driver's trace from now on."""
        self._trace = driver.trace
        if self._trace is not None:
            self._run.log.listen(self._on_event)

    def opening(self) -> AbstractAsyncContextManager[None]:
        """Puts the loading of the first page under a title of its own."""
        return nullcontext() if self._trace is None else self._trace.step(f"Open {self._run.spec.address}")

    @asynccontextmanager
    async def step(self, step: Step) -> AsyncIterator[None]:
        """Puts what is done within this under the step's title."""
        if self._trace is None:
            yield
            return
        await self._take_by_hand()
        async with self._trace.step(_title(step)):
            yield

    async def pause(self) -> None:
        """Leaves out what happens from now on."""
        if self._trace is not None:
            await self._trace.pause()

    def resume_later(self) -> None:
        """Goes on with it, soon; safe to repeat."""
        if self._trace is not None:
            self._tasks.spawn(self._trace.resume())

    async def stop(self) -> None:
        """Ends it while the browser is still there."""
        if self._quiet is not None:
            self._quiet.cancel()
        await self._take_by_hand()
        await self._tasks.aclose()
        if self._trace is not None:
            await self._trace.stop()

    async def keep(self) -> None:
        """Packs what was written down, where it is to be kept, and removes it."""
        wanted = self._run.spec.trace == "on" or self._run.status is not RunStatus.PASSED
        try:
            if self._trace is not None and wanted and not self._trace.spoilt:
                await self._pack()
        finally:
            await asyncio.to_thread(shutil.rmtree, self._file.raw, ignore_errors=True)

    async def _pack(self) -> None:
        steps = [step for step in self._run.steps if step.status is StepStatus.FAILED and step.error]
        job = PackingJob(
            folder=str(self._file.raw),
            file=str(self._file.path),
            title=self._run.spec.name or self._run.spec.address,
            secrets=self._masking.values,
            errors={_title(step): step.error or "" for step in steps},
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "runner.trace.packing"),
            cwd=Path(runner.__file__).parent.parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server
        )
        try:
            async with asyncio.timeout(_PACKING_SECONDS):
                _, said = await process.communicate(job.dump())
            if process.returncode != 0:
                self._logger.warning("the trace could not be packed: %s", said.decode(errors="replace").strip()[-500:])
        except TimeoutError:
            self._logger.warning("the trace could not be packed within %g s", _PACKING_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _on_event(self, entry: Entry) -> None:
        match entry.body:
            case e.TestStep(step=step) if step.source is Source.HUMAN and step.status is StepStatus.PASSED:
                self._by_hand[step.step_number] = step
                if self._quiet is not None:
                    self._quiet.cancel()
                self._quiet = asyncio.get_running_loop().call_later(_QUIET, self._take_by_hand_later)

    def _take_by_hand_later(self) -> None:
        self._tasks.spawn(self._take_by_hand())

    async def _take_by_hand(self) -> None:
        steps, self._by_hand = self._by_hand, {}
        for step in steps.values():
            assert self._trace is not None
            async with self._trace.step(_title(step)):
                pass


def _title(step: Step) -> str:
    return f"{step.step_number}. {step.description}"
