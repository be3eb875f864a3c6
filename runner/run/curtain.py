"""Carries out what the run's curtain says, in pictures and in the page."""

from __future__ import annotations

from control.event_log import Entry
from control.protocol import events as e
from control.protocol.actions import Size
from media.stream import LiveStream
from runner.driver import Driver
from runner.run.trace import RunTrace


class PageCurtain:
    """Keeps from everybody else what the holder of control does behind the curtain: pictures, screenshots, and text."""

    def __init__(self, driver: Driver, *, stream: LiveStream | None, size: Size, trace: RunTrace) -> None:
        """``size``: of the page, CSS pixels."""
        self._driver = driver
        self._stream = stream
        self._size = size
        self._trace = trace
        self._prepared: bytes | None = None
        self.still: bytes | None = None
        """The picture that stands for the page while the curtain is closed; None while it is open."""

    async def prepare(self, name: str) -> None:
        """Makes the picture that is shown once this person has closed the curtain, and interrupts the trace.

        To be followed by `settle`. Raises BrowserGone.
        """
        await self._trace.pause()
        self._prepared = await self._driver.still_picture(f"{name} has closed the curtain for a moment")

    def settle(self) -> None:
        """Goes on as before where the curtain is not closed, or was not after all."""
        if self.still is None:
            self._trace.resume_later()

    def on_event(self, entry: Entry) -> None:
        """Follows the curtain; to be called with every entry of the run's log."""
        match entry.body:
            case e.CurtainChanged(closed_by=closed_by, lifted_by=lifted_by):
                self._driver.lift_covers(lifted_by is not None)
                if closed_by is None:
                    self._open()
                elif self.still is None:
                    self._close(closed_by.viewer_id)

    def _close(self, viewer_id: str) -> None:
        assert self._prepared is not None, "it is prepared before it is closed"
        self.still, self._prepared = self._prepared, None
        self._driver.curtained = True
        if self._stream is not None:
            self._stream.close_curtain(viewer_id, self.still, width=self._size.width, height=self._size.height)

    def _open(self) -> None:
        self.still = None
        self._driver.curtained = False
        if self._stream is not None:
            self._stream.open_curtain()
        self.settle()
