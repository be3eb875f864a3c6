"""Runs that were really flown, through popups and dialogs and by a person's hands: their export passes on its own."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Action
from control.protocol.models import GivenSecret, NewRun, RunStatus, SecretUse, Source, StepStatus
from control.roles import Actor, Role
from runner.browser.launch import PlaywrightDrivers
from runner.export.pytest import export
from runner.planners.factory import build_planner
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.run.session import Session
from runner.store.store import Store
from tests.chromium import browser_options
from tests.exported import pytest_on
from tests.runner.browser.driver_harness import site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.process]

ADA = Actor("ada", Role.CONTROLLER, "Ada")
FRONT = """<title>Front</title><body style="margin: 0">
<style>.at { position: absolute; left: 10px; height: 30px }</style>
<button class="at" style="top: 10px" onclick="window.open('/popup', '', 'popup')">Open</button>
<button class="at" style="top: 50px" onclick="say('delete', confirm('Sure?'))">Delete</button>
<button class="at" style="top: 90px" onclick="say('name', prompt('Name?', 'Nobody')); alert('Noted')">Name</button>
<input class="at" style="top: 130px" type="file" multiple aria-label="Papers" onchange="read(this.files)">
<a class="at" style="top: 170px" href="/popup">Leave</a><output id="out" class="at" style="top: 300px"></output>
<script>
  function say(what, value) { out.textContent += `${what}=${value};`; }
  const read = async files => {
    for (const file of files) say(file.name, await file.text());
    addEventListener('beforeunload', event => event.preventDefault());
  };
  say('cookies', confirm('Cookies?'));
</script></body>"""
POPUP = """<title>Popup</title><script>
  const send = () => { opener.say('note', note.value); window.close(); };</script>
<label>Note <input id="note" onkeydown="if (event.key === 'Enter') send()"></label>"""
BY_PLAN = "cookies=true;delete=true;name=null;note=hello;"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def base() -> AsyncIterator[str]:
    async with site({"/": FRONT, "/popup": POPUP}) as base:
        yield base


@asynccontextmanager
async def registry(folder: Path) -> AsyncIterator[RunRegistry]:
    drivers = PlaywrightDrivers(browser_options())
    store = await Store.open(folder)
    options = SessionOptions(streaming=False, exporter=export)
    runs = RunRegistry(drivers=drivers, store=store, planner_factory=build_planner, options=options)
    try:
        yield runs
    finally:
        await runs.aclose()
        await drivers.aclose()
        await store.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runs(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunRegistry]:
    async with registry(tmp_path_factory.mktemp("data")) as runs:
        yield runs


def actions(*lines: str) -> tuple[Action, ...]:
    """From ``type | selector | value``."""
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return tuple(
        Action(type=type, selector=selector or None, value=value[0] if value else None)
        for type, selector, *value in cells
    )


async def until(session: Session, condition: Callable[[], object]) -> None:
    news = asyncio.Event()
    stop = session.log.listen(lambda _: news.set())
    async with asyncio.timeout(60):
        while not condition():
            news.clear()
            await news.wait()
    stop()


async def exported(session: Session, folder: Path, **environment: str) -> tuple[str, int, str]:
    """The test's text, its exit code and what it printed."""
    assert (session.view().status, session.view().error) == (RunStatus.PASSED, None)
    file = folder / "test_exported.py"
    file.write_text(await session.export("pytest"), encoding="utf-8")
    return file.read_text(encoding="utf-8"), *await pytest_on(file, **environment)


async def test_popups_and_dialogs_that_nobody_answered(runs: RunRegistry, base: str, tmp_path: Path) -> None:
    steps = actions(
        "click | text=Delete",
        "click | text=Name",
        "click | text=Open",
        "type | #note | hello",
        "press | #note | Enter",
        f"expect_text | #out | {BY_PLAN}",
    )
    session = await runs.create(
        NewRun(url=f"{base}/", steps=steps, help_timeout_ms=0, step_timeout_ms=15_000), owner="ada"
    )
    await until(session, lambda: not session.active)
    done = await session.steps()
    assert [step.tab for step in done] == [0, 0, 0, 1, 1, 0]
    assert [[(each.kind, each.message, each.accepted) for each in step.dialogs] for step in done[:3]] == [
        [("confirm", "Cookies?", True), ("confirm", "Sure?", True)],
        [("prompt", "Name?", False), ("alert", "Noted", True)],
        [],
    ]
    text, code, output = await exported(session, tmp_path)
    assert "page = tab(page, 1)" in text
    assert text.count("with may_close(page):") == 1
    assert (code, "1 passed" in output) == (0, True), output + text


class Person:
    """Ada, at the wheel."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._answered: set[str] = set()

    async def click(self, y: float, kind: str, **answer: object) -> None:
        """Clicks, and answers the dialog of this kind that opens."""
        for way in ("down", "up"):
            await self._session.submit(c.Input.model_validate({"kind": way, "x": 20, "y": y}), ADA)
        await self.answer(kind, **answer)

    async def answer(self, kind: str, **answer: object) -> None:
        await until(self._session, lambda: self._open(kind))
        command = {"dialog_id": self._open(kind), **answer}
        await self._session.submit(c.AnswerDialog.model_validate(command), ADA)

    def _open(self, kind: str) -> str | None:
        told = [entry.body for entry in self._session.log.since(0) or [] if isinstance(entry.body, e.Dialog)]
        closed = {dialog.dialog_id for dialog in told if dialog.closed}
        return next((each.dialog_id for each in told if each.kind == kind and each.dialog_id not in closed), None)


async def test_what_a_person_answered_and_uploaded(runs: RunRegistry, base: str, tmp_path: Path) -> None:
    secret = "Grace Hopper"
    wanted = "cookies=true;delete=false;name={{secret:NAME}};a.txt=one;b.txt=two;"
    spec = NewRun(
        url=f"{base}/",
        steps=actions("wait | | 60000", f"expect_text | #out | {wanted}"),
        secrets={"NAME": GivenSecret(value=secret, use=(SecretUse.EXPECTATION,))},
    )
    session = await runs.create(spec, owner="ada")
    await until(session, lambda: session.view().steps)
    await session.submit(c.TakeControl(), ADA)
    ada = Person(session)
    await ada.click(65, "confirm", accept=False)
    await ada.click(105, "prompt", accept=True, text=secret)
    await ada.answer("alert", accept=True)
    files = [{"name": f"{name}.txt", "mimeType": "text/plain", "data": b64(text)} for name, text in FILES]
    await ada.click(145, "file_chooser", accept=True, files=files)
    await ada.click(180, "beforeunload", accept=False)
    await session.submit(c.ReleaseControl(), ADA)
    await until(session, lambda: not session.active)
    text, code, output = await exported(session, tmp_path, NAME=secret)
    assert secret not in text
    assert (code, "1 passed" in output) == (0, True), output + text
    human = [step for step in await session.steps() if step.source is Source.HUMAN]
    assert [[each.accepted for each in step.dialogs] for step in human] == [[False], [True, True], [], [False]]
    assert all(step.status is StepStatus.PASSED for step in human)
    (upload,) = (step.full_action.text for step in human if step.action == "upload")
    assert [line.partition(";")[2] for line in upload.split("\n")] == [
        "name=a.txt;type=text/plain;size=3",
        "name=b.txt;type=text/plain;size=3",
    ]


FILES = (("a", "one"), ("b", "two"))


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
