"""JUnit XML of a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

from control.protocol.actions import Action, ActionType
from control.protocol.models import RunStatus, RunView, Source, Step, StepStatus
from runner.reports.junit import junit_xml
from runner.reports.result import FileResult
from tests.run_views import run_view

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def view(status: RunStatus, *, error: str | None = None, name: str = "Buy <a> lamp") -> RunView:
    return run_view(
        START,
        id="r",
        name=name,
        status=status,
        current_step=0,
        total_steps=0,
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


def result(run: RunView | None, steps: Sequence[Step] = (), **more: Any) -> FileResult:  # noqa: ANN401
    return FileResult("Buy <a> lamp", "shop/buy.yaml", run, tuple(steps), **more)


def cases(report: str) -> list[xml.Element]:
    return xml.fromstring(report).findall("testsuite/testcase")


def counts(report: str) -> tuple[str, ...]:
    return tuple(xml.fromstring(report).attrib[key] for key in ("tests", "failures", "errors"))


def test_each_file_is_a_case_with_its_steps_in_its_output() -> None:
    steps = [step(1, StepStatus.PASSED), step(2, StepStatus.SKIPPED)]
    report = junit_xml([result(view(RunStatus.PASSED), steps), result(view(RunStatus.PASSED))])
    assert counts(report) == ("2", "0", "0")
    first, second = cases(report)
    assert first.attrib == {"classname": "shop.buy", "name": "Buy <a> lamp", "time": "2.500"}
    assert xml.fromstring(report)[0].attrib["file"] == "shop/buy.yaml"
    assert first.findtext("system-out") == "1. passed: Click 'Pay' (1250 ms)\n2. skipped: Click 'Pay' (1250 ms)"
    assert second.find("system-out") is None


def test_a_pass_that_went_past_failed_steps_says_so_and_fails_where_it_has_to_be_strict() -> None:
    run = view(RunStatus.PASSED).model_copy(update={"failed_steps": 1})
    steps = [step(1, StepStatus.FAILED, "it is covered"), step(2, StepStatus.PASSED)]
    report = junit_xml([result(run, steps)])
    assert counts(report) == ("1", "0", "0")
    assert "passed with 1 step that failed" in (cases(report)[0].findtext("system-out") or "")
    strict = junit_xml([result(run, steps, strict=True)])
    assert counts(strict) == ("1", "1", "0")
    assert cases(strict)[0][0].attrib["message"] == "It is covered"


def test_a_failure_is_the_sentence_that_a_person_is_told_and_says_where() -> None:
    steps = [step(1, StepStatus.FAILED, "it is covered")]
    said = "step 1: the page's request POST /pay answered 500"
    kept = {"kept": (Path("out/last.jpg"),), "page_said": (said,)}
    report = junit_xml([result(view(RunStatus.FAILED, error="'Pay' is covered"), steps, **kept)])
    assert counts(report) == ("1", "1", "0")
    failure = cases(report)[0].find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "'Pay' is covered"
    assert "http://shop.test/cart" in (failure.text or "")
    output = (cases(report)[0].findtext("system-out") or "").splitlines()
    assert output[-2:] == [said, "[[ATTACHMENT|out/last.jpg]]"]


def test_what_could_not_run_is_an_error() -> None:
    not_there = result(view(RunStatus.FAILED, error="nothing answers at http://shop.test/"))
    report = junit_xml([not_there, result(None, problem="the server is full"), result(view(RunStatus.CANCELLED))])
    assert counts(report) == ("3", "1", "2")
    messages = [case[0].attrib["message"] for case in cases(report)]
    assert messages == ["Nothing answers at http://shop.test/", "The server is full", "The run was cancelled"]


def test_an_attempt_that_passed_after_others_says_so() -> None:
    report = junit_xml([result(view(RunStatus.PASSED), attempts=3)])
    assert cases(report)[0].findtext("system-out") == "passed, attempt 3"


def test_characters_that_xml_forbids_are_replaced() -> None:
    report = junit_xml([FileResult("a\x00b\x1b[31m\ud800", "a.yaml", view(RunStatus.PASSED))])
    assert cases(report)[0].attrib["name"] == r"a\x00b\x1b[31m�"


def test_what_a_page_says_cannot_command_the_terminal_that_shows_the_report() -> None:
    said = "\x9b2J \u202etxt \r\n gone"
    text = junit_xml([result(view(RunStatus.FAILED, error=said), [step(1, StepStatus.FAILED, said)])])
    assert not set(text) & set("\x1b\x9b\u202e\r")
    failure = xml.fromstring(text).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "\\x9b2J \\u202etxt \n     gone"
