"""The type of exporters, which write a run as a test of its own, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from control.errors import Unsupported
from control.protocol.models import RunView, Step
from runner.store.uploads import UploadStore

Exporter = Callable[[RunView, Sequence[Step], str], str]
"""Returns the run as a test, in the format named last. Raises control.errors.Unsupported."""


def with_contents(steps: Sequence[Step], uploads: UploadStore) -> list[Step]:
    """Returns the steps with the content of the files that they upload, as an exporter needs them."""
    return [step.model_copy(update={"full_action": uploads.inline(step.full_action)}) for step in steps]


def no_export(_: RunView, __: Sequence[Step], format: str) -> str:
    """Refuses every format: the exporter of servers that have none."""
    raise Unsupported(f"a run cannot be exported as '{format}'")
