"""What outlives the process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from control.protocol.actions import Action, ActionType
from control.protocol.models import Attention, RunStatus, SessionRef, Source, Step, StepStatus
from control.protocol.shape import Clock, utc_now
from control.run_filter import RunFilter
from runner.store.rows import RunKey, RunRecord
from runner.store.server_lock import ServerLock
from runner.store.store import STOPPED, Store, StoreUnusable
from tests.fakes import FakeClock
from tests.run_views import run_view

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@asynccontextmanager
async def opened(folder: Path, *, database_url: str | None = None, clock: Clock = utc_now) -> AsyncIterator[Store]:
    store = await Store.open(folder, database_url=database_url, clock=clock)
    try:
        yield store
    finally:
        await store.aclose()


def record(
    run_id: str = "r1", *, owner: str = "ada", status: RunStatus = RunStatus.RUNNING, at: datetime = START
) -> RunRecord:
    view = run_view(
        at,
        id=run_id,
        status=status,
        instructions="Buy it",
        current_step=0,
        total_steps=None,
        ended_at=None,
    )
    return RunRecord(owner, view, {"url": "http://shop.test/", "secrets": {"PW": ""}})


def step(number: int, status: StepStatus = StepStatus.PASSED) -> Step:
    return Step(
        step_number=number,
        action=ActionType.CLICK,
        target="#pay",
        value=None,
        description="Click 'Pay' – ✓",
        source=Source.PLAN,
        status=status,
        timestamp=START,
        full_action=Action(type=ActionType.CLICK, selector="#pay"),
    )


async def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        written = record()
        await store.add(written)
        await store.save(written.view, [step(1), step(2, StepStatus.RUNNING)])
        await store.save(written.view, [step(2)])
        found = await store.get("r1")
        assert found
        assert (found.owner, found.creation) == ("ada", written.creation)
        assert found.view.steps == (step(1).summary(), step(2).summary())
        assert await store.steps("r1") == [step(1), step(2)]
        assert await store.get("r2") is None


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(record(status=RunStatus.PASSED))
        await store.save(record(status=RunStatus.PASSED).view, [step(1)])
        await store.save_screenshot("r1", 1, b"jpeg")
        await store.links.revoke("r1", "token", until=datetime.now(UTC) + timedelta(hours=1))
    async with opened(tmp_path) as store:
        found = await store.get("r1")
        assert found
        assert found.view.status is RunStatus.PASSED
        assert await store.steps("r1") == [step(1)]
        path = await store.screenshot("r1", 1)
        assert path
        assert path.read_bytes() == b"jpeg"
        assert await store.links.is_revoked("r1", "token")


async def test_a_run_in_flight_when_the_server_stopped_has_failed(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(record())
        await store.save(record().view, [step(1), step(2, StepStatus.RUNNING)])
        await store.add(record("done", status=RunStatus.CANCELLED))
    clock = FakeClock()
    async with opened(tmp_path, clock=clock) as store:
        found = await store.get("r1")
        assert found
        assert (found.view.status, found.view.error, found.view.ended_at) == (RunStatus.FAILED, STOPPED, clock.now)
        assert [(done.status, done.error) for done in await store.steps("r1")] == [
            (StepStatus.PASSED, None),
            (StepStatus.SKIPPED, STOPPED),
        ]
        other = await store.get("done")
        assert other
        assert other.view.status is RunStatus.CANCELLED


async def test_a_run_of_another_server_that_lives_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        await first.add(record())
        async with opened(tmp_path) as second:
            found = await second.get("r1")
            assert found
            assert found.view.status is RunStatus.RUNNING


@pytest.mark.process
async def test_what_was_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from runner.store.store import Store
from tests.runner.store.test_store import record, step
async def main():
    store = await Store.open(Path({str(tmp_path)!r}))
    await store.add(record())
    await store.save(record().view, [step(1)])
    print("acknowledged", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert child.stdout
    try:
        assert await child.stdout.readline() == b"acknowledged\n"
    finally:
        child.send_signal(signal.SIGKILL)
        await child.wait()
    async with opened(tmp_path) as store:
        found = await store.get("r1")
        assert found
        assert (found.view.status, found.view.error) == (RunStatus.FAILED, STOPPED)
        assert await store.steps("r1") == [step(1)]
    assert list((tmp_path / "servers").iterdir()) == []


async def test_runs_are_listed_newest_first_page_by_page(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in range(5):
            await store.add(record(f"r{number}", at=START + timedelta(seconds=number // 2)))
        await store.add(record("other", owner="bob"))
        first = await store.page(owner="ada", limit=2)
        assert [found.view.id for found in first] == ["r4", "r3"]
        await store.add(record("newer", at=START + timedelta(seconds=9)))
        rest = await store.page(owner="ada", limit=9, older_than=first[-1].key)
        assert [found.view.id for found in rest] == ["r2", "r1", "r0"]
        assert await store.page(owner="ada", limit=9, older_than=RunKey(0, "")) == []


async def test_runs_are_listed_by_status(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for run_id, status in (("a", RunStatus.PASSED), ("b", RunStatus.FAILED), ("c", RunStatus.RUNNING)):
            await store.add(record(run_id, status=status))
        wanted = RunFilter(status=RunStatus.PASSED)
        passed = await store.page(owner="ada", wanted=wanted, limit=9)
        assert [found.view.id for found in passed] == ["a"]
        either = await store.page(owner="ada", wanted=wanted, or_ids=["c"], limit=9)
        assert [found.view.id for found in either] == ["c", "a"]


async def test_runs_are_listed_by_planner_and_by_whether_they_need_a_person(tmp_path: Path) -> None:
    needed = Attention(reason="It is stuck.", since=START)
    async with opened(tmp_path) as store:
        for run_id, status, planner, attention in (
            ("a", RunStatus.DIAGNOSING, "plain", needed),
            ("b", RunStatus.RUNNING, "plain", None),
            ("c", RunStatus.PAUSED, "model", needed),
            ("d", RunStatus.FAILED, "model", None),
        ):
            made = record(run_id, status=status)
            view = made.view.model_copy(update={"planner": planner, "attention": attention})
            await store.add(RunRecord(made.owner, view, made.creation))

        async def of(wanted: RunFilter, *, limit: int = 9) -> list[str]:
            return [found.view.id for found in await store.page(owner="ada", wanted=wanted, limit=limit)]

        assert await of(RunFilter(planner="model")) == ["d", "c"]
        assert await of(RunFilter(attention=True)) == ["c", "a"]
        assert await of(RunFilter(attention=True), limit=1) == ["c"]
        assert await of(RunFilter(attention=True, planner="plain")) == ["a"]
        assert await of(RunFilter(planner="attached")) == []


async def test_runs_are_found_by_name_address_and_instructions_in_any_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        texts = {"a": ("Größe 50 % off_", "http://shop.test/", "Buy"), "b": ("Plain", "http://x.test/Cart", "Straße")}
        for run_id, (name, url, instructions) in texts.items():
            made = record(run_id)
            view = made.view.model_copy(update={"name": name, "url": url, "instructions": instructions})
            await store.add(RunRecord(made.owner, view, made.creation))

        async def search(text: str) -> list[str]:
            return [found.view.id for found in await store.page(owner="ada", wanted=RunFilter(search=text), limit=9)]

        assert await search("GRÖSSE") == ["a"]
        assert await search("strasse") == ["b"]
        assert await search("/cart") == ["b"]
        assert await search("test/") == ["b", "a"]
        assert await search("50 % o") == ["a"]
        assert await search("off_") == ["a"]
        for nothing in ("50 _", "5%off", "%", "_f", "\\", "\0", "'"):
            assert await search(nothing) == (["a"] if nothing == "%" else [])
        live = await store.page(owner="ada", wanted=RunFilter(search="nobody has this"), or_ids=["b"], limit=9)
        assert [found.view.id for found in live] == ["b"]


async def test_runs_are_listed_by_attach_session(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(record("alone"))
        for run_id, session, status in (
            ("a", "s1", RunStatus.PASSED),
            ("b", "s2", RunStatus.PASSED),
            ("c", "s1", RunStatus.RUNNING),
        ):
            made = record(run_id, status=status)
            view = made.view.model_copy(update={"session": SessionRef(id=session, name="pytest")})
            await store.add(RunRecord(made.owner, view, made.creation))
        await store.save((await store.page(owner="ada", wanted=RunFilter(session="s2"), limit=9))[0].view, [])

        async def of(session: str, status: RunStatus | None = None, or_ids: Sequence[str] = ()) -> list[str]:
            wanted = RunFilter(session=session, status=status)
            return [found.view.id for found in await store.page(owner="ada", wanted=wanted, or_ids=or_ids, limit=9)]

        assert await of("s1") == ["c", "a"]
        assert await of("s2") == ["b"]
        assert await of("s1", status=RunStatus.PASSED) == ["a"]
        assert await of("s1", status=RunStatus.FAILED, or_ids=["b", "c"]) == ["c"]
        assert await of("s3") == await of("") == await of("\0") == []
        assert await store.page(owner="bob", wanted=RunFilter(session="s1"), limit=9) == []


async def test_lists_and_single_reads_leave_the_other_steps_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(record())
        await store.save(record().view, [step(1), step(2), step(3)])
        assert await store.step("r1", 2) == step(2)
        assert await store.step("r1", 4) is None
        assert await store.steps("r1", after=1, limit=1) == [step(2)]
        assert await store.steps("r1", after=2, limit=5) == [step(3)]
        broken(tmp_path, "DROP TABLE steps")
        (listed,) = await store.page(owner="ada", limit=9)
        assert listed.view.steps == ()
        assert await store.get("r1", steps=False)


def broken(folder: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "jumpseat.sqlite3")) as database:
        database.execute(statement)
        database.commit()


@pytest.mark.parametrize(
    "damage",
    ["view = '{'", "view = '[]'", "view = 7", "view = x'ff'", "view = cast(x'7b22ff' AS text)", "creation = 'x'"],
)
async def test_a_run_that_cannot_be_read_is_left_out_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    async with opened(tmp_path) as store:
        for number in range(4):
            await store.add(record(f"r{number}", at=START + timedelta(seconds=number)))
    broken(tmp_path, f"UPDATE runs SET {damage} WHERE id IN ('r1', 'r2')")
    async with opened(tmp_path) as store:
        for _ in range(2):
            assert await store.get("r1") is None
            found = await store.page(owner="ada", limit=2)
            assert [each.view.id for each in found] == ["r3", "r0"]
        assert await store.has("r1")
    warned = [record.getMessage().split(" is left out")[0] for record in caplog.records]
    assert sorted(warned) == [f"[run r{number}] the run cannot be read from the database and" for number in (1, 2)]


@pytest.mark.parametrize("damage", ["'{'", "'{}'", "7", "x'ff'", "(SELECT step FROM steps WHERE number = 1)"])
async def test_a_step_that_cannot_be_read_is_left_out_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    async with opened(tmp_path) as store:
        await store.add(record(status=RunStatus.PASSED))
        await store.save(record(status=RunStatus.PASSED).view, [step(1), step(2), step(3)])
        broken(tmp_path, f"UPDATE steps SET step = {damage} WHERE number = 2")
        for _ in range(2):
            assert await store.steps("r1") == [step(1), step(3)]
            assert await store.steps("r1", limit=2) == [step(1), step(3)]
            assert await store.step("r1", 2) is None
            found = await store.get("r1")
            assert found
            assert [each.step_number for each in found.view.steps] == [1, 3]
    assert [record.getMessage().split(" cannot")[0] for record in caplog.records] == ["[run r1] step 2"]


async def test_only_the_servers_user_may_read_what_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    async with opened(data) as store:
        await store.add(record())
        await store.save_screenshot("r1", 1, b"jpeg")
        store.note_final(record().view, [])
        assert others_rights(tmp_path / "new") == []


async def test_rights_on_what_was_kept_are_taken_from_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(record(status=RunStatus.PASSED))
        await store.save_screenshot("r1", 1, b"jpeg")
    open_to_others(tmp_path)
    (tmp_path / "not-ours").touch(0o644)
    async with opened(tmp_path):
        assert others_rights(tmp_path) == [tmp_path / "not-ours"]


def open_to_others(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def others_rights(folder: Path) -> list[Path]:
    return [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


async def test_a_deleted_run_leaves_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.add(record())
        await store.save(record().view, [step(1)])
        await store.save_screenshot("r1", 1, b"jpeg")
        await store.delete("r1")
        assert await store.get("r1") is None
        assert await store.steps("r1") == []
        assert not store.folder("r1").exists()


async def test_a_screenshot_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert await store.screenshot("r1", 1) is None
        await store.save_screenshot("r1", 1, b"old")
        await store.save_screenshot("r1", 1, b"new")
        await store.save_screenshot("r1", 1, b"before", before=True)
        assert sorted(path.name for path in store.folder("r1").iterdir()) == ["0001-before.jpg", "0001.jpg"]
        path = await store.screenshot("r1", 1, before=True)
        assert path
        assert path.read_bytes() == b"before"


async def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "jumpseat.sqlite3")) as database:
        database.execute("UPDATE jumpseat_meta SET schema_version = 99")
        database.commit()
    with pytest.raises(StoreUnusable, match="schema version 99"):
        await Store.open(tmp_path)


async def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreUnusable, match="data"):
        await Store.open(tmp_path / "data")


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "jumpseat.sqlite3").write_text("this is no database, and long enough to be one" * 100)
    with pytest.raises(StoreUnusable, match="database"):
        await Store.open(tmp_path)


async def test_a_database_may_be_named_by_url(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "data", database_url=f"sqlite+aiosqlite:///{tmp_path / 'elsewhere.db'}")
    await store.aclose()
    assert (tmp_path / "elsewhere.db").exists()
    with pytest.raises(StoreUnusable):
        await Store.open(tmp_path, database_url="no-such-database://x")


def test_a_server_is_alive_until_it_is_closed(tmp_path: Path) -> None:
    one, other = ServerLock.register(tmp_path), ServerLock.register(tmp_path)
    assert other.alive(one.id)
    one.close()
    one.close()
    assert not other.alive(one.id)
    assert not other.alive("never-was")
    assert os.listdir(tmp_path) == [other.id]
    other.close()
