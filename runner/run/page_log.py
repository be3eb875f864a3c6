"""The page log of one run: what its page said, by step, masked, bounded, and written down while it goes on."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right, insort
from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final, Generic, TypeVar

from control.event_log import Entry
from control.protocol import events as e
from control.protocol.page_log import ConsoleEntry, DownloadEntry, LeftOut, PageLogView, RequestEntry
from control.run import Run
from media.aio import TaskSet
from runner.log import RunLog
from runner.reports.page_evidence import PageEntry, sentence_of, told
from runner.run.masking import Masking
from runner.store.page_log import PageLogFile

logger = logging.getLogger(__name__)

E = TypeVar("E", ConsoleEntry, RequestEntry)
W = TypeVar("W")

_KEPT: Final = 500
"""Of each kind: so many that failed, and so many others, the newest."""
_LONGEST: Final = 2000
"""Characters of a text or an address that are kept."""
_EVENTS_OF_STEP: Final = 10
_EVENTS_OF_RUN: Final = 300
"""Events of each kind: more would push those of the run itself out of its log."""
_SAID: Final = 8
"""Sentences about the page at a failed step."""
_WRITE_SECONDS: Final = 1.0


class _Kept(Generic[E]):
    """The newest entries of one kind, those that failed apart: a page that says much drops none of them."""

    def __init__(self) -> None:
        self._failed: deque[E] = deque(maxlen=_KEPT)
        self._others: deque[E] = deque(maxlen=_KEPT)
        self.count = 0

    def add(self, entry: E) -> None:
        self.count += 1
        (self._failed if entry.failed else self._others).append(entry)

    @property
    def dropped(self) -> int:
        return self.count - len(self._failed) - len(self._others)

    @property
    def failed(self) -> tuple[E, ...]:
        return tuple(self._failed)

    def all(self) -> tuple[E, ...]:
        """Returns the entries by their numbers."""
        return tuple(sorted(chain(self._failed, self._others), key=lambda entry: entry.number))


class PageLog:
    """Takes what the driver reports, and answers what people ask; a file that cannot be written changes nothing."""

    def __init__(self, run: Run, file: PageLogFile, *, masking: Masking, logger: RunLog) -> None:
        self._run = run
        self._file = file
        self._masking = masking
        self._logger = logger
        self._console: _Kept[ConsoleEntry] = _Kept()
        self._requests: _Kept[RequestEntry] = _Kept()
        self._downloads: list[DownloadEntry] = []
        self._keeping = TaskSet(logger)
        self._muted = timedelta()
        self._number = 0
        self._begun: list[tuple[datetime, int]] = []
        """When each step was begun, in the order of time."""
        self._steps = 0
        self._sent: Counter[tuple[str, int]] = Counter()
        self._sent_of: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._unwritten: list[PageEntry] = []
        self._news = asyncio.Event()
        run.log.listen(self._on_event)

    # What comes

    def add(self, entry: PageEntry) -> None:
        """Keeps an entry of the driver's, and tells people where something has failed."""
        if isinstance(entry, ConsoleEntry):
            console = self._numbered(entry)
            self._console.add(console)
            if console.failed:
                self._send_console(console)
        else:
            request = self._numbered(entry)
            self._requests.add(request)
            if request.failed:
                self._send_request(request)
        self._news.set()

    def add_muted(self, time: timedelta) -> None:
        """Notes for how long a flood was not listened to."""
        self._muted += time
        self._news.set()

    def add_download(self, entry: DownloadEntry, file: Path | None) -> None:
        """Keeps a download of the driver's; its file is copied while the browser still has it."""
        entry = entry.model_copy(update={"number": len(self._downloads) + 1, "step": self._step_at(entry.at)})
        self._downloads.append(self._masking.shape(entry))
        self._keeping.spawn(self._keep(len(self._downloads) - 1, file))

    async def _keep(self, at: int, file: Path | None) -> None:
        entry = self._downloads[at]
        if file is not None:
            try:
                await asyncio.to_thread(self._file.keep_download, entry.number, file)
            except OSError as error:
                self._logger.warning("a download could not be kept: %s", error)
                reason = "the server could not write it down"
                self._downloads[at] = entry.model_copy(update={"size": None, "error": reason})
        if not self._run.final:
            said = self._downloads[at].model_dump(include=set(e.Downloaded.model_fields))
            self._run.log.append(e.Downloaded.model_validate(said))

    async def keep_downloads(self) -> None:
        """Returns once all files that have come are copied: before the browser takes them away."""
        await self._keeping.join()

    def _numbered(self, entry: E) -> E:
        """Returns the entry as it is kept: masked before it is cut, so that no rest of a secret is left over."""
        self._number += 1
        shown = self._masked(entry)
        texts = {
            name: f"{text[:_LONGEST]}…"
            for name in ("text", "url", "error")
            if isinstance(text := getattr(shown, name, None), str) and len(text) > _LONGEST
        }
        kept = shown.model_copy(update={"number": self._number, "step": self._step_at(entry.at), **texts})
        self._unwritten.append(kept)
        del self._unwritten[: -4 * _KEPT]
        return kept

    def _masked(self, entry: E) -> E:
        """Returns the entry with dots in place of secrets; it is looked at as a whole first, as few have any."""
        whole = "\n".join(_texts(entry))
        return entry if self._masking.text(whole) == whole else self._masking.shape(entry)

    # Which step

    def _on_event(self, logged: Entry) -> None:
        match logged.body:
            case e.TestStep(step=step) if step.step_number > self._steps:
                self._steps = step.step_number
                insort(self._begun, (step.timestamp, step.step_number))

    def _step_at(self, moment: datetime) -> int:
        at = bisect_right(self._begun, moment, key=lambda begun: begun[0])
        return self._begun[at - 1][1] if at else 0

    # Who is told

    def _send_console(self, entry: ConsoleEntry) -> None:
        if self._may_send("console", entry.step):
            level = "error" if entry.level == "error" else "warning"
            self._run.log.append(
                e.ConsoleMessage(
                    number=entry.number,
                    step=entry.step,
                    level=level,
                    kind=entry.kind,
                    text=entry.text,
                    unsent=self._asked["console"] - self._sent_of["console"],
                )
            )

    def _send_request(self, entry: RequestEntry) -> None:
        if self._may_send("request", entry.step):
            self._run.log.append(
                e.RequestFailed(
                    **entry.model_dump(
                        include={"number", "step", "method", "url", "origin", "resource_type", "status", "error"}
                    ),
                    unsent=self._asked["request"] - self._sent_of["request"],
                )
            )

    def _may_send(self, kind: str, step: int) -> bool:
        if self._run.final:
            return False
        self._asked[kind] += 1
        if self._sent[kind, step] >= _EVENTS_OF_STEP or self._sent_of[kind] >= _EVENTS_OF_RUN:
            return False
        self._sent[kind, step] += 1
        self._sent_of[kind] += 1
        return True

    def said(self) -> tuple[str, ...]:
        """Returns what went wrong in the page during the newest step or the one before, in a few sentences."""
        newest = len(self._run.steps)
        failed: Iterator[PageEntry] = chain(self._console.failed, self._requests.failed)
        recent = told(entry for entry in failed if entry.step >= newest - 1)
        return tuple(sentence_of(entry) for entry in recent[:_SAID])

    # What is kept

    def view(self) -> PageLogView:
        return PageLogView(
            console=self._console.all(),
            requests=self._requests.all(),
            downloads=tuple(self._downloads),
            left_out=self._left_out(),
        )

    def _left_out(self) -> LeftOut:
        return LeftOut(
            console=self._console.dropped,
            requests=self._requests.dropped,
            muted_ms=int(self._muted / timedelta(milliseconds=1)),
        )

    async def work(self) -> None:
        """Writes what has come down, once a second at most, until it is cancelled."""
        while True:
            await self._news.wait()
            await asyncio.sleep(_WRITE_SECONDS)
            self._news.clear()
            new, self._unwritten = tuple(self._unwritten), []
            if self._file.has_room_for(len(new)):
                await self._write(self._file.append, new)
            else:
                await self._write(self._file.replace, self.view())

    async def end(self) -> None:
        """Writes all that is kept, in place of what was written so far."""
        if self._number or self._muted or self._downloads:
            await self._write(self._file.replace, self.view())

    async def _write(self, write: Callable[[W], None], what: W) -> None:
        try:
            await asyncio.to_thread(write, what)
        except OSError as error:
            self._logger.warning("what the page said could not be written down: %s", error)


def _texts(entry: PageEntry) -> Iterator[str]:
    """Yields every text of the entry that a page may have written."""
    if isinstance(entry, ConsoleEntry):
        yield from (entry.text, entry.url or "")
        return
    yield from (entry.url, entry.origin or "", entry.method, entry.status_text, entry.error or "")
    for header in (*entry.request_headers, *entry.response_headers):
        yield from (header.name, header.value)
    yield from (body.text for body in (entry.request_body, entry.response_body) if body and body.text)
