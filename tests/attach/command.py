"""`jumpseat attach` as somebody would type it, with a server of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.attach.comparing import JUMPSEAT
from tests.attach.environments import clean_variables
from tests.attach.suite import Started, running

END_SECONDS = 60


@asynccontextmanager
async def attaching(*arguments: str, folder: Path, **variables: str) -> AsyncIterator[Started]:
    """Runs it in this folder, where its data are, too."""
    data = {"JUMPSEAT_DATA_DIR": str(folder / "data"), "JUMPSEAT_LOG": "warning"}
    base = clean_variables(os.environ) | data | variables
    async with running([*JUMPSEAT, "attach", *arguments], folder, base) as started:
        yield started


async def attach(*arguments: str, folder: Path, **variables: str) -> tuple[int, str, str]:
    """Returns exit code, stdout and stderr, once nothing of it is left."""
    async with asyncio.timeout(END_SECONDS), attaching(*arguments, folder=folder, **variables) as started:
        ended = await started.end()
        assert not started.marked()
    return ended
