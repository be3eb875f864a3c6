"""How a run that went past a failed step is spoken of."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from control.protocol.models import RunStatus
from control.protocol.wording import counted, outcome, sentence
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
    TerminalReport(Console(file=out), attended=False).finished(run)
    assert out.getvalue() == "passed with 1 step that failed Shop, 1 step\n"


HELP = {"type": "help_needed", "reason": "no 'Pay' was found", "deadline": "2026-03-02T10:00:05.000Z"}


@pytest.mark.parametrize("attended", [True, False])
def test_a_call_for_help_is_printed_where_somebody_may_come(attended: bool) -> None:
    out = StringIO()
    TerminalReport(Console(file=out), attended=attended).show(HELP)
    until = datetime(2026, 3, 2, 10, 0, 5, tzinfo=UTC).astimezone().strftime("%H:%M:%S")
    assert out.getvalue() == (f"? Needs help until {until}: No 'Pay' was found\n" if attended else "")


def test_what_went_wrong_begins_with_a_capital_and_an_interrupted_step_is_not_red() -> None:
    out = StringIO()
    report = TerminalReport(Console(file=out, force_terminal=True, color_system="standard"), attended=False)
    step = {"stepNumber": 1, "description": "Click 'Pay'", "source": "plan", "durationMs": None}
    report.show({"type": "test_step", "step": {**step, "status": "failed", "error": "it is covered"}})
    report.show({"type": "test_step", "step": {**step, "status": "skipped", "error": "the run is over (cancelled)"}})
    red, dim = "\x1b[31m", "\x1b[2m"
    assert f"{red}It is covered" in out.getvalue()
    assert f"{dim}The run is over (cancelled)" in out.getvalue()


def test_a_step_that_failed_has_what_the_page_said_below_it() -> None:
    out = StringIO()
    report = TerminalReport(Console(file=out), attended=False)
    step = {"stepNumber": 1, "description": "Click 'Pay'", "source": "plan", "durationMs": None, "status": "failed"}
    said = ["the page threw: TypeError: x", "the page's request GET /[a] answered 500"]
    report.show({"type": "test_step", "step": {**step, "error": "it is covered", "pageSaid": said}})
    assert out.getvalue().splitlines()[2:] == [
        "       The page threw: TypeError: x",
        "       The page's request GET /[a] answered 500",
    ]


HOSTILE = "Click '\x1b]0;owned\x07\x9b2J\u202etxt.exe\r\n\u2713   1  Forged [bold]step[/]\x00'"
SHOWN = "Click '\\x1b]0;owned\\x07\\x9b2J\\u202etxt.exe\n       \u2713   1  Forged [bold]step[/]\\x00'"


def test_what_a_page_says_is_shown_and_never_obeyed() -> None:
    """By the terminal, where it could set the title, clear the screen, or look like a line of ours."""
    out = StringIO()
    report = TerminalReport(Console(file=out, force_terminal=True, color_system=None), attended=True)
    step = {"stepNumber": 1, "description": HOSTILE, "source": "plan", "durationMs": None, "status": "failed"}
    report.show({"type": "test_step", "step": {**step, "error": HOSTILE, "pageSaid": [HOSTILE]}})
    report.show({"type": "help_needed", "reason": HOSTILE, "deadline": None})
    report.show({"type": "control_changed", "holder": {"name": HOSTILE}})
    report.finished({"status": "failed", "error": HOSTILE, "name": HOSTILE, "steps": []})
    assert out.getvalue().count(SHOWN) == 7
    assert not set(out.getvalue()) & set("\x00\x07\x1b\x9b\r\u202e")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the server has gone", "The server has gone"),
        ("it’s gone, try again", "It’s gone, try again"),
        ("élan is missing", "Élan is missing"),
        ("port: give a number", "port: give a number"),
        ("action.selector: click needs one", "action.selector: click needs one"),
        ("'Pay' is covered", "'Pay' is covered"),
        ("https://shop.example cannot be reached", "https://shop.example cannot be reached"),
        ("get_by_role('button') is covered", "get_by_role('button') is covered"),
        ("", ""),
    ],
)
def test_sentences_begin_with_a_capital_and_names_stay(text: str, said: str) -> None:
    assert sentence(text) == said


def test_one_is_not_many() -> None:
    assert [counted(number, "step") for number in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]
