"""What the pages of a run download: counted, watched while it comes, and cut where it is too large."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(slots=True)
class Arrival:
    """Holds what has become of one download."""

    name: str
    whole: bool = False
    error: str | None = None
    """Why it is not kept."""


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
        self._coming: dict[Download, DownloadEntry] = {}
        self._arrivals: list[Arrival] = []
        self._before_mark = 0
        self._tasks = TaskSet(logger, expected=PlaywrightError)
        self.news = asyncio.Event()
        """Set whenever a download begins or is over; for one reader, who clears it."""

    @property
    def recent(self) -> Sequence[Arrival]:
        """Returns the downloads that have begun since the last `mark`."""
        return self._arrivals[self._before_mark :]

    @property
    def earlier(self) -> Sequence[Arrival]:
        """Returns the downloads that had begun before the last `mark`."""
        return self._arrivals[: self._before_mark]

    def mark(self) -> None:
        """Notes that an action begins: what it downloads is `recent`."""
        self._before_mark = len(self._arrivals)

    def watch(self, page: Page) -> None:
        """Takes this page's downloads from now on."""
        page.on("download", self._begun)

    async def aclose(self) -> None:
        """Gives up what still comes, and says so of each. Safe to repeat."""
        await self._tasks.aclose()
        coming, self._coming = self._coming, {}
        for entry in coming.values():
            self._report(entry.model_copy(update={"error": "the run ended before all of it had come"}), None)

    def _begun(self, download: Download) -> None:
        self._count += 1
        entry = _entry(download)
        if self._count <= MOST_FILES:
            arrival = Arrival(entry.name)
            self._arrivals.append(arrival)
            self._coming[download] = entry
            self.news.set()
            self._tasks.spawn(self._take(download, entry, arrival))
            return
        if self._count == MOST_FILES + 1:
            arrival = Arrival(entry.name)
            self._arrivals.append(arrival)
            reason = f"a run keeps {MOST_FILES} downloads: this one and all further ones are refused"
            self._refuse(entry, arrival, reason)
        self._tasks.spawn(download.cancel())

    async def _take(self, download: Download, entry: DownloadEntry, arrival: Arrival) -> None:
        cut = asyncio.Event()
        watching = asyncio.create_task(self._cut_when_too_large(download, cut))
        try:
            path = Path(await download.path())
            size = (await asyncio.to_thread(path.stat)).st_size
        except (PlaywrightError, OSError) as error:
            self._coming.pop(download, None)
            reason = self._too_large() if cut.is_set() else f"it did not come to its end: {_reason(error)}"
            self._refuse(entry, arrival, reason)
            return
        finally:
            await cancel_and_wait(watching)
        self._coming.pop(download, None)
        if self._kept + size > self._most_bytes:
            self._refuse(entry, arrival, self._too_large())
            await download.delete()
            return
        self._kept += size
        arrival.whole = True
        self._report(entry.model_copy(update={"size": size}), path)
        self.news.set()

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

    def _refuse(self, entry: DownloadEntry, arrival: Arrival, error: str) -> None:
        arrival.error = error
        self._report(entry.model_copy(update={"error": error}), None)
        self.news.set()


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
