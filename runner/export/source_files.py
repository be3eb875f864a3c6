"""The reading of the test files that the steps of attached runs name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from control.errors import NotFound
from control.protocol.models import RunView, SourceExcerpt, SourceLocation, Step

_LANGUAGES: Final = {
    ".py": "python",
    **dict.fromkeys((".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"), "typescript"),
}
_LARGEST: Final = 1_000_000
"""Bytes; no test that people write is larger."""
_AROUND: Final = 5
"""Lines that an excerpt has before and behind the one that it is about."""
_LONGEST_LINE: Final = 500


class SourceUnreadable(Exception):
    """Raised where a source file cannot be shown; the message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Holds a test file as it stands on the disk."""

    path: Path
    text: str
    """With the ends of its lines as they are."""


def language_of(file: str) -> str | None:
    """Returns ``python`` or ``typescript`` by the name of the file, None for any other."""
    return _LANGUAGES.get(Path(file).suffix.lower())


def read_source(location: SourceLocation, folder: str | None) -> SourceFile:
    """Reads the file that a step names. Nothing but source code is read: a client may name any file.

    Args:
        location: as the client reports it.
        folder: what a relative name is relative to, the working folder of the client.

    Raises SourceUnreadable.
    """
    name = Path(location.file).name or location.file
    path = Path(location.file) if folder is None else Path(folder, location.file)
    try:
        if not path.is_absolute():
            raise SourceUnreadable(f"{name} cannot be read: it is not known in which folder it is")
        path = path.resolve(strict=True)
        if language_of(path.name) is None or not path.is_file():
            raise SourceUnreadable(f"{name} is not shown: it is no test file in Python, TypeScript or JavaScript")
        if path.stat().st_size > _LARGEST:
            raise SourceUnreadable(f"{name} is not shown: it is larger than {_LARGEST // 1000} kB")
        text = path.read_bytes().decode("utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no text in UTF-8"
        raise SourceUnreadable(f"{name} cannot be read on the server's machine: {why}") from None
    return SourceFile(path, text)


def excerpt(run: RunView, step: Step) -> SourceExcerpt:
    """Returns the lines around the one that a step's call is in. Raises NotFound with one sentence."""
    location, folder = step.location, run.session.folder if run.session else None
    if location is None:
        raise NotFound("this step comes from no source file")
    try:
        source = read_source(location, folder)
    except SourceUnreadable as error:
        raise NotFound(str(error)) from None
    lines = [line.rstrip("\r\n")[:_LONGEST_LINE] for line in lines_of(source.text)]
    if not 1 <= location.line <= len(lines):
        raise NotFound(f"{source.path.name} has no line {location.line} any more: it has changed since")
    first = max(1, location.line - _AROUND)
    shown = tuple(lines[first - 1 : location.line + _AROUND])
    return SourceExcerpt(file=shown_name(location.file, folder), line=location.line, first=first, lines=shown)


def shown_name(file: str, folder: str | None) -> str:
    """Returns the name relative to the folder; as it is for a file that is not within it."""
    if folder is None:
        return file
    for root, path in ((Path(folder), Path(folder, file)), (Path(folder).resolve(), Path(folder, file).resolve())):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return file


def lines_of(text: str) -> list[str]:
    """Returns the lines with their ends, parted as compilers and editors do it, not at other separators."""
    parted = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines, at = [], 0
    for line in parted:
        end = at + len(line)
        end += 2 if text[end : end + 2] == "\r\n" else 1
        lines.append(text[at:end])
        at = end
    return lines if lines[-1] else lines[:-1]
