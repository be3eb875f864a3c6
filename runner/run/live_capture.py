"""The run's live capture: on while somebody watches, off while nobody does."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from control.event_log import Entry
from control.protocol import events as e
from control.protocol.actions import ActionType
from control.protocol.models import Source, Step, StepStatus
from media.aio import Backoff
from media.frames import LatestFrame
from media.stream import LiveStream
from runner.driver import Driver
from runner.log import RunLog

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
"""Seconds between attempts to begin a capture that has failed; each pause is twice the one before."""


_BETWEEN_STEPS = 1.0
"""Seconds: steps that follow one another within this are one piece of work."""


class LiveCapture:
    """Owns the run's stream and switches its capture, one switch at a time.

    Capture yields to the steps of the run, and to nothing else: while a run waits, or a person has control, the
    viewers are what the machine is for.
    """

    def __init__(self, driver: Driver, *, fps: int, bitrate: int, logger: RunLog) -> None:
        self._driver = driver
        self._fps = fps
        self._logger = logger
        self._watched = False
        self._capturing = False
        self._switched = asyncio.Event()
        self._idle_timer: asyncio.TimerHandle | None = None
        self.stream = LiveStream(LatestFrame(), fps=fps, bitrate=bitrate, on_watched=self._on_watched)
        self.stream.yields = False

    async def work(self) -> None:
        """Follows the viewers until it is cancelled. A capture that fails is tried again while anybody watches."""
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            if self._watched == self._capturing or await self._switch(on=self._watched):
                backoff.reset()
                await self._switched.wait()
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._switched.wait(), backoff.next())
            self._switched.clear()

    def on_event(self, entry: Entry) -> None:
        """Makes capture yield while a step runs; to be called with every entry of the run's log."""
        if not isinstance(entry.body, e.TestStep) or not _is_machine_work(entry.body.step):
            return
        self._mark_busy()
        if entry.body.step.status is not StepStatus.RUNNING:
            self._idle_timer = asyncio.get_running_loop().call_later(_BETWEEN_STEPS, self._mark_idle)

    def _mark_busy(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        self.stream.yields = True

    def _mark_idle(self) -> None:
        self.stream.yields = False

    async def aclose(self) -> None:
        """Ends capture and closes the stream. Safe to repeat."""
        self._mark_busy()
        await self.stream.aclose()
        self.stream.clear()

    def _on_watched(self, watched: bool) -> None:
        self._watched = watched
        self._switched.set()

    async def _switch(self, *, on: bool) -> bool:
        """Switches capture, and returns whether that has succeeded; what cannot be switched off counts as off."""
        try:
            if on:
                await self._driver.start_capture(self.stream.sink, fps=self._fps)
            else:
                await self._driver.stop_capture()
        except Exception as error:  # whatever it is, it must not reach the run
            self._capturing = False
            self._logger.warning("the picture cannot be switched %s: %s", "on" if on else "off", error)
            return not on
        self._capturing = on
        return True


def _is_machine_work(step: Step) -> bool:
    return step.source is not Source.HUMAN and step.full_action.type is not ActionType.WAIT
