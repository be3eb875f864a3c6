"""The type of exporters, which write a run as a test of its own, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from control.errors import Unsupported
from control.protocol.models import RunView, Step
from control.user_info import without_user_info
from runner.store.uploads import UploadStore

Exporter = Callable[[RunView, Sequence[Step], str], str]
"""Returns the run in the format named last. It may read files, and is called in a thread. Raises Unsupported."""


def with_contents(steps: Sequence[Step], uploads: UploadStore) -> list[Step]:
    """Returns the steps with the content of the files that they upload, as an exporter needs them."""
    return [step.model_copy(update={"full_action": uploads.inline(step.full_action)}) for step in steps]


def with_login(run: RunView, url: object) -> RunView:
    """Returns the run with the address that it was made with, whose user info names secrets."""
    return run.model_copy(update={"url": url}) if url and without_user_info(str(url)) == run.url else run


def by_format(exporters: Mapping[str, Exporter]) -> Exporter:
    """Returns the exporter that has each format written by the one of its name."""

    def export(run: RunView, steps: Sequence[Step], format: str) -> str:
        if format not in exporters:
            raise Unsupported(f"a run cannot be exported as '{format}'; formats: {', '.join(exporters)}")
        return exporters[format](run, steps, format)

    return export


def no_export(_: RunView, __: Sequence[Step], format: str) -> str:
    """Refuses every format: the exporter of servers that have none."""
    raise Unsupported(f"a run cannot be exported as '{format}'")
