"""Which tests are run: the files, folders and globs of a command line, and those of them that hold a text."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import Final

from control.protocol.models import NewRun, PlannerName
from jumpseat.settings import BadSetting
from runner.testfile import BadTestFile, is_test_file, load, reads_files

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_LEFT_OUT: Final = re.compile(r"\..*|node_modules|__pycache__|venv")
"""Folders within a folder in which nobody keeps tests."""
_MOST_FILES: Final = 10_000


@dataclass(frozen=True, slots=True)
class TestFile:
    """One test, as its file says."""

    __test__ = False  # for pytest, which would take it for a class of tests

    path: Path
    run: NewRun

    @property
    def name(self) -> str:
        """Its own name, else that of its file."""
        return self.run.name or self.path.name

    @property
    def file(self) -> str:
        """Its path from the working folder, as CI systems link it."""
        return os.path.relpath(self.path)


@dataclass(frozen=True, slots=True)
class Collected:
    """What a command line names."""

    tests: tuple[TestFile, ...]
    left_out: tuple[Path, ...]
    """YAML and JSON files of folders that are no tests."""

    def by_uploads(self) -> list[tuple[Path | None, list[TestFile]]]:
        """Returns the tests by the folder that a server must read files to upload from; None: any server will do."""
        groups: defaultdict[Path | None, list[TestFile]] = defaultdict(list)
        for test in self.tests:
            groups[test.path.parent if reads_files(test.run) else None].append(test)
        return list(groups.items())


def collect(
    paths: Sequence[Path],
    *,
    grep: str | None,
    environment: Mapping[str, str],
    default_planner: PlannerName,
    uploads_here: bool,
) -> Collected:
    """Returns the tests in the order in which they are named, those of a folder by name, each once.

    Args:
        paths: files; folders, of which those YAML and JSON files are taken, at any depth, that are tests; globs, also
            with ``**``.
        grep: only tests whose name or file holds this text, in any case.
        environment: where the values of secrets are taken from.
        default_planner: of tests that name none.
        uploads_here: as for `runner.testfile.load`.

    Raises BadSetting with one line for each file that cannot be used, and where nothing is left to be run.
    """
    tests, left_out, wrong = [], [], []
    for path, named in _files(paths).items():
        try:
            if not named and not is_test_file(path):
                left_out.append(path)
                continue
            run = load(path, environment=environment, default_planner=default_planner, uploads_here=uploads_here)
        except BadTestFile as error:
            wrong.append(str(error))
        else:
            tests.append(TestFile(path, run))
    if wrong:
        raise BadSetting("\n".join(wrong))
    if not tests:
        raise BadSetting(f"{_named(paths)}: there is no test file; one has 'url' and 'instructions' or 'steps'")
    chosen = tuple(test for test in tests if grep is None or _holds(test, grep.casefold()))
    if not chosen:
        raise BadSetting(f"--grep: none of the {len(tests)} tests has '{grep}' in its name or its file's")
    return Collected(chosen, tuple(left_out))


def _holds(test: TestFile, text: str) -> bool:
    return text in test.name.casefold() or text in str(test.path).casefold()


def _named(paths: Iterable[Path]) -> str:
    return ", ".join(map(str, paths))


def _files(paths: Sequence[Path]) -> dict[Path, bool]:
    """Returns the files, and whether each was named itself rather than found in a folder."""
    found: dict[Path, bool] = {}
    for path in paths:
        for each in [path] if path.exists() or not has_magic(str(path)) else _globbed(path):
            if each.is_dir():
                for file in _within(each):
                    found.setdefault(file, False)
            else:
                found[each] = True
        if len(found) > _MOST_FILES:
            raise BadSetting(f"{path}: these are more than {_MOST_FILES} files: name a folder with tests alone")
    return found


def _globbed(pattern: Path) -> list[Path]:
    """Returns what the pattern finds, by name; a shell that finds nothing leaves it as it is."""
    anchor = Path(pattern.anchor)
    found = sorted(anchor.glob(str(pattern.relative_to(anchor))))
    if not found:
        raise BadSetting(f"{pattern}: no file is called so")
    return found


def _within(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not _LEFT_OUT.fullmatch(each))
        yield from (Path(root, each) for each in sorted(files) if Path(each).suffix in _SUFFIXES)
