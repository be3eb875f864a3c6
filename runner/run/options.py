"""The options of how a server carries out its runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from control.protocol.actions import Size
from control.protocol.models import BrowserName, KeepMode, PageLogMode
from control.protocol.shape import Clock
from runner.export.port import Exporter, no_export
from runner.run.changes import Alarm


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """Holds how runs are carried out, the same for all runs of a server."""

    streaming: bool = True
    fps: int = 30
    """Most pictures a second."""
    bitrate: int = 2_500_000
    """Bits a second, each codec."""
    size: Size = field(default_factory=lambda: Size(width=1280, height=720))
    """Where the run names none."""
    browser: BrowserName = "chromium"
    """Where the run names none."""
    launch_timeout: float = 60.0
    """Seconds until a browser that has not started is given up."""
    open_timeout: float = 45.0
    """Seconds until a start URL that does not answer is given up."""
    close_timeout: float = 4.0
    """Seconds until a browser that does not close is left to itself."""
    overtime: float = 15.0
    """Seconds beyond its own timeout after which a step is given up, because not even the driver answers."""
    grace: timedelta = timedelta(seconds=20)
    """How long the holder of control may be gone."""
    clock: Clock | None = None
    alarm: Alarm | None = None
    """None, both: each run has a steady clock of its own."""
    gather: float = 0.0
    """Seconds for which the changes of a run are collected before they are written down; its end is at once."""
    max_steps: int = 2000
    """Of one run."""
    controller_secrets: bool = True
    """Whether controllers may use secrets, in runs that do not say."""
    page_log: PageLogMode = "on"
    record: KeepMode = "off"
    trace: KeepMode = "on-failure"
    """All three: in runs that do not say."""
    max_recording: int = 1_000_000_000
    """Bytes of one run's recording; beyond them it loses its beginning."""
    exporter: Exporter = no_export
