"""JUnit XML of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as xml

import pytest

from control.protocol.actions import Action, ActionType
from control.protocol.models import Control, RunStatus, RunView, Source, Step, StepStatus
from runner.reports.junit import junit_xml

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def view(status: RunStatus, *, error: str | None = None, name: str = "Buy <a> lamp") -> RunView:
    return RunView(
        id="r",
        name=name,
        status=status,
        paused=False,
        url="http://shop.test/",
        instructions=None,
        instructions_version=1,
        planner="plain",
        mode="auto",
        current_step=0,
        total_steps=0,
        steps=(),
        proposal=None,
        control=Control(),
        viewers=0,
        created_at=START,
        started_at=START,
        ended_at=START + timedelta(seconds=2.5),
        error=error,
    )


def step(number: int, status: StepStatus, error: str | None = None) -> Step:
    return Step(
        step_number=number,
        action=ActionType.CLICK,
        target="#pay",
        value=None,
        description="Click 'Pay'",
        source=Source.PLAN,
        status=status,
        error=error,
        timestamp=START,
        duration_ms=1250,
        full_action=Action(type=ActionType.CLICK, selector="#pay"),
        url="http://shop.test/cart",
    )


def suite(report: str) -> xml.Element:
    found = xml.fromstring(report).find("testsuite")
    assert found is not None
    return found


def counts(report: str) -> tuple[str, ...]:
    return tuple(suite(report).attrib[key] for key in ("tests", "failures", "errors", "skipped"))


def test_a_passed_run_has_a_case_for_each_step() -> None:
    report = junit_xml(view(RunStatus.PASSED), [step(1, StepStatus.PASSED), step(2, StepStatus.SKIPPED)])
    assert counts(report) == ("2", "0", "0", "1")
    found = suite(report)
    assert (found.attrib["name"], found.attrib["time"]) == ("Buy <a> lamp", "2.500")
    assert found[0].attrib == {"classname": "Buy <a> lamp", "name": "1. Click 'Pay'", "time": "1.250"}


def test_a_pass_that_went_past_failed_steps_fails_where_it_has_to_be_strict() -> None:
    run = view(RunStatus.PASSED).model_copy(update={"failed_steps": 1})
    steps = [step(1, StepStatus.FAILED, "it is covered"), step(2, StepStatus.PASSED)]
    assert counts(junit_xml(run, steps)) == ("2", "0", "0", "1")
    assert counts(junit_xml(run, steps, strict=True)) == ("2", "1", "0", "0")
    assert counts(junit_xml(view(RunStatus.PASSED), steps, strict=True)) == ("2", "0", "0", "1")  # it passed at last


def test_a_failed_step_says_why_and_where() -> None:
    report = junit_xml(view(RunStatus.FAILED, error="step 1 failed"), [step(1, StepStatus.FAILED, "it is covered")])
    assert counts(report) == ("1", "1", "0", "0")
    failure = suite(report).find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"] == "it is covered"
    assert "http://shop.test/cart" in (failure.text or "")


def test_a_failure_that_was_repaired_fails_nothing() -> None:
    report = junit_xml(view(RunStatus.PASSED), [step(1, StepStatus.FAILED, "renamed"), step(2, StepStatus.PASSED)])
    assert counts(report) == ("2", "0", "0", "1")


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (RunStatus.FAILED, "nothing answers at http://shop.test/", ("1", "0", "1", "0")),
        (RunStatus.CANCELLED, None, ("1", "0", "1", "0")),
    ],
)
def test_what_ends_a_run_without_a_failed_step_is_a_case(
    status: RunStatus, error: str | None, expected: tuple[str, ...]
) -> None:
    report = junit_xml(view(status, error=error), [])
    assert counts(report) == expected
    assert (error or "the run was cancelled") in report


def test_characters_that_xml_forbids_are_replaced() -> None:
    report = junit_xml(view(RunStatus.PASSED, name="a\x00b\x1b[31m\ud800"), [])
    assert suite(report).attrib["name"] == r"a\x00b\x1b[31m�"


def test_what_a_page_says_cannot_command_the_terminal_that_shows_the_report() -> None:
    text = junit_xml(
        view(RunStatus.FAILED, name="a\x1b[2J"), [step(1, StepStatus.FAILED, "\x9b2J \u202etxt \r\n gone")]
    )
    assert not set(text) & set("\x1b\x9b\u202e\r")
    failure = xml.fromstring(text).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "\\x9b2J \\u202etxt \n gone"
