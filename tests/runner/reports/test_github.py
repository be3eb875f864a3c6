"""Annotations for GitHub, and a log that commands nothing."""

from __future__ import annotations

from runner.reports.github import WorkflowLog, error_commands
from runner.reports.result import FileResult


def test_a_test_that_has_not_passed_is_an_error_at_its_file() -> None:
    results = [FileResult("Buy: a, b", "shop/a,b.yaml", problem="50 % of\nit is gone\x1b[2J")]
    assert list(error_commands(results)) == [
        "::error file=shop/a%2Cb.yaml,title=Buy%3A a%2C b%3A could not run::50 %25 of%0A    it is gone\\x1b[2J"
    ]


def test_more_than_github_shows_are_left_out() -> None:
    results = [FileResult(str(number), "a.yaml", problem="no") for number in range(30)]
    assert len(list(error_commands(results))) == 10


def test_what_is_printed_between_commands_nothing_as_nobody_knows_the_token() -> None:
    first, second = WorkflowLog(), WorkflowLog()
    assert first.first == f"::stop-commands::{first.last.strip(':')}"
    assert first.last != second.last
    assert len(first.last) > 20
