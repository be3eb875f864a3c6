"""Reads rows of the database as runs and steps; what cannot be read is left out, and logged once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from control.protocol.models import RunView, Step
from control.run_filter import search_text

logger = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_REPORTED = 10_000


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Holds one run as it is stored."""

    owner: str
    view: RunView
    """With summaries of its steps where they were asked for."""
    creation: dict[str, Any]
    """The body that it was created with, without secrets' values."""

    @property
    def key(self) -> RunKey:
        return RunKey(microseconds(self.view.created_at), self.view.id)


@dataclass(frozen=True, slots=True, order=True)
class RunKey:
    """Holds a run's place in the list of all runs, which is ordered by creation, then by id."""

    created_us: int
    id: str


def microseconds(moment: datetime) -> int:
    """Returns the microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    """Returns the moment so many microseconds after the epoch."""
    return _EPOCH + timedelta(microseconds=count)


def run_columns(view: RunView) -> dict[str, Any]:
    """Returns what of a run's row changes while it goes on."""
    return {
        "status": view.status.value,
        "view": view.model_copy(update={"steps": ()}).dump(),
        "ended_us": microseconds(view.ended_at) if view.ended_at else None,
        "search": search_text(view),
        "session": view.session.id if view.session else None,
        "planner": view.planner,
    }


class RowReader:
    """Remembers what it could not read, so that each row is logged once."""

    def __init__(self) -> None:
        self._reported: set[tuple[str, int]] = set()

    def runs(self, rows: Iterable[Any]) -> list[RunRecord]:
        """Returns the runs of rows of `tables.runs`, without their steps."""
        return [record for row in rows if (record := self._run(row)) is not None]

    def steps(self, rows: Iterable[Any]) -> list[Step]:
        """Returns the steps of rows of `tables.steps`."""
        return [step for row in rows if (step := self._step(row)) is not None]

    def _run(self, row: Any) -> RunRecord | None:  # noqa: ANN401 - a row's columns have no types
        try:
            view = RunView.model_validate(row.view)
            if not isinstance(row.creation, dict) or view.id != row.id:
                raise ValueError("it is not the JSON of a run")
        except ValueError as error:
            self._report(row.id, 0, error)
            return None
        return RunRecord(str(row.owner), view, row.creation)

    def _step(self, row: Any) -> Step | None:  # noqa: ANN401 - a row's columns have no types
        try:
            step = Step.model_validate(row.step)
            if step.step_number != row.number:
                raise ValueError("it is not the JSON of this step")
        except ValueError as error:
            self._report(row.run_id, row.number, error)
            return None
        return step

    def _report(self, run_id: str, number: int, error: Exception) -> None:
        if (run_id, number) in self._reported or len(self._reported) >= _MOST_REPORTED:
            return
        self._reported.add((run_id, number))
        what = f"step {number}" if number else "the run"
        reason = "; ".join(str(error).splitlines()[:3])
        logger.warning("[run %s] %s cannot be read from the database and is left out: %s", run_id, what, reason)


def with_steps(record: RunRecord, steps: Sequence[Step]) -> RunRecord:
    """Returns the record with summaries of these steps in its view."""
    view = record.view.model_copy(update={"steps": tuple(step.summary() for step in steps)})
    return RunRecord(record.owner, view, record.creation)
