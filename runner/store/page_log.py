"""The file of what a run's page said: a line of JSON for each entry, bounded, and read as far as it can be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from control.protocol.page_log import ConsoleEntry, DownloadEntry, LeftOut, PageLogView, RequestEntry
from control.protocol.shape import Shape
from runner.store.atomic_write import atomic_write
from runner.store.permissions import create_private_file, create_private_folder

_LINES: Final = 4000
"""Lines after which the file is written anew with what is kept."""
_LONGEST_FILE: Final = 64_000_000
"""Bytes: no file of ours comes near it."""


class PageLogFile:
    """Writes one run's file: appends while the run goes on, and begins anew when it has grown too long."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = 0

    def keep_download(self, number: int, file: Path) -> None:
        """Copies a file that the page has downloaded. Raises OSError."""
        kept = download_path(self._path.parent, number)
        create_private_folder(kept.parent)
        create_private_file(kept)
        shutil.copyfile(file, kept)

    def has_room_for(self, count: int) -> bool:
        """Returns False where so many more lines are too many: what is kept is to be written anew then."""
        return self._lines + count <= _LINES

    def replace(self, kept: PageLogView) -> None:
        """Writes what is kept in place of all that was written. Raises OSError."""
        lines = list(_lines(kept))
        atomic_write(self._path, _joined(lines))
        self._lines = len(lines)

    def append(self, new: Sequence[ConsoleEntry | RequestEntry]) -> None:
        """Writes new entries behind those that are there. Raises OSError."""
        create_private_folder(self._path.parent)
        create_private_file(self._path)
        with self._path.open("ab") as file:
            file.write(_joined([_line(entry) for entry in new]))
        self._lines += len(new)


def download_path(folder: Path, number: int) -> Path:
    """Returns where a download is kept in the folder of its run."""
    return folder / "downloads" / str(number)


def read_page_log(path: Path) -> PageLogView:
    """Returns what the file holds; a line that cannot be read is left out, and so is a file that is not there."""
    console: list[ConsoleEntry] = []
    requests: list[RequestEntry] = []
    downloads: list[DownloadEntry] = []
    left_out = LeftOut()
    for fields in _read(path):
        try:
            if "leftOut" in fields:
                left_out = LeftOut.model_validate(fields["leftOut"])
            elif "console" in fields:
                console.append(ConsoleEntry.model_validate(fields["console"]))
            elif "request" in fields:
                requests.append(RequestEntry.model_validate(fields["request"]))
            elif "download" in fields:
                downloads.append(DownloadEntry.model_validate(fields["download"]))
        except ValueError:
            continue
    return PageLogView(console=tuple(console), requests=tuple(requests), downloads=tuple(downloads), left_out=left_out)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.stat().st_size > _LONGEST_FILE:
            return
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.split("\n"):
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(fields, dict):
            yield fields


def _lines(view: PageLogView) -> Iterator[str]:
    for entry in (*view.console, *view.requests):
        yield _line(entry)
    for download in view.downloads:
        yield json.dumps({"download": download.dump()})
    yield json.dumps({"leftOut": view.left_out.dump()})


def _line(entry: Shape) -> str:
    kind = "console" if isinstance(entry, ConsoleEntry) else "request"
    return json.dumps({kind: entry.dump()})


def _joined(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
