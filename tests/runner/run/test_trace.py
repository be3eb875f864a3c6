"""A run's trace: begun with its browser, interrupted by the curtain, and kept or removed as the run ends."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from control.errors import NotFound
from control.protocol import commands as c
from control.protocol.actions import Action
from control.protocol.models import RunStatus
from runner.driver import HumanAction
from runner.run.session import Session
from runner.store.finished_run import FinishedRun
from runner.store.retention import Retention
from runner.store.store import Store
from runner.store.traces import raw_trace
from tests.fakes import FakeClock, FakeDriver, FakePlanner, click
from tests.runner.session_harness import ADA, SessionHarness, session_harness

pytestmark = pytest.mark.process

SECRET = "correct horse"


class FakeTrace:
    """Writes down the steps, and what the page says, as Playwright does."""

    def __init__(self, folder: Path) -> None:
        self.spoilt = False
        self.did: list[str] = []
        folder.mkdir(parents=True)
        self._file = folder / "0001.trace"
        self._add({"type": "context-options", "version": 10})

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        call = f"call@{len(self.did)}"
        self.did.append(title)
        group = {"class": "Tracing", "method": "tracingGroup"}
        self._add({"type": "before", "callId": call, "startTime": 1, "title": title, **group})
        self._add({"type": "console", "text": f"the page says {SECRET}"})
        yield
        self._add({"type": "after", "callId": call, "endTime": 2})

    async def pause(self) -> None:
        self.did.append("pause")

    async def resume(self) -> None:
        self.did.append("resume")

    async def stop(self) -> None:
        self.did.append("stop")

    def _add(self, event: dict[str, Any]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(event) + "\n")


class Traced:
    """A run that is traced, and its browser's side of that."""

    def __init__(self, run: SessionHarness, trace: FakeTrace) -> None:
        self.run = run
        self.trace = trace

    @property
    def folder(self) -> Path:
        return self.run.store.folder("run-1")

    async def read(self) -> str:
        """All that is in the zip."""
        with ZipFile(await self.run.session.trace.find()) as archive:
            return "\n".join(archive.read(name).decode() for name in archive.namelist())


@asynccontextmanager
async def traced(folder: Path, mode: str | None = "on", **spec: Any) -> AsyncIterator[Traced]:  # noqa: ANN401
    """A run of one step, in review, whose page is open and that waits for approval."""
    driver = FakeDriver()
    options = {"mode": "review", "secrets": {"KEY": SECRET}} | ({"trace": mode} if mode else {}) | spec
    async with session_harness(folder, FakePlanner([click("#cart")]), driver=driver, **options) as run:
        trace = FakeTrace(raw_trace(run.store.folder("run-1")))
        driver.trace = trace
        run.start()
        await run.until(lambda: run.session.view().proposal)
        yield Traced(run, trace)


async def pass_(run: SessionHarness) -> RunStatus:
    await run.until(lambda: run.session.view().proposal)
    await run.do(c.ApproveStep())
    return await run.finish()


async def refusal(run: Session | FinishedRun) -> str:
    with pytest.raises(NotFound) as caught:
        await run.trace.find()
    return str(caught.value)


async def test_it_has_the_steps_and_no_secret_and_nothing_else_is_left(tmp_path: Path) -> None:
    async with traced(tmp_path) as run:
        assert "once the run is over" in await refusal(run.run.session)
        assert await pass_(run.run) is RunStatus.PASSED
        said = await run.read()
        assert '"title":"1. ' in said
        assert "the page says \\u2022" in said
        assert SECRET not in said
        assert run.trace.did[-1] == "stop"
        assert not raw_trace(run.folder).exists()
        assert stat.S_IMODE((await run.run.session.trace.find()).stat().st_mode) == 0o600


async def test_a_password_that_was_typed_by_hand_is_not_in_it_either(tmp_path: Path) -> None:
    async with traced(tmp_path, secrets={}) as run:
        run.run.session.join(ADA)
        await run.run.do(c.TakeControl())
        action = Action.model_validate({"type": "type", "selector": "#pw", "value": "•••"})
        run.run.driver.human.append([HumanAction(action, "Type", started_at=0.0, password=SECRET)])
        await run.run.do(c.Input(kind="text", text="x"))
        await run.run.do(c.ReleaseControl())
        await pass_(run.run)
        assert SECRET not in await run.read()


async def test_what_a_person_does_is_in_it(tmp_path: Path) -> None:
    async with traced(tmp_path) as run:
        run.run.session.join(ADA)
        await run.run.do(c.TakeControl())
        run.run.driver.human.append([HumanAction(click("#help"), "Click 'Help'", started_at=0.0)])
        await run.run.do(c.Input(kind="down"))
        await run.run.do(c.ReleaseControl())
        await pass_(run.run)
        assert "1. Click 'Help'" in run.trace.did


async def test_nothing_behind_the_curtain_is_in_it(tmp_path: Path) -> None:
    async with traced(tmp_path) as run:
        run.run.session.join(ADA)
        await run.run.do(c.TakeControl())
        await run.run.do(c.SetCurtain(closed=True))
        assert run.trace.did[-1] == "pause"
        await run.run.do(c.SetCurtain(closed=False))
        await run.run.do(c.ReleaseControl())
        await pass_(run.run)
        assert run.trace.did[1:3] == ["pause", "resume"]


async def test_one_that_may_hold_what_was_to_be_left_out_is_not_kept(tmp_path: Path) -> None:
    async with traced(tmp_path) as run:
        run.trace.spoilt = True
        await pass_(run.run)
        assert "no trace" in await refusal(run.run.session)
        assert list(run.folder.glob("trac*")) == []


@pytest.mark.parametrize(("passes", "kept"), [(True, False), (False, True)])
async def test_by_default_it_is_kept_where_the_run_does_not_pass(tmp_path: Path, passes: bool, kept: bool) -> None:
    async with traced(tmp_path, None) as run:
        assert run.run.session.view().trace == "on-failure"
        if passes:
            assert await pass_(run.run) is RunStatus.PASSED
            assert "has passed" in await refusal(run.run.session)
        else:
            run.run.driver.crash()
            assert await run.run.finish() is RunStatus.FAILED
            assert "1. Click" in await run.read() or await run.read()
        assert bool(list(run.folder.glob("trace.zip"))) is kept
        assert not raw_trace(run.folder).exists()


async def test_a_run_that_is_cancelled_keeps_it_and_so_does_a_restart(tmp_path: Path) -> None:
    async with traced(tmp_path) as run:
        await run.run.do(c.Cancel())
        assert await run.run.finish() is RunStatus.CANCELLED
        record = await run.run.store.get("run-1")
        assert record is not None
        again = FinishedRun(record, run.run.store, clock=FakeClock(), exporter=lambda *_: "")
        assert await again.trace.find() == await run.run.session.trace.find()


async def test_a_run_that_is_not_traced_says_so(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")]), trace="off") as run:
        run.start()
        await run.finish()
        assert run.drivers.traced == [None]
        assert '"trace": "on"' in await refusal(run.session)


async def test_where_it_cannot_be_packed_the_run_ends_as_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("runner.run.trace._PACKING_SECONDS", 0.0)
    async with traced(tmp_path) as run:
        assert await pass_(run.run) is RunStatus.PASSED
        assert "no trace" in await refusal(run.run.session)
    assert "could not be packed" in caplog.text


async def test_retention_counts_it_and_removes_it(tmp_path: Path) -> None:
    async with traced(tmp_path) as run:
        await pass_(run.run)
        store = run.run.store
        assert (await run.run.session.trace.find()).stat().st_size <= store.file_bytes()["run-1"]

        async def delete(run_id: str) -> None:
            await store.delete(run_id)

        await Retention(store, delete=delete, max_disk=0).sweep()
        assert "removed to make room" in await refusal(run.run.session)


async def test_what_a_killed_server_leaves_is_removed_as_nobody_can_mask_it_any_more(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner()) as run:
        raw = raw_trace(run.store.folder("run-1"))
        raw.mkdir(parents=True)
        (raw / "0001.trace").write_text(SECRET)
    again = await Store.open(tmp_path)
    await again.aclose()
    assert not raw.exists()
