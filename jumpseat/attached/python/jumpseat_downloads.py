"""Gives `Download.path()` a file as it does where Playwright has launched the browser itself.

A client that has connected to a browser is refused the path, as the file may be on another machine: it gets a copy,
which is removed when the process ends.
"""

from __future__ import annotations

import functools
import inspect
import os
import tempfile
import uuid
from pathlib import Path
from typing import Any, Callable, List  # noqa: UP035 - for Python 3.8

_REFUSED = "connecting remotely"


def give_paths(download: Any) -> None:  # noqa: ANN401 - Playwright's class, synchronous or not
    """Has `path` save the download where Playwright refuses to say where it is."""
    original: Callable[..., Any] = download.path
    folders: List[Any] = []  # noqa: UP006 - for Python 3.8

    def copy() -> Path:
        if not folders:
            folders.append(tempfile.TemporaryDirectory(prefix="jumpseat-downloads-"))
        return Path(os.path.join(folders[0].name, str(uuid.uuid4())))

    @functools.wraps(original)
    def path(self: Any) -> Path:  # noqa: ANN401 - as Playwright has it
        try:
            return original(self)  # type: ignore[no-any-return]
        except Exception as error:
            if _REFUSED not in str(error):
                raise
        target = copy()
        self.save_as(target)
        return target

    @functools.wraps(original)
    async def path_async(self: Any) -> Path:  # noqa: ANN401 - as Playwright has it
        try:
            return await original(self)  # type: ignore[no-any-return]
        except Exception as error:
            if _REFUSED not in str(error):
                raise
        target = copy()
        await self.save_as(target)
        return target

    download.path = path_async if inspect.iscoroutinefunction(original) else path
