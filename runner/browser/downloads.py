"""What the pages of a run download: counted, watched while it comes, and cut where it is too large."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playwright.async_api import Download, Page
from playwright.async_api import Error as PlaywrightError

from control.protocol.page_log import DownloadEntry
from control.protocol.shape import utc_now
from media.aio import TaskSet, cancel_and_wait

logger = logging.getLogger(__name__)

MOST_FILES: Final = 50
"""Of one run: more are refused."""
MOST_BYTES: Final = 100_000_000
"""Of one run's downloads together: what comes beyond is cut."""
_LOOK_SECONDS: Final = 0.5
_LONGEST: Final = 4000


class Downloads:
    """Takes the downloads of one run's pages."""

    def __init__(
        self,
        report: Callable[[DownloadEntry, Path | None], None],
        *,
        folder: Path | None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """
        Args:
            report: gets each one that is over, and its file where it is whole.
            folder: where the browser writes what comes; None: nothing is cut before it is whole.
            most_bytes: of all together.
        """
        self._report = report
        self._folder = folder
        self._most_bytes = most_bytes
        self._count = 0
        self._kept = 0
        self._tasks = TaskSet(logger, expected=PlaywrightError)

    def watch(self, page: Page) -> None:
        """Takes this page's downloads from now on."""
        page.on("download", self._begun)

    async def aclose(self) -> None:
        """Gives up what still comes. Safe to repeat."""
        await self._tasks.aclose()

    def _begun(self, download: Download) -> None:
        self._count += 1
        if self._count <= MOST_FILES:
            self._tasks.spawn(self._take(download))
            return
        if self._count == MOST_FILES + 1:
            self._refuse(
                _entry(download), f"a run keeps {MOST_FILES} downloads: this one and all further ones are refused"
            )
        self._tasks.spawn(download.cancel())

    async def _take(self, download: Download) -> None:
        entry, cut = _entry(download), asyncio.Event()
        watching = asyncio.create_task(self._cut_when_too_large(download, cut))
        try:
            path = Path(await download.path())
            size = (await asyncio.to_thread(path.stat)).st_size
        except (PlaywrightError, OSError) as error:
            self._refuse(entry, self._too_large() if cut.is_set() else f"it did not come to its end: {_reason(error)}")
            return
        finally:
            await cancel_and_wait(watching)
        if self._kept + size > self._most_bytes:
            self._refuse(entry, self._too_large())
            await download.delete()
            return
        self._kept += size
        self._report(entry.model_copy(update={"size": size}), path)

    async def _cut_when_too_large(self, download: Download, cut: asyncio.Event) -> None:
        """Returns once it has cut the download, and has said so by ``cut`` before."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._folder is not None and await asyncio.to_thread(_bytes_in, self._folder) > self._most_bytes:
                cut.set()
                await download.cancel()
                return

    def _too_large(self) -> str:
        return f"the downloads of a run may have {self._most_bytes // 1_000_000} MB together: it was cut"

    def _refuse(self, entry: DownloadEntry, error: str) -> None:
        self._report(entry.model_copy(update={"error": error}), None)


def _entry(download: Download) -> DownloadEntry:
    name, url = (
        text[:_LONGEST].encode("utf-8", "replace").decode() for text in (download.suggested_filename, download.url)
    )
    return DownloadEntry(at=utc_now(), name=name, url=url)


def _bytes_in(folder: Path) -> int:
    sizes = 0
    for file in folder.iterdir() if folder.is_dir() else ():
        try:
            sizes += file.stat().st_size
        except OSError:  # it has gone meanwhile
            continue
    return sizes


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].removeprefix("Download.path: ") if str(error) else type(error).__name__
