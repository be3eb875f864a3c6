"""What a page can bring about without end does not fill the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.async_api import BrowserContext, Error

from control.protocol.models import RunStatus
from runner.browser import dialogs
from runner.browser.dialogs import Dialogs
from runner.browser.screencast import Screencast
from runner.log import ThrottledWarnings
from tests.fakes import FakePlanner, click
from tests.runner.session_harness import session_harness


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_first_are_told_and_the_others_counted() -> None:
    lines: list[str] = []
    tally = ThrottledWarnings(lines.append, more="{} more", most=2)
    tally.end()
    for number in range(5):
        tally.warn(f"this {number}")
    assert lines == ["this 0", "this 1"]
    tally.end()
    tally.end()
    assert lines == ["this 0", "this 1", "3 more"]
    tally.warn("that")
    tally.end()
    assert lines[3:] == ["that"]


async def test_a_page_that_looks_for_hosts_without_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")])) as run:
        run.driver.perform_gate.close()
        run.start()
        await run.driver.perform_gate.reached.wait()
        for number in range(300):
            run.driver.on_refused(f"the page was kept from host-{number} port 80: why")
        run.driver.perform_gate.open()
        assert await run.finish() is RunStatus.PASSED
    assert [line.removeprefix("[run run-1] the page was kept from ") for line in told(caplog)] == [
        *(f"host-{number} port 80: why" for number in range(5)),
        "295 more hosts and ports",
    ]


async def test_pictures_that_cannot_be_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")] * 20)) as run:
        run.driver.screenshot_error = Error("the page is busy")
        run.start()
        assert await run.finish() is RunStatus.PASSED
    assert told(caplog) == ["[run run-1] no screenshot: the page is busy"] * 5 + [
        "[run run-1] 35 more screenshots are missing"
    ]


async def test_dialogs_that_open_again_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Three in a second, for a minute: whenever one of them may be told of, the next one is too many again."""
    heard: list[Callable[[Any], None]] = []
    seconds = iter(range(180))
    monkeypatch.setattr(dialogs, "time", SimpleNamespace(monotonic=lambda: next(seconds) / 3))
    context = cast(BrowserContext, SimpleNamespace(on=lambda _, listener: heard.append(listener), pages=[]))
    open_ones = Dialogs(context, report=lambda _: None, answered=lambda _: None, patience=1)
    for _ in range(180):
        heard[0](SimpleNamespace(page=None, type="alert", message="!", default_value="", accept=_nothing))
    await open_ones.aclose()
    lines = told(caplog)
    assert len(lines) == 2
    assert lines[0].startswith("the page floods its viewers with dialogs")
    assert lines[1] == "the page opened 59 more dialogs that were not reported to viewers"


async def _nothing(_: str | None) -> None: ...


async def test_tabs_that_give_no_pictures(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    casting = Screencast()

    async def fails() -> None:
        raise Error("no pictures")

    monkeypatch.setattr(casting, "_settle", fails)
    monkeypatch.setattr("runner.browser.screencast._PAUSES", (0, 0, 0, 0, 0, 0, 0, 0))
    await casting._settle_again()
    monkeypatch.undo()
    await casting.aclose()
    assert told(caplog) == ["no pictures of this page: no pictures"] * 5 + [
        "3 more times there were no pictures of a page"
    ]
