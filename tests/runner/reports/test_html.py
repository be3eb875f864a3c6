"""The report as one HTML file."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from control.protocol.actions import Action, ActionType
from control.protocol.models import DialogAnswer, RunStatus, Source, StepStatus
from runner.reports.html import html_report
from runner.reports.result import FileResult
from tests.runner.reports.test_junit import step, view


class Read(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


FAILED = FileResult(
    "Buy <script>alert(1)</script>",
    "shop/buy.yaml",
    view(RunStatus.FAILED, error="'Pay' is \x1b[2J covered"),
    (step(1, StepStatus.FAILED, "</style><img src=x onerror=alert(1)>"),),
    page_said=("step 1: the page's request POST /pay answered 500",),
    kept=(Path("out/shop-buy/last.jpg"),),
)


def report(*results: FileResult) -> Read:
    return Read(html_report(results, {("r", 1): b"picture"}, folder=Path("out")))


def test_what_has_not_passed_comes_first_and_is_open() -> None:
    read = report(FileResult("Look", "a.yaml", view(RunStatus.PASSED)), FAILED)
    assert [("open" in attributes) for tag, attributes in read.tags if tag == "details"] == [True, False]
    assert "1 passed, 1 failed" in read.text
    assert "'Pay' is \\x1b[2J covered" in read.text
    assert "POST /pay answered 500" in read.text


def test_nothing_of_a_page_is_obeyed_and_nothing_is_fetched() -> None:
    read = report(FAILED)
    assert not [tag for tag, _ in read.tags if tag == "script"]
    assert "Buy <script>alert(1)</script>" in read.text
    pictures = [attributes["src"] for tag, attributes in read.tags if tag == "img"]
    assert pictures == ["data:image/jpeg;base64,cGljdHVyZQ=="]
    policies = [attributes["content"] for tag, attributes in read.tags if "http-equiv" in attributes]
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'")


def test_what_was_kept_is_linked_from_where_the_report_is() -> None:
    assert ("a", {"href": "shop-buy/last.jpg"}) in report(FAILED).tags


def test_what_people_have_changed_is_shown_as_a_difference() -> None:
    proposed = Action(type=ActionType.CLICK, selector="#old")
    dialog = DialogAnswer(kind="prompt", message="Name?", accepted=True, text="Ada")
    changed = step(1, StepStatus.PASSED).model_copy(
        update={"source": Source.OVERRIDE, "proposed": proposed, "dialogs": (dialog,)}
    )
    read = report(FileResult("Buy", "a.yaml", view(RunStatus.PASSED), (changed,)))
    assert {"del", "ins"} <= {tag for tag, _ in read.tags}
    assert "#old" in read.text
    assert "override" in read.text
    assert "prompt “Name?”: accepted with “Ada”" in read.text
