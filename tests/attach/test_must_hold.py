"""What an attached test can rely on: holding, repairs, the end of everything around it, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.attach.session_harness import POLL_SECONDS, OpenSession, Steerer, open_session
from tests.attach.suite import suite_marks
from tests.attach.suites.site import SuiteSite
from tests.processes import alive, children, ended
from tests.served import Served, served

pytestmark = suite_marks(240)

HOLD_SECONDS = 60
END_SECONDS = 60
CONTEXTS = 200
OPEN = """\
import os

from playwright.sync_api import expect


def test_it(page):
    page.goto(os.environ["PAGES_URL"] + "/late.html")
"""
HELD = f"""{OPEN}\
    page.get_by_role("button", name="Count").click(timeout=3000)
    expect(page.get_by_test_id("counted")).to_have_text("1", timeout=3000)
"""
RENAMED = f"""{OPEN}\
    page.get_by_role("button", name="Begin").click(timeout=1000)
    expect(page.get_by_role("status")).to_have_text("started", timeout=5000)
"""
COVERED = f"""{OPEN}\
    page.evaluate("document.body.insertAdjacentHTML('beforeend', document.querySelector('template').innerHTML)")
    page.get_by_role("button", name="Start").click(timeout=1000)
    expect(page.get_by_role("status")).to_have_text("started", timeout=5000)
"""
MISSING = f"""{OPEN}\
    page.get_by_role("button", name="Begin").click(timeout=1000)
    expect(page.get_by_role("status")).to_have_text("idle", timeout=2000)
"""
WAITING = f"""{OPEN}\
    page.get_by_role("button", name="Nowhere").click(timeout=120_000)


def test_next(page):
    page.goto(os.environ["PAGES_URL"] + "/inner.html")
    expect(page.get_by_role("heading")).to_have_text("Inner")
"""
MANY = """\
import os

from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch()
    for number in range(int(os.environ["CONTEXTS"])):
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(os.environ["PAGES_URL"] + "/inner.html")
            page.get_by_role("button", name="Book").click()
    browser.close()
"""


@pytest_asyncio.fixture(loop_scope="session")
async def session(server: Served, site: SuiteSite) -> AsyncIterator[OpenSession]:
    """A session in review: its calls wait for the one who steers, who can so not come too late."""
    async with open_session(server, site, review=True) as opened:
        yield opened


async def steered(session: OpenSession, folder: Path, test: str, **decisions: Any) -> tuple[int, str, str]:  # noqa: ANN401
    """Runs a test with somebody who steers it; returns exit code, output and the run's id."""
    async with asyncio.timeout(END_SECONDS * 2), session.pytest(folder, test) as started:
        run_id = await session.run()
        await Steerer(session, run_id, **decisions).steer()
        code, stdout, stderr = await started.end()
    return code, stdout + stderr, run_id


# Holding


async def test_a_call_that_is_held_for_longer_than_its_timeout_passes(session: OpenSession, tmp_path: Path) -> None:
    async with session.pytest(tmp_path, HELD) as started:

        async def hold(proposal: dict[str, Any]) -> None:
            if proposal["action"]["type"] == "click":
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(started.process.wait(), HOLD_SECONDS)

        await Steerer(session, await session.run(), on_proposal=hold).steer()
        code, stdout, stderr = await started.end()
    assert code == 0, stdout + stderr


# Repairs


async def test_a_failed_call_is_repaired_by_an_override(session: OpenSession, tmp_path: Path) -> None:
    async def repair(asked: dict[str, Any]) -> dict[str, Any]:
        assert "Begin" in asked["reason"]
        return {"type": "step_override", "action": {"type": "click", "selector": 'role=button[name="Start"]'}}

    code, output, run_id = await steered(session, tmp_path, RENAMED, on_help=repair)
    assert code == 0, output
    assert "1 passed" in output
    run = await session.server.get(f"/api/tests/{run_id}")
    assert run["status"] == "passed"
    failed, repaired = run["steps"][1:3]
    assert (failed["status"], repaired["status"], repaired["source"]) == ("failed", "passed", "override")
    assert repaired["target"] == 'role=button[name="Start"]'
    assert failed["location"] == repaired["location"]
    assert failed["location"]["line"] == 8


async def test_a_failed_call_is_tried_again_after_a_person_has_closed_a_banner(
    session: OpenSession, tmp_path: Path
) -> None:
    asked_before: list[dict[str, Any]] = []

    async def close_by_hand(asked: dict[str, Any]) -> dict[str, Any]:
        if asked_before:
            return {"type": "resume"}
        asked_before.append(asked)
        for command in ({"type": "take_control"}, *click_at(150, 120)):
            await session.client.send(asked["runId"], command)
        # A command is answered before its click is carried out.
        while not any(step.source == "human" for step in await session.client.steps(asked["runId"])):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        return {"type": "release_control"}

    code, output, run_id = await steered(session, tmp_path, COVERED, on_help=close_by_hand)
    assert code == 0, output
    steps = (await session.server.get(f"/api/tests/{run_id}/steps"))["steps"]
    clicks = [step for step in steps if step["action"] == "click" and step["source"] == "plan"]
    again = f"Tried again: step {clicks[0]['stepNumber']} had failed."
    assert [(step["status"], step["note"]) for step in clicks] == [("failed", None), ("passed", again)]
    assert [step["target"] for step in steps if step["source"] == "human"] == ['role=button[name="Close"]']


def click_at(x: int, y: int) -> list[dict[str, Any]]:
    return [{"type": "input", "kind": kind, "x": x, "y": y} for kind in ("move", "down", "up")]


async def test_a_failed_call_is_skipped(session: OpenSession, tmp_path: Path) -> None:
    async def skip(_: dict[str, Any]) -> dict[str, Any]:
        return {"type": "skip_step"}

    code, output, run_id = await steered(session, tmp_path, MISSING, on_help=skip)
    assert code == 0, output
    run = await session.server.get(f"/api/tests/{run_id}")
    assert run["status"] == "passed"
    assert [step["status"] for step in run["steps"]] == ["passed", "failed", "passed"]


async def test_nobody_helps_in_time(server: Served, site: SuiteSite, tmp_path: Path) -> None:
    """The test gets its own error, word for word."""
    async with open_session(server, site, review=True, helpTimeoutMs=1000) as session:
        code, output, run_id = await steered(session, tmp_path, MISSING)
        run = await server.get(f"/api/tests/{run_id}")
    assert code == 1
    assert "TimeoutError: Locator.click: Timeout 1000ms exceeded." in output
    assert run["status"] == "failed"


# The end of what is around a test


@pytest.mark.parametrize("lost", ["browser", "session"])
async def test_what_a_test_depends_on_ends(server: Served, site: SuiteSite, tmp_path: Path, lost: str) -> None:
    async with open_session(server, site) as session, session.pytest(tmp_path, WAITING) as started:
        await waits_in_click(session)
        if lost == "session":
            await session.close()
        else:
            browsers = [pid for pid in children(server.process.pid) if is_browser(pid)]
            assert browsers
            for pid in browsers:
                os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(END_SECONDS):
            code, stdout, _ = await started.end()
        assert code == 1
        assert "closed" in stdout
        assert not started.marked()


async def test_jumpseat_is_killed(site: SuiteSite, tmp_path: Path) -> None:
    async with (
        served() as server,
        open_session(server, site) as session,
        session.pytest(tmp_path, WAITING) as started,
    ):
        await waits_in_click(session)
        below = children(server.process.pid)
        server.process.kill()
        async with asyncio.timeout(END_SECONDS):
            code, stdout, _ = await started.end()
            for pid in below:
                await ended(pid)
        assert code == 1
        assert "closed" in stdout
        assert not started.marked()


async def test_a_viewer_vanishes_while_it_looks(session: OpenSession, tmp_path: Path) -> None:
    async with session.pytest(tmp_path, HELD) as started:
        run_id = await session.run()
        url = f"{session.server.api}/ws/test-control?runId={run_id}"
        async with session.server.http.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            assert socket._response.connection
            assert socket._response.connection.transport
            socket._response.connection.transport.abort()
        await Steerer(session, run_id).steer()
        code, stdout, stderr = await started.end()
    assert code == 0, stdout + stderr


async def waits_in_click(session: OpenSession) -> str:
    """Waits until the test's click has begun; returns the run's id."""
    run_id = await session.run()
    await session.server.until(
        run_id, lambda message: message["type"] == "test_step" and message["step"]["action"] == "click"
    )
    return run_id


def is_browser(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return b"chrom" in command[0] and not any(part.startswith(b"--type=") for part in command)


# What is left behind


async def test_many_contexts_leave_nothing_behind(server: Served, site: SuiteSite, tmp_path: Path) -> None:
    async with open_session(server, site) as session:
        held = []
        for count in (3, CONTEXTS):
            async with session.python(tmp_path, MANY, CONTEXTS=str(count)) as started:
                code, _, stderr = await started.end()
            assert code == 0, stderr
            held.append(len(os.listdir(f"/proc/{server.process.pid}/fd")))
        assert (await session.view())["runs"] == 3 + CONTEXTS
        runs = (await session.client.list_runs(session=session.id, limit=200)).runs
    assert {run.status.value for run in runs} == {"passed"}
    assert held[1] <= held[0] + 5, "file descriptors"
    assert not [pid for pid in children(server.process.pid) if pid in alive([pid]) and is_browser(pid)]
