"""Databases are brought to the newest tables, once, after a copy; those of later versions are refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import runner.store.schema
from runner.store.connection import configure_sqlite
from runner.store.schema import NEWEST, exclusive
from runner.store.store import Store, StoreUnusable
from runner.store.tables import metadata

OLD = Path(__file__).parents[2] / "fixtures/store/0.1.0"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A data directory as 0.1.0 wrote it."""
    return shutil.copytree(OLD / "data", tmp_path / "data")


async def open_once(folder: Path, **options: Any) -> None:  # noqa: ANN401 - options of Store.open
    store = await Store.open(folder, **options)
    await store.aclose()


@contextmanager
def database(folder: Path, name: str = "jumpseat.sqlite3") -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(folder / name)) as connection:
        yield connection
        connection.commit()


def version(folder: Path) -> str:
    with database(folder) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def count(folder: Path, table: str, name: str = "jumpseat.sqlite3") -> int:
    with database(folder, name) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def backups(folder: Path) -> list[Path]:
    return list(folder.glob("*.backup"))


def differences(folder: Path) -> list[Any]:
    engine = create_engine(f"sqlite:///{folder / 'jumpseat.sqlite3'}")
    with engine.connect() as connection:
        # SQLite has no type of its own for JSON.
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        found = list(compare_metadata(context, metadata))
    engine.dispose()
    return found


def layout(folder: Path) -> dict[str, list[Any]]:
    """Returns, by table, its columns, indexes and foreign keys as SQLite has them, and what the versions say."""
    with database(folder) as connection:

        def rows(query: str) -> list[Any]:
            return sorted(connection.execute(query).fetchall(), key=repr)

        tables = [name for (name,) in rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        indexes = [name for (name,) in rows("SELECT name FROM sqlite_master WHERE type = 'index'")]
        return {
            **{f"{table} {part}": rows(f"PRAGMA {part}({table})") for table in tables for part in _PARTS},
            **{index: rows(f"PRAGMA index_xinfo({index})") for index in indexes},
            "versions": rows("SELECT version_num FROM alembic_version") + rows("SELECT * FROM jumpseat_meta"),
        }


_PARTS = ("table_info", "foreign_key_list")


async def test_a_new_database_has_the_tables_that_the_program_knows(tmp_path: Path) -> None:
    await open_once(tmp_path)
    assert version(tmp_path) == NEWEST
    assert differences(tmp_path) == []
    assert backups(tmp_path) == []


def test_the_newest_migration_is_the_one_that_the_program_knows() -> None:
    assert ScriptDirectory(str(Path(runner.store.schema.__file__).with_name("migrations"))).get_heads() == [NEWEST]


async def test_a_new_database_is_the_same_as_an_upgraded_one(tmp_path: Path, old: Path) -> None:
    await open_once(tmp_path / "new")
    await open_once(old)
    assert layout(tmp_path / "new") == layout(old)


async def test_an_old_database_is_copied_and_upgraded_with_one_clear_line(
    old: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "runner.store"):
        await open_once(old)
    assert version(old) == NEWEST
    assert differences(old) == []
    (backup,) = backups(old)
    assert backup.name == "jumpseat.sqlite3.0001.backup"
    lines = [record.getMessage() for record in caplog.records if record.name == "runner.store.schema"]
    assert lines == [f"the database goes from schema version 1 to {int(NEWEST)}; a copy as it was: {backup}"]
    for table in ("runs", "steps"):
        assert count(old, table) == count(OLD / "data", table) == count(old, table, backup.name)
    with database(old, backup.name) as copy:
        assert copy.execute("SELECT schema_version FROM jumpseat_meta").fetchall() == [(1,)]


async def test_a_database_is_upgraded_once(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    await open_once(old)
    (backup,) = backups(old)
    backup.unlink()
    caplog.clear()
    with caplog.at_level(logging.INFO, "runner.store"):
        await open_once(old)
    assert [record for record in caplog.records if record.name == "runner.store.schema"] == []
    assert not backup.exists()


async def test_version_0_1_0_refuses_what_was_upgraded(old: Path) -> None:
    await open_once(old)
    with database(old) as connection:
        assert connection.execute("SELECT schema_version FROM jumpseat_meta").fetchone() != (1,)


async def test_a_database_that_0_1_0_had_not_finished_making_is_finished(tmp_path: Path) -> None:
    with database(tmp_path) as connection:
        connection.execute("CREATE TABLE jumpseat_meta (schema_version INTEGER NOT NULL)")
    await open_once(tmp_path)
    assert differences(tmp_path) == []


async def test_a_newer_database_is_refused_and_left_alone(old: Path) -> None:
    await open_once(old)
    with database(old) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    before = (old / "jumpseat.sqlite3").read_bytes()
    with pytest.raises(StoreUnusable) as refused:
        await open_once(old)
    assert str(refused.value) == (
        f"the database was written by a newer jumpseat (it has schema version 99, this one knows {int(NEWEST)}): "
        "install that version or a later one, or set JUMPSEAT_DATA_DIR or JUMPSEAT_DATABASE_URL to another place"
    )
    assert (old / "jumpseat.sqlite3").read_bytes() == before


async def test_without_a_copy_nothing_is_changed(old: Path) -> None:
    (old / "jumpseat.sqlite3.0001.backup").mkdir()
    with pytest.raises(StoreUnusable, match="could not be copied"):
        await open_once(old)
    with database(old) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"jumpseat_meta", "runs", "steps", "revoked_tokens"}


async def test_a_row_that_cannot_be_read_does_not_stop_the_upgrade(old: Path) -> None:
    with database(old) as connection:
        connection.execute("UPDATE runs SET view = '{' WHERE status = 'failed'")
        connection.execute("UPDATE steps SET step = 'no JSON' WHERE number = 2")
    await open_once(old)
    assert version(old) == NEWEST


async def test_old_runs_are_listed_by_their_planners_too(old: Path) -> None:
    with database(old) as connection:
        connection.execute("UPDATE runs SET view = '{' WHERE status = 'failed'")
        views = dict(connection.execute("SELECT id, view FROM runs").fetchall())
    await open_once(old)
    with database(old) as connection:
        planners = dict(connection.execute("SELECT id, planner FROM runs").fetchall())
    assert {planner for planner in planners.values() if planner} == {"script"}
    assert planners == {id: None if view == "{" else json.loads(view)["planner"] for id, view in views.items()}


@pytest.mark.process
async def test_processes_that_start_at_once_upgrade_once(old: Path) -> None:
    program = f"""
import asyncio, logging, sys
from pathlib import Path
from runner.store.connection import configure_sqlite
from runner.store.schema import exclusive
from runner.store.store import Store
logging.basicConfig(level="INFO", format="%(name)s %(message)s")
async def main():
    sys.stdin.readline()
    store = await Store.open(Path({str(old)!r}))
    await store.aclose()
asyncio.run(main())
"""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-c", program)
    started = [await asyncio.create_subprocess_exec(*command, stdin=pipe, stderr=pipe) for _ in range(3)]
    outputs = await asyncio.gather(*(each.communicate(b"\n") for each in started))
    said = "".join(output.decode() for _, output in outputs)
    assert [each.returncode for each in started] == [0, 0, 0], said
    assert said.count(f"runner.store.schema the database goes from schema version 1 to {int(NEWEST)}") == 1
    assert version(old) == NEWEST
    assert count(old, "steps") == count(OLD / "data", "steps")


async def test_a_migration_may_rebuild_a_table_that_others_refer_to(old: Path) -> None:
    await open_once(old)
    before = count(old, "steps")

    def rebuild(connection: Connection) -> None:
        with exclusive(connection):
            operations = Operations(MigrationContext.configure(connection))
            with operations.batch_alter_table("runs", recreate="always") as table:
                table.alter_column("owner", nullable=True)

    engine = create_async_engine(f"sqlite+aiosqlite:///{old / 'jumpseat.sqlite3'}")
    event.listen(engine.sync_engine, "connect", configure_sqlite)
    async with engine.connect() as connection:
        await connection.run_sync(rebuild)
    await engine.dispose()
    assert count(old, "steps") == before
