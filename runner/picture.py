"""The run's live picture: capture on while somebody watches, off while nobody does."""

from __future__ import annotations

import asyncio

from media.frames import LatestFrame
from media.stream import LiveStream
from runner.driver import Driver
from runner.logs import RunLog


class Picture:
    """Owns the run's stream and switches its capture, one switch at a time."""

    def __init__(self, driver: Driver, *, fps: int, bitrate: int, logger: RunLog) -> None:
        self._driver = driver
        self._fps = fps
        self._logger = logger
        self._latest = LatestFrame()
        self._watched = False
        self._capturing = False
        self._switched = asyncio.Event()
        self.stream = LiveStream(self._latest, fps=fps, bitrate=bitrate, on_watched=self._on_watched)

    async def work(self) -> None:
        """Follows the viewers until it is cancelled. A capture that fails is tried again for the next viewer."""
        while True:
            await self._switched.wait()
            self._switched.clear()
            if self._watched != self._capturing:
                self._capturing = self._watched
                await self._switch()

    async def aclose(self) -> None:
        """Safe to repeat."""
        await self.stream.aclose()
        self._latest.clear()

    def _on_watched(self, watched: bool) -> None:
        self._watched = watched
        self._switched.set()

    async def _switch(self) -> None:
        try:
            if self._capturing:
                await self._driver.start_capture(self._latest, fps=self._fps)
            else:
                await self._driver.stop_capture()
        except Exception as error:  # whatever it is, it must not reach the run
            self._capturing = False
            self._logger.warning("the picture cannot be switched %s: %s", "on" if self._watched else "off", error)
