"""A page that goes wrong, in a run on a real Chromium: what went wrong is named at its step, wherever one looks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from control.protocol import events as e
from control.protocol.models import NewRun, RunStatus
from control.protocol.page_log import PageLogView
from control.user_info import without_user_info
from runner.browser.launch import PlaywrightDrivers
from runner.planners.factory import build_planner
from runner.reports.page_evidence import evidence_lines
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.run.session import Session
from runner.store.store import Store
from tests.chromium import browser_options
from tests.unwell_site import unwell_site

pytestmark = pytest.mark.browser

STEPS = [
    {"type": "expect_visible", "selector": "#order"},
    {"type": "click", "selector": "#order"},
    {"type": "expect_text", "selector": "role=status", "value": "Thank you"},
]
SENTENCES = (
    "the page's request POST /api/orders answered 500",
    "the page's request GET /missing.png answered 404",
    "the page threw: ReferenceError: cart is not defined",
    "the page threw: TypeError: nobody waits for this",
    "/prices was closed",
    "the page's Content Security Policy forbids it: ",
)


async def ended(folder: Path, site: str, steps: list[dict[str, str]] = STEPS) -> tuple[Session, PageLogView]:
    """Runs the steps, and returns the run with what a server that is started afterwards knows of its page."""
    drivers = PlaywrightDrivers(browser_options())
    store = await Store.open(folder)
    runs = RunRegistry(
        drivers=drivers,
        store=store,
        planner_factory=build_planner,
        options=SessionOptions(streaming=False),
    )
    body = {"url": site, "steps": steps, "helpTimeoutMs": 0, "stepTimeoutMs": 1000}
    spec = NewRun.model_validate(body | {"secrets": {"KEY": "hunter2-value"}})
    session = await runs.create(spec, owner="ada")
    over = asyncio.Event()
    stop = session.log.listen(lambda entry: over.set() if isinstance(entry.body, e.RunFinished) else None)
    await over.wait()
    stop()
    await runs.aclose()
    await drivers.aclose()
    await store.aclose()
    again = await Store.open(folder)
    later = RunRegistry(drivers=drivers, store=again, planner_factory=build_planner)
    found = await later.get(session.id)
    assert found is not None
    kept = await found.page_log()
    await again.aclose()
    return session, kept


async def test_each_is_named_at_its_step(tmp_path: Path) -> None:
    async with unwell_site() as site:
        session, kept = await ended(tmp_path, site)
    assert session.view().status is RunStatus.FAILED
    lines = evidence_lines([*kept.console, *kept.requests])
    for sentence in SENTENCES:
        assert [line for line in lines if line.startswith("step 2: ") and sentence in line], sentence
    events = [entry.body for entry in session.log.since(0) or []]
    told = {each.number for each in events if isinstance(each, e.ConsoleMessage | e.RequestFailed)}
    failing = {each.number for each in kept.console if each.failed} | {
        each.number for each in kept.requests if each.failed
    }
    assert failing == told
    (step,) = [each for each in await session.steps() if each.error]
    assert step.step_number == 3
    for sentence in SENTENCES:
        assert [said for said in step.page_said if sentence in said], sentence
    assert str(session.view().error).count("answered 500") == 1
    live = await session.page_log()
    assert live.dump() == kept.dump()
    assert without_user_info(str(kept)) == str(kept)
    assert "hunter2" not in str(kept)
    assert "hunter2" not in str(events)


async def test_what_is_downloaded_in_a_step_outlives_the_browser_and_the_server(tmp_path: Path) -> None:
    steps = [{"type": "click", "selector": "#save"}, {"type": "wait", "value": "1000"}]
    async with unwell_site() as site:
        session, kept = await ended(tmp_path, site, steps)
    (download,) = kept.downloads
    assert (download.number, download.step, download.name, download.size) == (1, 1, "invoice.pdf", 5)
    path = await session.download(1)
    assert path is not None
    assert path.read_bytes() == b"hello"
    assert [each for each in kept.requests if each.failed] == []
