"""What a run's recording is, without its pictures. JSON is camelCase."""

from __future__ import annotations

from control.protocol.shape import Shape, Timestamp


class StillSpan(Shape):
    """A time in which nothing moved; in milliseconds from the recording's beginning."""

    from_ms: int
    to_ms: int


class RecordingTimeline(Shape):
    """How long a recording is, and where nothing happens in it."""

    started_at: Timestamp | None
    """When its first picture was captured; None before that."""
    duration_ms: int
    growing: bool
    """Whether the run still goes on."""
    stills: tuple[StillSpan, ...] = ()
    """In order; those of at least two seconds."""
