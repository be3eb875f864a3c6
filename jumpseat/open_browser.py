"""Opens a page in the person's own browser without showing the key in its address to other users of the machine."""

from __future__ import annotations

import asyncio
import os
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path

from jumpseat.settings import BadSetting
from web import is_built

_PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={address}">
<title>jumpseat</title>
<p><a href="{address}">Watch the run</a></p>
"""


def require_player() -> None:
    """Raises BadSetting where the pages that are to be opened are not built."""
    if not is_built():
        raise BadSetting("the player is not built: install Node 20.19 or newer, then: make web (in a checkout)")


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[None]:
    """Opens the address by a file that only this user can read, since everybody can read command lines (``ps``).

    The file is there until the block ends: browsers may take their time, and may open it again when they are restored.
    """
    with tempfile.TemporaryDirectory(prefix="jumpseat-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "watch.html"
        _write_privately(file, _PAGE.format(address=escape(address)))
        await asyncio.to_thread(webbrowser.open, file.as_uri())
        yield


def _write_privately(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened_file:
        opened_file.write(text)
