"""How a run that went past a failed step is spoken of."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from control.protocol.models import RunStatus
from control.protocol.wording import outcome
from runner.reports.terminal import TerminalReport


@pytest.mark.parametrize(
    ("status", "failed_steps", "said"),
    [
        (RunStatus.PASSED, 0, "passed"),
        (RunStatus.PASSED, 1, "passed with 1 step that failed"),
        (RunStatus.PASSED, 2, "passed with 2 steps that failed"),
        (RunStatus.FAILED, 2, "failed"),
    ],
)
def test_a_pass_with_failed_steps_is_no_plain_pass(status: RunStatus, failed_steps: int, said: str) -> None:
    assert outcome(status, failed_steps) == said


def test_the_terminal_says_so_too() -> None:
    out = StringIO()
    run = {"status": "passed", "failedSteps": 1, "error": None, "name": "Shop", "steps": [{}]}
    TerminalReport(Console(file=out)).finished(run)
    assert out.getvalue() == "passed with 1 step that failed Shop, 1 step\n"
