"""The report of test files as one HTML file that needs nothing else: for a CI's artifacts, and for a mail."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as xml

from control.protocol.models import Source, Step
from control.protocol.wording import counted
from control.visible import visible
from runner.reports.result import FileResult, Verdict
from runner.selectors.describe import describe_action, plain_selector

Pictures = Mapping[tuple[str, int], bytes]
"""By run and step: the page after it, as JPEG."""
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SOURCES: Final = {Source.OVERRIDE: "override", Source.HUMAN: "by hand"}
_VERDICTS: Final[Mapping[Verdict, str]] = {"passed": "passed", "failed": "failed", "error": "could not run"}
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --odd: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --odd: #d29922; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; padding: .5rem 1rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
summary b { margin-right: .5rem; }
.passed { color: var(--good); } .failed { color: var(--bad); } .error, .skipped { color: var(--odd); }
.file, .took, .source { opacity: .75; font-size: .9em; margin-left: .5rem; }
ol { list-style: none; padding: 0; }
li { border-top: 1px solid var(--line); padding: .5rem 0; overflow-wrap: anywhere; }
pre { margin: .25rem 0; overflow-x: auto; white-space: pre-wrap; font: 13px/1.4 ui-monospace, monospace; }
del, ins { text-decoration: none; display: block; }
del { color: var(--bad); }
ins { color: var(--good); }
img { display: block; max-width: min(100%, 48rem); border: 1px solid var(--line); margin: .5rem 0; }
"""


def html_report(results: Sequence[FileResult], pictures: Pictures, *, folder: Path) -> str:
    """Returns the report, those first that have not passed.

    Args:
        results: of every test.
        pictures: those that are to be shown; the others are left out.
        folder: where the report will be, which links to what was kept are relative to.
    """
    root = xml.Element("html", lang="en")
    head = xml.SubElement(root, "head")
    xml.SubElement(head, "meta", charset="utf-8")
    xml.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY})
    xml.SubElement(head, "meta", name="viewport", content="width=device-width")
    xml.SubElement(head, "title").text = f"jumpseat: {summary(results)}"
    xml.SubElement(head, "style").text = _STYLE
    body = xml.SubElement(root, "body")
    xml.SubElement(body, "h1").text = summary(results)
    for result in sorted(results, key=lambda result: result.verdict == "passed"):
        body.append(_test(result, pictures, folder))
    return "<!doctype html>\n" + xml.tostring(root, encoding="unicode", method="html")


def summary(results: Sequence[FileResult]) -> str:
    """Returns how many tests have ended how: ``2 passed, 1 failed``."""
    counts = {
        verdict: sum(result.verdict == verdict for result in results) for verdict in ("passed", "failed", "error")
    }
    words = {"passed": "passed", "failed": "failed", "error": "could not run"}
    return ", ".join(f"{count} {words[verdict]}" for verdict, count in counts.items() if count) or "no test"


def _test(result: FileResult, pictures: Pictures, folder: Path) -> xml.Element:
    box = xml.Element("details", {} if result.verdict == "passed" else {"open": "open"})
    head = xml.SubElement(box, "summary")
    _text(head, "b", result.outcome, result.verdict)
    _text(head, "span", result.name)
    _text(head, "span", result.file, "file")
    _text(head, "span", f"{result.seconds:.1f} s, {counted(len(result.steps), 'step')}", "took")
    if result.reason:
        _text(box, "p", result.reason, result.verdict)
    steps = xml.SubElement(box, "ol")
    for step in result.steps:
        steps.append(_step(step, pictures.get((result.run.id, step.step_number)) if result.run else None))
    if result.page_said:
        _text(box, "p", "What went wrong in the page:")
        _text(box, "pre", "\n".join(visible(line) for line in result.page_said))
    if result.kept:
        links = _text(box, "p", "Kept: ")
        for path in result.kept:
            link = xml.SubElement(links, "a", href=path.relative_to(folder).as_posix())
            link.text, link.tail = path.name, " "
    return box


def _step(step: Step, picture: bytes | None) -> xml.Element:
    item = xml.Element("li")
    _text(item, "b", str(step.status), step.status)
    _text(item, "span", f" {step.step_number}. {step.description}")
    if step.source in _SOURCES:
        _text(item, "span", _SOURCES[step.source], "source")
    if step.duration_ms is not None:
        _text(item, "span", f"{step.duration_ms} ms", "took")
    if step.error:
        _text(item, "p", step.error, step.status)
    if step.note:
        _text(item, "p", step.note)
    if step.proposed is not None and step.proposed != step.full_action:
        changed = xml.SubElement(item, "pre")
        _text(changed, "del", f"- {describe_action(step.proposed)}  {plain_selector(step.proposed.selector or '')}")
        _text(changed, "ins", f"+ {step.description}  {plain_selector(step.target or '')}")
    for dialog in step.dialogs:
        answer = "accepted" if dialog.accepted else "dismissed"
        _text(item, "p", f"{dialog.kind} “{dialog.message}”: {answer}{f' with “{dialog.text}”' if dialog.text else ''}")
    if picture is not None:
        source = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
        xml.SubElement(item, "img", src=source, alt=visible(f"the page after step {step.step_number}"), loading="lazy")
    return item


def _text(parent: xml.Element, tag: str, text: str, kind: str | None = None) -> xml.Element:
    child = xml.SubElement(parent, tag, {"class": str(kind)} if kind else {})
    child.text = visible(text, indent="")
    return child
