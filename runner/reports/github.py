"""The report of test files as GitHub shows it: annotations, and a log whose words command nothing.

Workflow commands are lines that begin with ``::``, behind spaces too; a page could print one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from control.visible import visible
from runner.reports.result import FileResult

_MOST = 10
"""GitHub shows so many errors of a step."""


class WorkflowLog:
    """Keeps the runner from obeying what is printed between its first line and its last."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(16)

    @property
    def first(self) -> str:
        """The line that stops commands."""
        return f"::stop-commands::{self._token}"

    @property
    def last(self) -> str:
        """The line that lets commands be obeyed again."""
        return f"::{self._token}::"


def error_commands(results: Sequence[FileResult]) -> Iterator[str]:
    """Yields a line for each test that has not passed, for the runner to show at its file; at most ten."""
    wrong = [result for result in results if result.verdict != "passed"]
    for result in wrong[:_MOST]:
        title = f"{result.name}: {result.outcome}"
        yield f"::error file={_property(result.file)},title={_property(title)}::{_data(result.reason)}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
