"""Whether a run has a picture, and the refusals where it has none."""

from __future__ import annotations

from control.protocol.wording import ending
from media.stream import LiveStream
from signaling.config import Config
from signaling.ports import RunHandle
from signaling.problems import Problem

RETRY_AFTER = 1
"""Seconds for ``Retry-After``: a browser takes about that long to open its first page."""


def require_streaming(config: Config) -> None:
    """Raises Problem 404 with the reason where streaming is switched off."""
    if not config.streaming:
        raise Problem(404, "streaming is switched off on this server: start it with ENABLE_STREAMING=true")


def require_stream(config: Config, run: RunHandle) -> LiveStream:
    """Returns the run's stream. Raises Problem 404 where streaming is off, and 409 where there is no picture now."""
    require_streaming(config)
    stream = run.stream
    if stream is not None:
        return stream
    raise no_picture(run)


def no_picture(run: RunHandle) -> Problem:
    """Returns 409, with ``Retry-After`` where a picture may still come."""
    status = run.view().status
    if status.final:
        return Problem(409, f"the run {ending(status)}: its steps and screenshots can still be read", code="conflict")
    headers = {"Retry-After": str(RETRY_AFTER)}
    return Problem(409, f"the run is {status} and has no picture yet: try again soon", code="conflict", headers=headers)
