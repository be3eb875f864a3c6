"""What became of one test file: what every report is written from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from control.protocol.models import RunStatus, RunView, Step, StepStatus
from control.protocol.wording import outcome, sentence

Verdict = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
class FileResult:
    """Holds how the last attempt of a test has ended."""

    name: str
    file: str
    run: RunView | None = None
    """None: there is none, as ``problem`` says."""
    steps: tuple[Step, ...] = ()
    problem: str | None = None
    """Why there is no run, in one sentence."""
    attempts: int = 1
    strict: bool = False
    """Whether a step that failed and was skipped or replaced is a failure of the test."""
    page_said: tuple[str, ...] = ()
    """What went wrong in the page, as `runner.reports.page_evidence.evidence_lines` says it."""
    kept: tuple[Path, ...] = ()
    """The files that were kept of it."""

    @property
    def verdict(self) -> Verdict:
        """``error`` where it could not run: nothing is known of what it tests then."""
        run = self.run
        if run is None or (run.status is RunStatus.FAILED and not self.steps):
            return "error"
        return "passed" if run.status is RunStatus.PASSED and not (self.strict and run.failed_steps) else "failed"

    @property
    def outcome(self) -> str:
        """As people read it: ``passed with 1 step that failed``, ``could not run``."""
        ended = "could not run" if self.run is None else outcome(self.run.status, self.run.failed_steps)
        return ended if self.attempts == 1 else f"{ended}, attempt {self.attempts}"

    @property
    def reason(self) -> str:
        """The sentence that a person is told where it has not passed; empty where it has."""
        if self.verdict == "passed":
            return ""
        if self.run is None:
            return sentence(self.problem or "it could not run")
        if self.run.error:
            return sentence(self.run.error)
        failed = next((step for step in self.steps if step.status is StepStatus.FAILED and step.error), None)
        return sentence(failed.error if failed and failed.error else f"the run was {self.run.status}")

    @property
    def seconds(self) -> float:
        """How long the run has taken; 0 where it did not begin."""
        if self.run is None or self.run.started_at is None or self.run.ended_at is None:
            return 0.0
        return max(0.0, (self.run.ended_at - self.run.started_at).total_seconds())
