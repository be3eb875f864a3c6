"""The packing of a trace: Playwright's files, cleaned and masked, become a zip that its trace viewer opens.

It is done in a process of its own, ``python -m runner.trace.packing``, which is told on its standard input what to do:
looking for secrets in all that a page has said would keep the server from everything else meanwhile.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self
from zipfile import ZIP_DEFLATED, ZipFile

from runner.trace.cleaning import TraceCleaner
from runner.trace.mask import TraceMask

_LONGEST_LINE: Final = 16_000_000
"""Bytes: the DOM of a page that is larger is left out."""
_LARGEST_FILE: Final = 8_000_000
_DEEPEST: Final = 10_000
"""Levels of the DOM that are read."""
_FRAME: Final = re.compile(rb'^\{"type":"frame-snapshot".{0,2000}?"frameId":"([^"]+)"', re.DOTALL)
_NICE: Final = 10


@dataclass(frozen=True, kw_only=True)
class PackingJob:
    """Holds what is packed, and how."""

    folder: str
    """Where Playwright has written to."""
    file: str
    """The zip to be made."""
    title: str
    secrets: tuple[str, ...] = ()
    """Values that are to be found in it nowhere."""
    errors: dict[str, str]
    """Why steps have failed, by their titles in the trace."""

    def dump(self) -> bytes:
        """Returns the job as `load` reads it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def load(cls, text: bytes) -> Self:
        fields = json.loads(text)
        return cls(**fields | {"secrets": tuple(fields["secrets"])})


def pack(job: PackingJob) -> bool:
    """Makes the zip, whole or not at all; returns False where there is nothing to pack. Raises OSError."""
    folder, file = Path(job.folder), Path(job.file)
    traces = sorted(folder.glob("*.trace"))
    if not traces:
        return False
    mask = TraceMask(job.secrets)
    part = file.with_name(f"{file.name}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with ZipFile(part, "w", ZIP_DEFLATED) as archive:
            files: set[str] = set()
            for trace in traces:
                cleaner = TraceCleaner(mask, title=job.title, errors=job.errors)
                for log in (trace, trace.with_suffix(".network")):
                    _copy_events(log, archive, cleaner)
                files |= cleaner.files
            for name in sorted(files):
                _copy_file(folder / name, archive, name, mask)
        os.replace(part, file)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    return True


def _copy_events(log: Path, archive: ZipFile, cleaner: TraceCleaner) -> None:
    with archive.open(log.name, "w", force_zip64=True) as target:
        for line in _lines(log, cleaner):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):  # such as the last line of a browser that has crashed
                _lose(line, cleaner)
                continue
            kept = cleaner.event(event) if isinstance(event, dict) else None
            if kept is not None:
                target.write(json.dumps(kept, separators=(",", ":")).encode() + b"\n")


def _lines(log: Path, cleaner: TraceCleaner) -> Iterator[bytes]:
    """Yields the lines of a file that may not be there; of one that is too long nothing but that it is missing."""
    try:
        source = log.open("rb")
    except FileNotFoundError:
        return
    with source:
        while line := source.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
                _lose(line, cleaner)
                while (rest := source.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                    pass
            else:
                yield line


def _lose(line: bytes, cleaner: TraceCleaner) -> None:
    if found := _FRAME.match(line):
        cleaner.lose(found[1].decode())


def _copy_file(file: Path, archive: ZipFile, name: str, mask: TraceMask) -> None:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            return
        data = mask.file(file.read_bytes())
    except FileNotFoundError:
        return
    if data is not None:
        archive.writestr(name, data)


def main() -> int:
    """Returns the exit code: 0, also where there was nothing to pack."""
    os.nice(_NICE)
    sys.setrecursionlimit(_DEEPEST)
    try:
        pack(PackingJob.load(sys.stdin.buffer.read()))
    except OSError as error:
        print(error.strerror or error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
