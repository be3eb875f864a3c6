"""Data directories that released versions wrote are opened with every run, step and picture."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from pathlib import Path
from typing import Any

import pytest

from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import RunStatus
from control.protocol.shape import utc_now
from control.roles import Actor, Role
from runner.export.pytest import export
from runner.store.finished_run import FinishedRun
from runner.store.rows import RunRecord
from runner.store.store import STOPPED, Store
from tests.served import Served, served

RELEASES = sorted(folder.parent for folder in (Path(__file__).parents[2] / "fixtures/store").glob("*/expected.json"))
VIEWER = Actor("viewer", Role.VIEWER, "Viewer")


@pytest.fixture(params=RELEASES, ids=lambda folder: folder.name)
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what a release wrote: ``data`` and ``expected.json``."""
    folder: Path = request.param
    # As git checks it out: without empty folders.
    return shutil.copytree(folder, tmp_path / "release")


def expected_of(release: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((release / "expected.json").read_text(encoding="utf-8"))
    return found


def assert_holds(found: object, expected: object, where: str = "") -> None:
    """Everything that is expected is there; objects may have gained fields since."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), where
        for name, value in expected.items():
            assert name in found, f"{where}.{name}"
            assert_holds(found[name], value, f"{where}.{name}")
    elif isinstance(expected, list):
        assert isinstance(found, list), where
        assert len(found) == len(expected), where
        for index, value in enumerate(expected):
            assert_holds(found[index], value, f"{where}[{index}]")
    else:
        assert found == expected, where


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_there_is_a_fixture_of_the_first_release() -> None:
    assert "0.1.0" in [folder.name for folder in RELEASES]


async def test_the_store_reads_all_that_a_release_wrote(release: Path) -> None:
    expected = expected_of(release)
    store = await Store.open(release / "data")
    try:
        listed = {record.view.id for record in await store.page(owner=expected["owner"], limit=100)}
        assert listed == {*expected["runs"], expected["inFlight"], expected["noted"]}
        for run_id, answers in expected["runs"].items():
            record = await store.get(run_id)
            assert record
            await assert_replays(store, record, answers)
    finally:
        await store.aclose()


async def assert_replays(store: Store, record: RunRecord, answers: dict[str, Any]) -> None:
    run = FinishedRun(record, store, clock=utc_now, exporter=export)
    assert_holds(run.view().dump(), answers["run"])
    assert_holds(run.creation(), answers["spec"])
    assert_holds([step.dump() for step in await run.steps()], answers["steps"])
    for step in answers["steps"]:
        reply = await run.submit(c.ReplayStep(step_number=step["stepNumber"]), VIEWER)
        assert isinstance(reply, e.StepReplay)
        assert_holds(reply.step.dump(), step)
        for before, url in ((False, step["screenshotUrl"]), (True, step["beforeScreenshotUrl"])):
            if url is not None:
                path = await run.screenshot(step["stepNumber"], before=before)
                assert path
                assert digest(path.read_bytes()) == answers["pictures"][url]
    assert "def test_" in await run.export("pytest")


async def test_runs_that_a_killed_server_left_behind_have_ended(release: Path) -> None:
    expected = expected_of(release)
    store = await Store.open(release / "data")
    try:
        stopped, noted = await store.get(expected["inFlight"]), await store.get(expected["noted"])
        assert stopped
        assert noted
        assert (stopped.view.status, stopped.view.error) == (RunStatus.FAILED, STOPPED)
        assert noted.view.status is RunStatus.CANCELLED
        for run_id in (expected["inFlight"], expected["noted"]):
            assert [step.status for step in await store.steps(run_id)] == ["passed", "skipped"]
    finally:
        await store.aclose()


@pytest.mark.process
async def test_the_api_answers_as_the_release_did(release: Path) -> None:
    expected = expected_of(release)
    key = secrets.token_urlsafe(24)
    keys = f"{expected['owner']}:{key}"
    async with served(JUMPSEAT_DATA_DIR=str(release / "data"), JUMPSEAT_API_KEYS=keys) as server:
        server.http.headers["Authorization"] = f"Bearer {key}"
        listed = (await server.get("/api/tests?limit=100"))["runs"]
        assert {run["id"] for run in listed} == {*expected["runs"], expected["inFlight"], expected["noted"]}
        for run_id, answers in expected["runs"].items():
            await assert_answers(server, run_id, answers)


async def assert_answers(server: Served, run_id: str, answers: dict[str, Any]) -> None:
    path = f"/api/tests/{run_id}"
    assert_holds(await server.get(path), answers["run"])
    assert_holds(await server.get(f"{path}/spec"), answers["spec"])
    assert_holds((await server.get(f"{path}/steps"))["steps"], answers["steps"])
    for step in answers["steps"]:
        assert_holds((await server.get(f"{path}/steps/{step['stepNumber']}"))["step"], step)
    for url, wanted in answers["pictures"].items():
        async with server.http.get(f"{server.api}{url}") as answer:
            assert answer.status == 200, url
            assert digest(await answer.read()) == wanted
