"""The type of exporters, which write a run as a test of its own, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import Field

from control.errors import Unsupported
from control.protocol.actions import ActionType
from control.protocol.models import GivenSecret, RunView, Source, Step
from control.protocol.shape import Shape
from control.secrets import escape, escape_others, references
from control.user_info import without_user_info
from runner.store.uploads import UploadStore

S = TypeVar("S", bound=Shape)


class ExportedRun(RunView):
    """A run as exporters see it."""

    secrets: dict[str, str | GivenSecret] = Field(default_factory=dict, repr=False)
    """What each secret may be used for, by name; their values are empty."""


Exporter = Callable[[ExportedRun, Sequence[Step], str], str]
"""Returns the run in the format named last. It may read files, and is called in a thread. Raises Unsupported."""


def exportable(
    run: RunView, steps: Sequence[Step], *, uploads: UploadStore, creation: Mapping[str, Any]
) -> tuple[ExportedRun, list[Step]]:
    """Returns the run and its steps as every exporter gets them.

    Steps have the content of the files that they upload, and the run the address that it was made with, whose user info
    names secrets. Nothing refers to a secret but what refers to one of the run's own: addresses are a page's words.
    """
    known = {*creation.get("secrets", {}), *_typed_by_hand(steps)}
    url = creation.get("url")
    if url and without_user_info(str(url)) == run.url:
        run = run.model_copy(update={"url": url})
    fields = dict(run) | {"url": escape_others(run.url, known), "secrets": creation.get("secrets", {})}
    return ExportedRun(**fields), [_exportable(step, uploads, known) for step in steps]


def _typed_by_hand(steps: Sequence[Step]) -> set[str]:
    """Returns the names of the passwords that people typed into fields, which stand for their values."""
    typed = [step.full_action for step in steps if step.source is Source.HUMAN]
    return {name for action in typed if action.type is ActionType.TYPE for name in references(action.text)}


def _exportable(step: Step, uploads: UploadStore, known: Container[str]) -> Step:
    def of_run(shape: S) -> S:
        texts = {name: escape_others(text, known) for name, text in shape if type(text) is str}
        return shape.model_copy(update=texts)

    return step.model_copy(
        update={
            "full_action": uploads.inline(of_run(step.full_action)),
            "proposed": step.proposed and of_run(step.proposed),
            "carried_out": tuple(of_run(call) for call in step.carried_out),
            "dialogs": tuple(of_run(dialog) for dialog in step.dialogs),
            "url": step.url and escape(step.url),
        }
    )


def by_format(exporters: Mapping[str, Exporter]) -> Exporter:
    """Returns the exporter that has each format written by the one of its name."""

    def export(run: ExportedRun, steps: Sequence[Step], format: str) -> str:
        if format not in exporters:
            raise Unsupported(f"a run cannot be exported as '{format}'; formats: {', '.join(exporters)}")
        return exporters[format](run, steps, format)

    return export


def no_export(_: ExportedRun, __: Sequence[Step], format: str) -> str:
    """Refuses every format: the exporter of servers that have none."""
    raise Unsupported(f"a run cannot be exported as '{format}'")
