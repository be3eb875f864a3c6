"""A Postgres server of the distribution, for tests: its own cluster on loopback, gone afterwards."""

from __future__ import annotations

import asyncio
import os
import pwd
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.packaged_programs import POSTGRES
from tests.served import free_port

START_SECONDS = 60


def postgres_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; None where none is installed."""
    initdb = POSTGRES.find()
    return Path(initdb).parent if initdb else None


@asynccontextmanager
async def postgres(programs: Path) -> AsyncIterator[str]:
    """Yields the address of an empty database; Postgres does not run as root, and is started as its own user then."""
    user = pwd.getpwnam("postgres") if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        cluster, port = Path(folder) / "cluster", free_port()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        options: dict[str, Any] = (
            {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        )
        await _run(programs / "initdb", "-D", cluster, "-U", "jumpseat", "-A", "trust", "-E", "UTF8", "-N", **options)
        server = await asyncio.create_subprocess_exec(
            programs / "postgres", "-D", cluster, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-F",
            stderr=asyncio.subprocess.PIPE, **options,
        )  # fmt: skip
        try:
            assert server.stderr
            async with asyncio.timeout(START_SECONDS):
                while b"ready to accept connections" not in await server.stderr.readline():
                    assert server.returncode is None
            drained = asyncio.create_task(server.stderr.read())
            yield f"postgresql+asyncpg://jumpseat@127.0.0.1:{port}/postgres"
        finally:
            if server.returncode is None:
                server.terminate()
            await server.wait()
            await drained


async def _run(*command: object, **options: Any) -> None:  # noqa: ANN401 - those of asyncio
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        **options,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
