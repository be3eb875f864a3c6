"""The report of test files as JUnit XML, which CI systems read: one case for each file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from xml.etree import ElementTree as xml

from control.protocol.models import Step
from control.protocol.shape import rfc3339
from control.visible import visible
from runner.reports.result import FileResult
from runner.selectors.describe import plain_selector

_NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 §2.2 does not allow, not even escaped."""


def junit_xml(results: Sequence[FileResult]) -> str:
    """Returns a suite for each test, with one case, as the schema of Jenkins allows it.

    Its steps, what went wrong in the page, and the files that were kept of it, as ``[[ATTACHMENT|path]]``, are in
    ``system-out``: Jenkins and GitLab show such files beside the test.
    """
    root = xml.Element("testsuites", _counts(results))
    root.extend(map(_suite, results))
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(results: Sequence[FileResult]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(result.verdict == "failed" for result in results)),
        "errors": str(sum(result.verdict == "error" for result in results)),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _suite(result: FileResult) -> xml.Element:
    named = {"name": _clean(result.name), "file": _clean(result.file)}
    suite = xml.Element("testsuite", {**named, **_counts([result]), "skipped": "0"})
    if result.run is not None:
        suite.set("timestamp", rfc3339(result.run.started_at or result.run.created_at))
    suite.append(_case(result))
    return suite


def _case(result: FileResult) -> xml.Element:
    path = PurePath(result.file)
    classname = ".".join(part for part in (*path.parent.parts, path.stem) if part not in {"/", ".", ".."})
    case = xml.Element("testcase", classname=_clean(classname), name=_clean(result.name), time=f"{result.seconds:.3f}")
    if result.verdict != "passed":
        kind = "failure" if result.verdict == "failed" else "error"
        reason = _clean(result.reason)
        xml.SubElement(case, kind, message=reason, type=result.verdict).text = "\n".join([reason, *_page(result)])
    said = "\n".join(_said(result))
    if said:
        xml.SubElement(case, "system-out").text = said
    return case


def _page(result: FileResult) -> Iterator[str]:
    """Yields where the page was when the test ended."""
    if result.steps and result.steps[-1].url:
        yield _clean(f"page: {result.steps[-1].url}")


def _said(result: FileResult) -> Iterator[str]:
    if result.run is not None and (result.attempts > 1 or result.run.failed_steps):
        yield result.outcome
    for step in result.steps:
        yield from map(_clean, _step_lines(step))
    yield from map(_clean, result.page_said)
    for path in result.kept:
        yield f"[[ATTACHMENT|{_clean(str(path))}]]"


def _step_lines(step: Step) -> Iterator[str]:
    """Yields a step as lines of a plain text."""
    took = "" if step.duration_ms is None else f" ({step.duration_ms} ms)"
    yield f"{step.step_number}. {step.status}: {step.description}{took}"
    if step.error:
        yield f"   {step.error}"
        if step.target:
            yield f"   {step.action} {plain_selector(step.target)}"


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", visible(text))
