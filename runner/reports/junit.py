"""The report of a finished run as JUnit XML, which CI systems read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as xml

from control.protocol.models import RunStatus, RunView, Step, StepStatus
from control.protocol.shape import rfc3339
from control.protocol.wording import outcome
from control.visible import visible
from runner.selectors.describe import plain_selector

_NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 §2.2 does not allow, not even escaped."""


def junit_xml(run: RunView, steps: Iterable[Step], *, strict: bool = False) -> str:
    """Returns one suite with a case for each step.

    A step that failed in a run that passed was repaired or replaced: it counts as skipped, with ``strict`` as failed
    where the run counts it. What ended a run without failing any step, such as a start URL that does not answer or a
    cancellation, is a case of its own.
    """
    went_on = run.status is RunStatus.PASSED and not (strict and run.failed_steps)
    suite = xml.Element("testsuite", name=_clean(run.name), timestamp=rfc3339(run.started_at or run.created_at))
    suite.set("time", f"{_seconds(run):.3f}")
    if run.failed_steps:
        properties = xml.SubElement(suite, "properties")
        xml.SubElement(properties, "property", name="outcome", value=outcome(run.status, run.failed_steps))
    for step in steps:
        suite.append(_case(run, step, went_on=went_on))
    if run.status is not RunStatus.PASSED and suite.find("testcase/failure") is None:
        suite.append(_end(run))
    for name, path in (
        ("tests", "testcase"),
        ("failures", "*/failure"),
        ("errors", "*/error"),
        ("skipped", "*/skipped"),
    ):
        suite.set(name, str(len(suite.findall(path))))
    root = xml.Element("testsuites", {key: suite.attrib[key] for key in ("tests", "failures", "errors", "time")})
    root.append(suite)
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(run: RunView, step: Step, *, went_on: bool) -> xml.Element:
    case = xml.Element("testcase", classname=_clean(run.name), name=_clean(f"{step.step_number}. {step.description}"))
    case.set("time", f"{(step.duration_ms or 0) / 1000:.3f}")
    message = _clean(step.error or "")
    match step.status:
        case StepStatus.FAILED if went_on:
            xml.SubElement(case, "skipped", message=f"failed, and the run went on: {message}")
        case StepStatus.FAILED:
            xml.SubElement(case, "failure", message=message).text = _clean(_details(step))
        case StepStatus.SKIPPED | StepStatus.RUNNING:
            xml.SubElement(case, "skipped", message=message or "skipped")
    return case


def _end(run: RunView) -> xml.Element:
    case = xml.Element("testcase", classname=_clean(run.name), name="run", time="0.000")
    reason = _clean(run.error or f"the run was {run.status}")
    kind = "failure" if run.status is RunStatus.FAILED and run.steps else "error"
    xml.SubElement(case, kind, message=reason).text = reason
    return case


def _details(step: Step) -> str:
    lines = [step.error or "", f"action: {step.action} {plain_selector(step.target or '')}".rstrip()]
    return "\n".join([*lines, f"page: {step.url}"] if step.url else lines)


def _seconds(run: RunView) -> float:
    if run.started_at is None or run.ended_at is None:
        return 0.0
    return max(0.0, (run.ended_at - run.started_at).total_seconds())


def _clean(text: str) -> str:
    return _NOT_XML.sub("�", visible(text, indent=""))
