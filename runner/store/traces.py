"""The trace of a run on disk: a zip once the run is over, and until then the folder that its browser writes to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from control.errors import NotFound
from control.protocol.models import RunStatus, RunView

_RAW = "tracing"


class TraceFile:
    """Finds one run's trace. Implements signaling.ports.TraceHandle."""

    def __init__(self, folder: Path, *, view: Callable[[], RunView], complete: asyncio.Event | None = None) -> None:
        """
        Args:
            folder: of the run's files.
            view: the run.
            complete: set once it has been decided what is kept, soon after the run's end; None: that is so already.
        """
        self._view = view
        self._complete = complete
        self.path = folder / "trace.zip"
        self.raw = raw_trace(folder)
        """What the browser writes, with secrets in it: for nobody, and removed once it is packed."""

    async def find(self) -> Path:
        """Returns the zip. Raises NotFound with the reason where there is none."""
        if self._complete is not None and self._view().status.final:
            await self._complete.wait()
        if await asyncio.to_thread(self.path.is_file):
            return self.path
        raise NotFound(self._lacking())

    def _lacking(self) -> str:
        view = self._view()
        if view.client is not None:
            return "the run is attached: its own Playwright can trace it, jumpseat does not"
        if view.trace == "off":
            return 'this run was not traced: start it with "trace": "on"'
        if not view.status.final:
            return "the trace is put together once the run is over"
        if view.trace == "on-failure" and view.status is RunStatus.PASSED:
            return "the run has passed, and its trace was to be kept only where it does not"
        return "there is no trace of this run: it had no page, or was removed to make room (JUMPSEAT_MAX_DISK)"


def raw_trace(folder: Path) -> Path:
    """Returns where the browser of the run with this folder writes its trace."""
    return folder / _RAW
