"""The seam to whoever writes a run down as a test of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from control.errors import Unsupported
from control.shapes import RunView, Step

Exporter = Callable[[RunView, Sequence[Step], str], str]
"""The run as a test, in the format named last. Raises control.errors.Unsupported."""


def no_export(_: RunView, __: Sequence[Step], format: str) -> str:
    """For servers without exporters."""
    raise Unsupported(f"a run cannot be exported as '{format}'")
