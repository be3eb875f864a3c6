"""A disk that is full, a database that is locked or gone: runs go on, and their end is written once it can be."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.fault_target import one_sentence, refused
from tests.served import COMMAND, WAIT_SECONDS, Served, served

pytestmark = [pytest.mark.process, pytest.mark.long]

ON_A_SMALL_DISK = ("unshare", "--user", "--map-root-user", "--mount")
MOUNT = 'mount -t tmpfs -o size=4m none "$JUMPSEAT_DATA_DIR" && exec "$@"'
SMALL = (*ON_A_SMALL_DISK, "sh", "-c", MOUNT, "sh", *COMMAND)
STEPS = [{"type": "navigate", "value": "/cart"}, {"type": "expect_url", "value": "/cart"}]


def mounts_for_everybody() -> bool:
    """Whether this machine lets a process mount a file system of its own."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    trial = (*ON_A_SMALL_DISK, "mount", "-t", "tmpfs", "none", "/mnt")
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def stored(database: Path, run_id: str) -> tuple[str, int]:
    """The run's status and number of finished steps, as another process finds them."""
    with closing(sqlite3.connect(database)) as connection:
        ((status,),) = connection.execute("SELECT status FROM runs WHERE id = ?", (run_id,))
        steps = connection.execute("SELECT json_extract(step, '$.status') FROM steps WHERE run_id = ?", (run_id,))
        return str(status), [status for (status,) in steps].count("passed")


def stored_on_a_small_disk(disk: Path, copies: Path, run_id: str) -> tuple[str, int]:
    """The same where only the server sees the disk under its own name, which SQLite insists on."""
    copies.mkdir(exist_ok=True)
    for name in ("jumpseat.sqlite3", "jumpseat.sqlite3-wal"):
        shutil.copy(disk / name, copies)
    return stored(copies / "jumpseat.sqlite3", run_id)


async def until_stored(look: Callable[[], tuple[str, int]], wanted: tuple[str, int]) -> None:
    """A file sends no events."""
    async with asyncio.timeout(WAIT_SECONDS):
        while look() != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def proposed(server: Served) -> str:
    """A run that waits for leave to do its first step."""
    run = await server.create({"url": "/", "steps": STEPS, "mode": "review", "helpTimeoutMs": 0})
    await server.until(run["id"], lambda message: message["type"] == "step_proposed")
    return str(run["id"])


async def approve(server: Served, run_id: str) -> list[dict[str, Any]]:
    """All messages up to the end of the run, which goes on by itself from now on."""
    async with server.http.ws_connect(f"{server.api}/ws/test-control?runId={run_id}&since=0") as socket:
        told: list[dict[str, Any]] = []
        async with asyncio.timeout(WAIT_SECONDS):
            async for message in socket:
                told.append(message.json())
                if told[-1]["type"] == "run_finished":
                    return told
                if told[-1]["type"] == "step_proposed" and told[-1]["proposal"]:
                    await socket.send_json({"type": "approve_step"})
    raise AssertionError(f"no end; the last messages were {told[-3:]}")


async def no_run_can_be_started(server: Served, why: str) -> None:
    async with server.http.post(f"{server.api}/api/tests", json={"url": server.site, "steps": STEPS}) as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert why in await refused(answer)


def fill(folder: Path) -> Path:
    """A file that takes all the room that is left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return filler


@pytest.mark.skipif(not mounts_for_everybody(), reason="this machine lets no test mount a small disk")
async def test_a_full_disk_costs_pictures_and_nothing_else(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    data.mkdir()
    async with served(command=SMALL, log=log, JUMPSEAT_DATA_DIR=str(data)) as server:
        disk = Path(f"/proc/{server.process.pid}/root{data}")
        run_id = await proposed(server)
        await until_stored(lambda: stored_on_a_small_disk(disk, tmp_path / "copies", run_id), ("running", 0))
        filler = fill(disk)  # after what was told was written, so that nothing of it makes room again
        told = await approve(server, run_id)
        assert (told[-1]["status"], told[-1]["error"]) == ("passed", None)
        run = await server.get(f"/api/tests/{run_id}")
        assert [(step["status"], step["screenshotUrl"]) for step in run["steps"]] == [("passed", None)] * 2
        await no_run_can_be_started(server, "full")
        async with server.http.get(f"{server.api}/readyz") as answer:
            assert (answer.status, "full" in (await answer.json())["checks"]["disk"]) == (503, True)
        filler.unlink()
        await until_stored(lambda: stored_on_a_small_disk(disk, tmp_path / "copies", run_id), ("passed", 2))
        assert not [*(disk / "runs").rglob("*.part"), *(disk / "ends").rglob("*.part")]
    lines = log.read_text()
    assert "a screenshot could not be written: [Errno 28] No space left on device" in lines
    assert "Traceback" not in lines


async def test_a_locked_database_holds_up_no_run_and_loses_none(tmp_path: Path) -> None:
    log, database = tmp_path / "log", tmp_path / "jumpseat.sqlite3"
    async with served(log=log, JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        run_id = await proposed(server)
        await until_stored(lambda: stored(database, run_id), ("running", 0))  # writing follows telling
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            told = await approve(server, run_id)
            assert (told[-1]["status"], told[-1]["error"]) == ("passed", None)
            await no_run_can_be_started(server, "database is locked")
            assert stored(database, run_id) == ("running", 0)
            other.execute("ROLLBACK")
        await until_stored(lambda: stored(database, run_id), ("passed", 2))
    assert "Traceback" not in log.read_text()


async def test_a_database_that_was_removed_takes_no_more_runs_and_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log=log, JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        run_id = await proposed(server)
        (tmp_path / "jumpseat.sqlite3").unlink()
        told = await approve(server, run_id)
        assert (told[-1]["status"], told[-1]["error"]) == ("passed", None)
        await no_run_can_be_started(server, "was removed")
        async with server.http.get(f"{server.api}/readyz") as answer:
            assert answer.status == 503
            assert "was removed" in (await answer.json())["checks"]["database"]
        async with server.http.get(f"{server.api}/api/tests/no-such-run") as answer:
            assert answer.status == 503
            await refused(answer)
    assert "Traceback" not in log.read_text()


async def test_a_database_that_may_not_be_written_is_one_line_at_the_start(tmp_path: Path) -> None:
    database, log = tmp_path / "kept.sqlite3", tmp_path / "log"
    sqlite3.connect(database).close()
    url = f"sqlite+aiosqlite:///file:{database}?mode=ro&uri=true"
    with pytest.raises(RuntimeError, match="did not start"):
        async with served(log=log, JUMPSEAT_DATA_DIR=str(tmp_path), JUMPSEAT_DATABASE_URL=url):
            pass
    (line,) = log.read_text().splitlines()
    assert line.startswith("jumpseat: JUMPSEAT_DATA_DIR, JUMPSEAT_DATABASE_URL: ")
    assert one_sentence(line)
    assert "readonly" in line
