"""Sorts the tests into tiers by what they need, and holds every test to the tier that it is in.

A pytest plugin (see `tests/conftest.py`). What a function needs is read from its source: it reaches a browser, a
process or a LiveKit server where it, or any helper of the tests that it uses, names one of `STARTERS`.

- A fixture that reaches one gives its marker to every test that requests it, by whatever way.
- A test that reaches one by itself carries the marker explicitly; where it does not, collection fails.
- A test that has none of these markers, and is not `slow` either, is `unit`. One that starts a process anyway fails
  when it runs.
"""

from __future__ import annotations

import ast
import inspect
import os
import pickle
import sys
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import CodeType
from typing import Any

import pytest

from tests.sources import ROOT, tree

OURS = ("tests", "bench")
"""Packages whose functions are followed; what the product starts stands in `STARTERS`."""
STARTERS = {
    "async_playwright": {"browser"},
    "PlaywrightDrivers": {"browser"},
    "create_subprocess_exec": {"process"},
    "create_subprocess_shell": {"process"},
    "subprocess.run": {"process"},
    "subprocess.Popen": {"process"},
    "LiveKitServer": {"livekit", "process"},
}
"""By name, after `module.` where it is a plain word: the markers of what uses it."""
SHARED = "shared_chromium"
NEEDS = ("browser", "process", "livekit")
_COSTS = ((20.0, {"slow", "livekit"}), (4.0, {"process"}), (2.0, {"browser"}), (0.05, set[str]()))
"""Seconds that a test takes, by the first of these markers that it has: no more than a guess."""
_AUDITED = {"subprocess.Popen", "os.posix_spawn", "os.fork"}
_HARMLESS = {"uname", "/sbin/ldconfig"}
"""The standard library's `platform.processor`, which clients of models put into a header, starts the one, and
`ctypes.util.find_library`, which libraries call while they are imported, the other."""

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""The fields of a statement that hold statements; what stands in expressions defines and imports nothing."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class ProcessStarted(Exception):
    """A test of the unit tier has started a process."""


@dataclass
class SourceFile:
    """What the functions of one file use; its names are dotted ones."""

    definitions: dict[str, frozenset[str]] = field(default_factory=dict)
    """By name of what is defined at the top: the names that it uses."""
    imports: dict[str, str] = field(default_factory=dict)
    """By local name: the full one."""
    functions: dict[int, tuple[frozenset[str], dict[str, frozenset[str]]]] = field(default_factory=dict)
    """By first line, decorators included: the names that a function uses, and those of its class's methods by name."""

    @classmethod
    def read(cls, path: Path) -> SourceFile:
        file = cls()
        module = tree(path)
        for node in module.body:
            for name in _bound(node):
                file.definitions[name] = file.definitions.get(name, frozenset()) | frozenset(_names(node))
        file._add(module)
        return file

    def _add(self, parent: ast.AST) -> None:
        """Finds every import, and every function by the line that its code object says with its class's methods."""
        match parent:
            case ast.Import(names=names):
                self.imports |= {alias.asname: alias.name for alias in names if alias.asname}
            case ast.ImportFrom(module=str(origin), names=names, level=0):
                self.imports |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in names}
        statements = [node for block in _BLOCKS for node in getattr(parent, block, ())]
        inside = {node: frozenset(_names(node)) for node in statements if isinstance(node, Function)}
        methods = {node.name: used for node, used in inside.items()} if isinstance(parent, ast.ClassDef) else {}
        self.functions |= {min(_lines(node)): (used, methods) for node, used in inside.items()}
        for node in statements:
            self._add(node)


class SourceCache:
    """Keeps what was read of the files from one run of the tests to the next, each until it is written anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, tuple[tuple[int, ...], SourceFile]] = {}
        self._is_changed = False
        with suppress(Exception):  # a damaged one fails in any way, and is made anew
            written_by, files = pickle.loads(path.read_bytes())
            self._files = files if written_by == _stamp(Path(__file__)) else {}

    def read(self, path: Path) -> SourceFile:
        stamp = _stamp(path)
        known, file = self._files.get(str(path), ((), None))
        if file is None or known != stamp:
            file = SourceFile.read(path)
            self._files[str(path)] = stamp, file
            self._is_changed = True
        return file

    def save(self) -> None:
        """Writes it where it has changed; several workers may do so at once."""
        if not self._is_changed:
            return
        with NamedTemporaryFile(dir=self._path.parent, delete=False) as written:
            pickle.dump((_stamp(Path(__file__)), self._files), written)
        Path(written.name).replace(self._path)


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _lines(node: Function) -> Iterator[int]:
    yield node.lineno
    yield from (decorator.lineno for decorator in node.decorator_list)


def _bound(node: ast.stmt) -> Iterable[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _names(node: ast.AST) -> Iterator[str]:
    """Yields the dotted names that are used in `node`, but for those in annotations and decorators."""
    if (dotted := _dotted(node)) is not None:
        yield dotted
        return
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _names(child)


def _dotted(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            before = _dotted(value)
            return None if before is None else f"{before}.{attribute}"
    return None


class Needs:
    """Finds what functions of the tests need; each file is read once."""

    def __init__(self, read: Callable[[Path], SourceFile] = SourceFile.read, root: Path = ROOT) -> None:
        self._read_file = read
        self._roots = tuple(f"{root / each}{os.sep}" for each in OURS)
        self._files: dict[str, SourceFile] = {}
        self._found: dict[tuple[str, str], frozenset[str]] = {}
        self._of_code: dict[CodeType, frozenset[str]] = {}
        self._root = root

    def of_function(self, function: Callable[..., Any]) -> frozenset[str]:
        """Returns the markers of what this function, a test or a fixture, reaches by itself."""
        code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
        if code is None:
            return frozenset()
        if code not in self._of_code:
            self._of_code[code] = self._read(code.co_filename, code.co_firstlineno)
        return self._of_code[code]

    def _read(self, path: str, line: int) -> frozenset[str]:
        if not path.startswith(self._roots):
            return frozenset()
        names, methods = self._file(path).functions.get(line, (frozenset(), {}))
        return frozenset(self._of_names(path, names, methods, set()))

    def _of_names(
        self, path: str, names: frozenset[str], methods: dict[str, frozenset[str]], seen: set[str]
    ) -> set[str]:
        needs: set[str] = set()
        for name in names:
            first, _, rest = name.partition(".")
            if first in {"self", "cls"} and rest in methods and rest not in seen:
                seen.add(rest)
                needs |= self._of_names(path, methods[rest], methods, seen)
            else:
                needs |= self._of_name(path, name)
        return needs

    def _of_name(self, path: str, name: str) -> frozenset[str]:
        """Returns what a dotted name of that file needs."""
        file = self._file(path)
        first, _, rest = name.partition(".")
        if first in file.definitions:
            return self._of_definition(path, first)
        full = ".".join(filter(None, (file.imports.get(first, first), rest)))
        parts = full.split(".")
        for starter, needs in STARTERS.items():
            if f".{starter}." in f".{full}.":
                return frozenset(needs)
        if first not in file.imports or parts[0] not in OURS:
            return frozenset()
        for length in range(len(parts) - 1, 0, -1):
            module = self._root.joinpath(*parts[:length]).with_suffix(".py")
            if module.is_file():
                return self._of_name(str(module), ".".join(parts[length:]))
        return frozenset()

    def _of_definition(self, path: str, name: str) -> frozenset[str]:
        if (path, name) not in self._found:
            self._found[path, name] = frozenset()  # for what uses itself
            used = self._of_names(path, self._file(path).definitions[name], {}, set())
            self._found[path, name] = frozenset(used | STARTERS.get(name, set()))
        return self._found[path, name]

    def _file(self, path: str) -> SourceFile:
        if path not in self._files:
            self._files[path] = self._read_file(Path(path))
        return self._files[path]


def mark(items: Iterable[pytest.Item], needs: Needs) -> list[str]:
    """Gives every test its markers; returns a sentence for each test that is without one that it needs."""
    offenders = []
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        for definitions in item._fixtureinfo.name2fixturedefs.values():
            for need in sorted({need for each in definitions for need in needs.of_function(each.func)}):
                item.add_marker(need)
        has = {marker.name for marker in item.iter_markers()}
        missing = sorted(needs.of_function(item.function) - has)
        offenders += [f"{item.nodeid.partition('[')[0]} uses what needs @pytest.mark.{need}" for need in missing]
        if not has & {*NEEDS, "slow"}:
            item.add_marker("unit")
    return list(dict.fromkeys(offenders))


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Returns the tests with the files first that take longest, so that no worker is left with one at the end."""
    seconds: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        needs = {marker.name for marker in item.iter_markers()}
        seconds[item.path] += next(cost for cost, names in _COSTS if names & needs or not names)
    return sorted(items, key=lambda item: -seconds[item.path])


class ProcessGuard:
    """Lets no test of the unit tier start a process."""

    def __init__(self) -> None:
        self._guarded: str | None = None
        self._started: list[str] = []

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Is called by Python for all that it does (PEP 578), and cannot be taken back."""
        if self._guarded is not None and event in _AUDITED and arguments[0] not in _HARMLESS:
            self._started.append(f"{event} {arguments[:2]}")
            raise ProcessStarted(f"{self._guarded} is of the unit tier and starts a process: {self._started[-1]}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        self._guarded = item.nodeid if item.get_closest_marker("unit") else None
        self._started.clear()
        try:
            result = yield
        finally:
            self._guarded = None
        if self._started:  # also where the product has caught it
            raise ProcessStarted(f"{item.nodeid} is of the unit tier and has started a process: {self._started}")
        return result


def pytest_configure(config: pytest.Config) -> None:
    guard = ProcessGuard()
    config.pluginmanager.register(guard)
    sys.addaudithook(guard.audit)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fails the collection of every module that has a test in a wrong tier."""
    for item in items:
        # Playwright's objects belong to the event loop that they were made in.
        marker = item.get_closest_marker("asyncio")
        if SHARED in getattr(item, "fixturenames", ()) and marker and not marker.kwargs:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    read = SourceCache(config.cache.mkdir("tiers") / "sources.pickle") if config.cache else None
    offenders = mark(items, Needs(read.read if read else SourceFile.read))
    if read:
        read.save()
    items[:] = longest_first(items)
    for module in dict.fromkeys(each.partition("::")[0] for each in offenders):
        said = "\n".join(each for each in offenders if each.startswith(f"{module}::"))
        report = pytest.CollectReport(module, "failed", f"in the wrong tier (see docs/testing.md):\n{said}", [])
        config.hook.pytest_collectreport(report=report)
