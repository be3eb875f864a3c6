"""The recordings of runs on disk: a folder for each, with a file for each segment that is named by its beginning."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from control.errors import NotFound
from control.protocol.models import RunStatus, RunView, Step
from control.protocol.recording import RecordingTimeline, StillSpan
from control.visible import visible
from media.frames import CLOCK_RATE
from media.recording.movie import Chapter, MovieFile, compose, playable
from media.recording.segment import Segment, UnreadableSegment, read
from runner.store.atomic_write import atomic_write

logger = logging.getLogger(__name__)

_SUFFIX = ".mp4"
_MOST_KEPT = 8
_STILL_SECONDS = 2
_LEAST_FREE = 64_000_000
"""Bytes of the disk that a recording leaves to what matters more: steps, screenshots and the database. At most a
twentieth of the disk."""


class RecordingFolder:
    """The segments of one run. Implements `media.recording.recorder.SegmentFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, segment: Segment) -> Path:
        return self._path(segment.start)

    def save(self, start: int, data: bytes) -> None:
        """Raises OSError, also where the disk is nearly full."""
        place = next(each for each in self._folder.parents if each.is_dir())
        disk = os.statvfs(place)
        if disk.f_bavail * disk.f_frsize < min(_LEAST_FREE, disk.f_blocks * disk.f_frsize // 20):
            raise OSError(errno.ENOSPC, "the disk of JUMPSEAT_DATA_DIR is nearly full")
        atomic_write(self._path(start), data)

    def remove(self, start: int) -> None:
        """Raises OSError."""
        self._path(start).unlink(missing_ok=True)

    def clear(self) -> None:
        """Removes all of it, as far as that is possible."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def exists(self) -> bool:
        return any(self._files())

    def segments(self) -> list[Segment]:
        """Returns what can be read, in order. Raises OSError."""
        found = []
        for file in self._files():
            try:
                found.append(read(file.read_bytes(), start=int(file.stem)))
            except FileNotFoundError:  # removed meanwhile
                continue
            except UnreadableSegment as error:
                logger.warning("%s is left out of its recording: %s", file, error)
        return found

    def _path(self, start: int) -> Path:
        return self._folder / f"{start:020}{_SUFFIX}"

    def _files(self) -> list[Path]:
        return sorted(file for file in self._folder.glob(f"*{_SUFFIX}") if file.stem.isdigit())


class FinishedRecordings:
    """Puts the recordings of finished runs together, and keeps those that were asked for last: they do not change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, tuple[Segment, ...]] = OrderedDict()
        self._lock = asyncio.Lock()

    async def segments(self, folder: Path) -> tuple[Segment, ...]:
        """Returns what is in the folder now, from where it can be played on; nothing where there is none."""
        async with self._lock:
            if not await asyncio.to_thread(RecordingFolder(folder).exists):
                self._kept.pop(folder, None)
                return ()
            if folder not in self._kept:
                self._kept[folder] = playable(await asyncio.to_thread(RecordingFolder(folder).segments))
                if len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[folder]


class RunRecording:
    """One run's recording, live or finished. Implements signaling.ports.RecordingHandle."""

    def __init__(
        self,
        folder: Path,
        finished: FinishedRecordings,
        *,
        view: Callable[[], RunView],
        steps: Callable[[], Awaitable[Sequence[Step]]],
        live: Callable[[], Sequence[Segment] | None] = lambda: None,
        complete: asyncio.Event | None = None,
    ) -> None:
        """
        Args:
            folder: where its segments are.
            finished: puts together what is no longer added to.
            view: the run.
            steps: all of the run's steps.
            live: what this process has recorded of the run so far; None: it is not being recorded here.
            complete: set once nothing is added any more, which is soon after the run's end; None: it is so already.
        """
        self._folder = RecordingFolder(folder)
        self._place = folder
        self._finished = finished
        self._view = view
        self._steps = steps
        self._live = live
        self._complete = complete

    async def movie(self, *, until_ms: int | None = None) -> MovieFile:
        """Returns what there is; see signaling.ports.RecordingHandle. Raises NotFound."""
        segments = await self._segments()
        if not segments:
            raise NotFound(self._lacking())
        start = segments[0].start
        if until_ms is None:
            chapters = _chapters(await self._steps(), start)
        else:
            chapters = []
            segments = tuple(each for each in segments if _in_ms(each.start - start) < until_ms) or segments[:1]
        movie = await asyncio.to_thread(compose, segments, chapters)
        paths = tuple(self._folder.path(segment) for segment in segments)
        return MovieFile(movie, paths, is_final=self._view().status.final)

    async def timeline(self) -> RecordingTimeline:
        """Returns how long it is and where nothing happens. Raises NotFound where none was asked for, or it is gone."""
        segments = await self._segments()
        is_over = self._view().status.final
        if not segments and (is_over or self._view().record == "off"):
            raise NotFound(self._lacking())
        if not segments:
            return RecordingTimeline(started_at=None, duration_ms=0, growing=True)
        start = segments[0].start
        return RecordingTimeline(
            started_at=datetime.fromtimestamp(start / CLOCK_RATE, UTC),
            duration_ms=_in_ms(segments[-1].end - start),
            growing=not is_over,
            stills=tuple(_stills(segments)),
        )

    async def _segments(self) -> tuple[Segment, ...]:
        if self._complete is not None and self._view().status.final:
            await self._complete.wait()
        live = self._live()
        return playable(live) if live is not None else await self._finished.segments(self._place)

    def _lacking(self) -> str:
        view = self._view()
        if view.record == "off":
            return 'this run was not recorded: start it with "record": "on", on a server that streams'
        if not view.status.final:
            return "there is no recording of this run yet: it begins with the first picture"
        if view.record == "on-failure" and view.status is RunStatus.PASSED:
            return "the run has passed, and its recording was to be kept only where it does not"
        return "there is no recording of this run: it had no picture, or was removed to make room (JUMPSEAT_MAX_DISK)"


def _chapters(steps: Sequence[Step], start: int) -> list[Chapter]:
    """Returns a chapter for each step, with whose idea it was; those that began together have the last one's title."""
    found: dict[int, Chapter] = {}
    for step in steps:
        at = max(0, int(step.timestamp.timestamp() * CLOCK_RATE) - start)
        title = visible(f"{step.step_number} · {step.source} · {step.description}").replace("\n", " ")
        found[at] = Chapter(at, title)
    return [found[at] for at in sorted(found)]


def _stills(segments: Sequence[Segment]) -> Iterator[StillSpan]:
    """Yields the times from one new picture to the next where these are long."""
    start, end = segments[0].start, segments[-1].end
    changes = [each.start + each.times[at] for each in segments for at in each.fresh if at < len(each.times)]
    for before, after in pairwise([start, *changes, end]):
        if after - before >= _STILL_SECONDS * CLOCK_RATE:
            yield StillSpan(from_ms=_in_ms(before - start), to_ms=_in_ms(after - start))


def _in_ms(ticks: int) -> int:
    return ticks * 1000 // CLOCK_RATE
