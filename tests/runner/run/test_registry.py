"""All runs of a server: created, found, listed, deleted, ended."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from control.errors import Busy, InvalidTransition, NotFound, ProtocolError, Unsupported
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.actions import Size
from control.protocol.models import GivenSecret, NewRun, PlannerName, RunStatus, RunView, SessionRef, Step
from control.run_filter import RunFilter
from runner.driver import Driver
from runner.export.port import Exporter, no_export
from runner.planners.base import Planner
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.run.session import Session
from runner.store.finished_run import FinishedRun
from runner.store.rows import RunRecord
from runner.store.store import Store
from runner.testfile import load
from signaling.ports import RunHandle, Runs
from tests.fakes import FakeDriver, FakePlanner, click
from tests.runner.empty_database import with_database
from tests.runner.session_harness import ADA


class HeldDrivers:
    """A new fake browser for each run."""

    def __init__(self) -> None:
        self.drivers: list[FakeDriver] = []
        self.held = False
        """New browsers do not open their page."""
        self._launches = asyncio.Semaphore(0)

    async def launch(
        self, kind: str, *, viewport: Size, allow_hosts: Sequence[str] | None = None, trace: Path | None = None
    ) -> Driver:
        driver = FakeDriver()
        if self.held:
            driver.open_gate.close()
        self.drivers.append(driver)
        self._launches.release()
        return driver

    async def launched(self, browsers: int) -> None:
        """Waits until so many browsers were started since the last call, and the newest one loads its page."""
        for _ in range(browsers):
            await self._launches.acquire()
        await self.drivers[-1].open_gate.reached.wait()

    async def aclose(self) -> None:
        pass


class RegistryHarness:
    """A registry, what it is made of, and how it ends."""

    def __init__(self, runs: RunRegistry, store: Store, drivers: HeldDrivers) -> None:
        self.runs = runs
        self.store = store
        self.drivers = drivers

    async def create(self, owner: str = "ada", **spec: Any) -> Session:  # noqa: ANN401 - fields of NewRun
        body = {"url": "http://shop.test/", "instructions": "Click 'Buy it'"} | spec
        return await self.runs.create(NewRun.model_validate(body), owner=owner)

    async def finished(self, **spec: Any) -> Session:  # noqa: ANN401
        """Over, with its browser closed and everything written."""
        session = await self.create(**spec)
        await asyncio.wait([task for task in runs_and_creations() if task.get_name() == f"run {session.id}"])
        return session


async def ended(session: Session) -> None:
    over = asyncio.Event()
    stop = session.log.listen(lambda entry: over.set() if isinstance(entry.body, e.RunFinished) else None)
    if session.active:
        await over.wait()
    stop()


async def proposed(session: Session) -> None:
    """Until it waits for somebody to approve a step."""
    waits = asyncio.Event()
    stop = session.log.listen(lambda entry: waits.set() if isinstance(entry.body, e.StepProposed) else None)
    if session.view().proposal is None:
        await waits.wait()
    stop()


def plan(_: PlannerName, __: NewRun) -> Planner:
    return FakePlanner([click("#cart")])


@asynccontextmanager
async def registry_harness(
    folder: Path,
    *,
    max_runs: int = 4,
    max_runs_per_owner: int | None = None,
    planner: Callable[[PlannerName, NewRun], Planner] = plan,
    exporter: Exporter = no_export,
) -> AsyncIterator[RegistryHarness]:
    store = await Store.open(with_database(folder))
    drivers = HeldDrivers()
    runs = RunRegistry(
        drivers=drivers,
        store=store,
        planner_factory=planner,
        max_runs=max_runs,
        max_runs_per_owner=max_runs_per_owner,
        options=SessionOptions(streaming=False, exporter=exporter),
    )
    try:
        yield RegistryHarness(runs, store, drivers)
    finally:
        await runs.aclose()
        await store.aclose()


async def test_it_is_what_signaling_asks_for(tmp_path: Path) -> None:
    async with registry_harness(tmp_path) as harness:
        runs: Runs = harness.runs
        live: RunHandle = await runs.create(NewRun(url="http://shop.test/"), owner="ada")
        assert live.owner == "ada"


class TestCreate:
    async def test_a_run_starts_and_its_id_is_unguessable(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            one, other = await harness.create(), await harness.create()
            assert one.id != other.id
            assert len(one.id) >= 22  # 128 bits in base64
            await ended(one)
            assert one.view().status is RunStatus.PASSED

    async def test_it_is_in_the_store_before_it_is_acknowledged(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            session = await harness.create()
            assert await harness.store.get(session.id)

    async def test_no_more_than_may_be_are_active(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path, max_runs=1) as harness:
            harness.drivers.held = True
            first = await harness.create()
            with pytest.raises(Busy) as refusal:
                await harness.create()
            assert refusal.value.retry_after > 0
            first.cancel()
            await ended(first)
            await drained(harness.runs)
            await harness.create()

    async def test_one_owner_cannot_have_them_all(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path, max_runs=3, max_runs_per_owner=2) as harness:
            harness.drivers.held = True
            answers = await asyncio.gather(*(harness.create() for _ in range(5)), return_exceptions=True)
            refusals = [answer for answer in answers if isinstance(answer, Busy)]
            assert len(refusals) == 3
            assert "2 runs of yours" in str(refusals[0])
            await harness.create("bob")
            first = next(answer for answer in answers if isinstance(answer, Session))
            first.cancel()
            await ended(first)
            await drained(harness.runs, left=2)
            await harness.create()

    async def test_a_race_for_the_last_place_has_one_winner(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path, max_runs=1) as harness:
            harness.drivers.held = True
            answers = await asyncio.gather(*(harness.create() for _ in range(5)), return_exceptions=True)
            assert sum(isinstance(answer, Busy) for answer in answers) == 4

    async def test_a_planner_that_is_not_to_be_had_is_refused(self, tmp_path: Path) -> None:
        def none(_: PlannerName, __: NewRun) -> Planner:
            raise Unsupported("set JUMPSEAT_MODEL")

        async with registry_harness(tmp_path, planner=none) as harness:
            with pytest.raises(Unsupported):
                await harness.create()
            assert (await harness.runs.list(owner="ada"))[0] == []

    async def test_the_planner_is_a_script_where_steps_are_given(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            scripted = await harness.create(instructions=None, steps=[{"type": "reload"}])
            plain = await harness.create()
            assert (scripted.view().planner, plain.view().planner) == ("script", "plain")

    async def test_a_store_that_cannot_be_written_is_busy(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            with closing(sqlite3.connect(tmp_path / "jumpseat.sqlite3")) as database:
                database.execute("DROP TABLE runs")
                database.commit()
            with pytest.raises(Busy, match="database cannot be used"):
                await harness.create()
            assert harness.runs.active == 0

    async def test_a_client_that_hangs_up_leaves_a_run_that_goes_on(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            spec: dict[str, Any] = {"instructions": None, "steps": [{"type": "reload"}]}
            creating = asyncio.create_task(harness.create(**spec))
            await asyncio.sleep(0)
            creating.cancel()
            await asyncio.wait([creating])
            await drained(harness.runs)
            ((view,), _) = await harness.runs.list(owner="ada")
            assert view.status is RunStatus.PASSED


async def drained(runs: RunRegistry, *, left: int = 0) -> None:
    """Waits until no more than ``left`` runs are active."""
    while runs.active > left:
        await asyncio.wait(runs_and_creations(), return_when=asyncio.FIRST_COMPLETED)


def runs_and_creations() -> list[asyncio.Task[None]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith(("run ", "create "))]


class TestGet:
    async def test_a_run_is_live_and_after_a_restart_read_back(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            session = await harness.finished()
            assert await harness.runs.get(session.id) is session
            view, steps = session.view(), await session.steps()
        async with registry_harness(tmp_path) as harness:
            stored = await harness.runs.get(session.id)
            assert isinstance(stored, FinishedRun)
            assert stored.view().dump() == view.dump()
            assert [step.dump() for step in await stored.steps()] == [step.dump() for step in steps]
            assert stored.owner == "ada"
            assert await harness.runs.get("no-such-run") is None

    async def test_a_run_is_live_as_soon_as_it_is_listed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async with registry_harness(tmp_path) as harness:
            written, started = asyncio.Event(), asyncio.Event()
            add = harness.store.add

            async def add_and_hold(record: RunRecord) -> None:
                await add(record)
                written.set()
                await started.wait()

            monkeypatch.setattr(harness.store, "add", add_and_hold)
            creating = asyncio.create_task(harness.create())
            await written.wait()
            ((view,), _) = await harness.runs.list(owner="ada")
            getting = asyncio.create_task(harness.runs.get(view.id))
            started.set()
            assert await getting is await creating

    async def test_a_run_read_back_answers_what_it_can(self, tmp_path: Path) -> None:
        def export(_: RunView, __: Sequence[Step], format: str) -> str:
            return f"test in {format}"

        async with registry_harness(tmp_path) as harness:
            session = await harness.finished(name="Buy")
        async with registry_harness(tmp_path, exporter=export) as harness:
            stored = await harness.runs.get(session.id)
            assert stored
            assert await stored.submit(c.Ping(id="1", t=2), ADA) == e.Pong(id="1", t=2)
            replay = await stored.submit(c.ReplayStep(step_number=1), ADA)
            assert isinstance(replay, e.StepReplay)
            assert replay.step.target == "#cart"
            assert await stored.screenshot(1)
            assert stored.creation()["name"] == "Buy"
            assert await stored.export("pytest") == "test in pytest"
            assert (stored.stream, stored.hello(ADA).dialogs, stored.log.seq) == (None, (), 0)
            with pytest.raises(NotFound):
                await stored.submit(c.ReplayStep(step_number=2), ADA)
            with pytest.raises(InvalidTransition, match="cannot take control: the run has passed"):
                await stored.submit(c.TakeControl(), ADA)

    async def test_finished_runs_are_dropped_from_memory_oldest_first(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            sessions = [await harness.finished() for _ in range(34)]
            await drained(harness.runs)
            kept = [isinstance(await harness.runs.get(session.id), Session) for session in sessions]
            assert kept == [False, False, *[True] * 32]


class TestList:
    async def test_newest_first_in_pages_that_stay_as_they_are(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            ids = [(await harness.finished()).id for _ in range(5)]
            first, cursor = await harness.runs.list(owner="ada", limit=2)
            newer = await harness.finished()
            rest, end = await harness.runs.list(owner="ada", limit=9, cursor=cursor)
            assert [view.id for view in (*first, *rest)] == ids[::-1]
            assert end is None
            assert newer.id not in {view.id for view in rest}

    async def test_only_the_owners_own(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            await harness.finished()
            assert await harness.runs.list(owner="bob") == ([], None)

    async def test_by_the_status_that_a_run_has_now(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            passed = await harness.finished()
            harness.drivers.held = True
            starting = await harness.create()
            await harness.drivers.launched(2)
            for status, run_id in ((RunStatus.PASSED, passed.id), (RunStatus.STARTING, starting.id)):
                views, _ = await harness.runs.list(owner="ada", wanted=RunFilter(status=status), limit=1)
                assert [view.id for view in views] == [run_id]

    async def test_live_and_stored_runs_are_searched_and_listed_without_steps(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            stored = await harness.finished()
            assert stored.view().steps
            named = await harness.create(name="Größe 7")
            everything, _ = await harness.runs.list(owner="ada")
            assert [(view.id, view.steps) for view in everything] == [(named.id, ()), (stored.id, ())]
            found, _ = await harness.runs.list(owner="ada", wanted=RunFilter(search="GRÖSSE"))
            assert [view.id for view in found] == [named.id]

    async def test_by_planner_and_by_whether_they_need_a_person_now(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            await harness.finished()
            waiting = await harness.create(mode="review", steps=[{"type": "click", "selector": "#cart"}])
            await proposed(waiting)
            for wanted in (RunFilter(planner="script"), RunFilter(attention=True)):
                views, cursor = await harness.runs.list(owner="ada", wanted=wanted, limit=1)
                assert ([view.id for view in views], cursor) == ([waiting.id], None)
            waiting.cancel()
            await ended(waiting)
            assert await harness.runs.list(owner="ada", wanted=RunFilter(attention=True)) == ([], None)

    async def test_by_attach_session(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            await harness.finished()
            record = (await harness.create()).record()
            attached = record.view.model_copy(update={"id": "x", "session": SessionRef(id="s1", name="pytest")})
            await harness.store.add(RunRecord("ada", attached, record.creation))
            views, _ = await harness.runs.list(owner="ada", wanted=RunFilter(session="s1"))
            assert [view.id for view in views] == ["x"]

    async def test_a_run_that_cannot_be_read_can_be_removed(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            run_id = (await harness.finished()).id
        with closing(sqlite3.connect(tmp_path / "jumpseat.sqlite3")) as database:
            database.execute("UPDATE runs SET view = '{'")
            database.commit()
        async with registry_harness(tmp_path) as harness:
            assert await harness.runs.get(run_id) is None
            await harness.runs.delete(run_id)
            assert not await harness.store.has(run_id)

    @pytest.mark.parametrize("cursor", ["x", "!!!", "AAAA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuYQ", "é"])
    async def test_a_cursor_of_somebody_else_is_refused(self, tmp_path: Path, cursor: str) -> None:
        async with registry_harness(tmp_path) as harness:
            with pytest.raises(ProtocolError) as refusal:
                await harness.runs.list(owner="ada", cursor=cursor)
            assert refusal.value.field == "cursor"


class TestFiles:
    async def test_values_of_secrets_are_in_no_test_file(self, tmp_path: Path) -> None:
        spec = NewRun(
            url="http://ada:hush@shop.test/?pin=4711",
            name="Log in by sesame",
            instructions="Type 'sesame' into 'Password'\nType {{secret:PIN}} into 'PIN'",
            secrets={"PASSWORD": "sesame", "PIN": GivenSecret(value="4711", origins=("*",))},
        )
        async with registry_harness(tmp_path) as harness:
            text = await harness.runs.spec_file(spec)
        for value in ("sesame", "4711", "hush"):
            assert value not in text
        (tmp_path / "test.yaml").write_text(text, encoding="utf-8")
        environment = {name: f"the {name}" for name in re.findall(r"\$\{(\w+)\}", text)}
        loaded = load(tmp_path / "test.yaml", environment=environment)
        assert loaded.instructions == "Type '{{secret:PASSWORD}}' into 'Password'\nType {{secret:PIN}} into 'PIN'"

    async def test_what_a_run_would_be_refused_for_is_refused(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            with pytest.raises(ProtocolError) as refusal:
                await harness.runs.spec_file(NewRun(url="http://shop.test/", instructions="Reload\nDance"))
            assert refusal.value.field == "instructions"
            assert "line 2" in str(refusal.value)


class TestSentences:
    async def test_what_is_not_understood_is_refused_before_anything_is_started(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            with pytest.raises(ProtocolError, match=r'"Clik it" \(line 2\).*Click ') as refusal:
                await harness.create(instructions="Go back\nClik it")
            assert refusal.value.field == "instructions"
            assert (harness.runs.active, harness.drivers.drivers) == (0, [])

    @pytest.mark.parametrize("spec", [{"planner": "model"}, {"steps": [{"type": "reload"}]}])
    async def test_models_and_scripts_are_told_what_one_likes(self, tmp_path: Path, spec: dict[str, Any]) -> None:
        async with registry_harness(tmp_path) as harness:
            session = await harness.create(instructions="Clik it", **spec)
            assert session.view().instructions == "Clik it"

    async def test_they_are_checked_for_the_planner_that_is_to_follow_them(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            for planner in (None, "plain"):
                (problem,) = await harness.runs.check("Go back\n\nClik it", planner=planner)
                assert (problem.line, problem.sentence) == (3, "Clik it")
            assert await harness.runs.check("Clik it", planner="model") == ()
            problems = await harness.runs.check("Clik 'a\nGo back\n# Note\nFly", planner=None)
            assert [problem.line for problem in problems] == [1, 4]


class TestDelete:
    async def test_a_finished_run_is_gone_with_its_files(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            session = await harness.finished()
            await harness.runs.delete(session.id)
            assert await harness.runs.get(session.id) is None
            assert not harness.store.folder(session.id).exists()
            with pytest.raises(NotFound):
                await harness.runs.delete(session.id)

    async def test_an_active_run_is_not_deleted(self, tmp_path: Path) -> None:
        async with registry_harness(tmp_path) as harness:
            harness.drivers.held = True
            session = await harness.create()
            with pytest.raises(InvalidTransition, match="active"):
                await harness.runs.delete(session.id)


class TestClose:
    async def test_runs_end_cancelled_and_browsers_are_gone(self, tmp_path: Path) -> None:
        before = asyncio.all_tasks()
        async with registry_harness(tmp_path) as harness:
            harness.drivers.held = True
            sessions = [await harness.create() for _ in range(3)]
            await harness.drivers.launched(3)
            await asyncio.gather(harness.runs.aclose(), harness.runs.aclose())
            assert [session.view().status for session in sessions] == [RunStatus.CANCELLED] * 3
            said = {session.view().error for session in sessions}
            assert said == {"the server was stopped while this run was going on"}
            assert [driver.closed for driver in harness.drivers.drivers] == [1, 1, 1]
            with pytest.raises(Busy, match="stopping"):
                await harness.create()
        assert asyncio.all_tasks() == before
        async with registry_harness(tmp_path) as harness:
            views, _ = await harness.runs.list(owner="ada")
            assert {view.status for view in views} == {RunStatus.CANCELLED}
