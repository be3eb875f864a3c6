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
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
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
_COSTS = ((3, {"slow", "livekit"}), (2, {"process"}), (1, {"browser"}), (0, set[str]()))
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
    """One file of the tests: what it defines at its top, and what it imports from where."""

    tree: ast.Module
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    """By local name: the full one."""
    functions: dict[int, tuple[Function, dict[str, Function]]] = field(default_factory=dict)
    """By first line, decorators included: the function, and the methods of its class by name."""

    @classmethod
    def read(cls, path: Path) -> SourceFile:
        file = cls(tree(path))
        for node in file.tree.body:
            for name in _bound(node):
                file.definitions.setdefault(name, []).append(node)
        file._add(file.tree)
        return file

    def _add(self, parent: ast.AST) -> None:
        """Finds every import, and every function by the line that its code object says with its class's methods."""
        match parent:
            case ast.Import(names=names):
                self.imports |= {alias.asname: alias.name for alias in names if alias.asname}
            case ast.ImportFrom(module=str(origin), names=names, level=0):
                self.imports |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in names}
        statements = [node for block in _BLOCKS for node in getattr(parent, block, ())]
        inside = [node for node in statements if isinstance(node, Function)]
        methods = {node.name: node for node in inside} if isinstance(parent, ast.ClassDef) else {}
        self.functions |= {min(_lines(node)): (node, methods) for node in inside}
        for node in statements:
            self._add(node)


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

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._files: dict[Path, SourceFile] = {}
        self._found: dict[tuple[Path, str], frozenset[str]] = {}
        self._of_code: dict[CodeType, frozenset[str]] = {}

    def of_function(self, function: Callable[..., Any]) -> frozenset[str]:
        """Returns the markers of what this function, a test or a fixture, reaches by itself."""
        code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
        if code is None:
            return frozenset()
        if code not in self._of_code:
            self._of_code[code] = self._read(Path(code.co_filename), code.co_firstlineno)
        return self._of_code[code]

    def _read(self, path: Path, line: int) -> frozenset[str]:
        if not any(path.is_relative_to(self._root / each) for each in OURS):
            return frozenset()
        node, methods = self._file(path).functions.get(line, (None, {}))
        return frozenset(self._of_node(path, node, methods, set())) if node else frozenset()

    def _of_node(self, path: Path, node: ast.AST, methods: dict[str, Function], seen: set[str]) -> set[str]:
        needs: set[str] = set()
        for name in set(_names(node)):
            first, _, rest = name.partition(".")
            if first in {"self", "cls"} and rest in methods and rest not in seen:
                seen.add(rest)
                needs |= self._of_node(path, methods[rest], methods, seen)
            else:
                needs |= self._of_name(path, name)
        return needs

    def _of_name(self, path: Path, name: str) -> frozenset[str]:
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
                return self._of_name(module, ".".join(parts[length:]))
        return frozenset()

    def _of_definition(self, path: Path, name: str) -> frozenset[str]:
        key = path, name
        if key not in self._found:
            self._found[key] = frozenset()  # for what uses itself
            file, needs = self._file(path), set[str]()
            for node in file.definitions[name]:
                needs |= {need for starter, some in STARTERS.items() if name == starter for need in some}
                needs |= self._of_node(path, node, {}, set())
            self._found[key] = frozenset(needs)
        return self._found[key]

    def _file(self, path: Path) -> SourceFile:
        if path not in self._files:
            self._files[path] = SourceFile.read(path)
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
    weight: dict[Path, int] = {}
    for item in items:
        needs = {marker.name for marker in item.iter_markers()}
        own = next(cost for cost, names in _COSTS if names & needs or not names)
        weight[item.path] = max(weight.get(item.path, 0), own)
    return sorted(items, key=lambda item: -weight[item.path])


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
    offenders = mark(items, Needs())
    items[:] = longest_first(items)
    for module in dict.fromkeys(each.partition("::")[0] for each in offenders):
        said = "\n".join(each for each in offenders if each.startswith(f"{module}::"))
        report = pytest.CollectReport(module, "failed", f"in the wrong tier (see docs/testing.md):\n{said}", [])
        config.hook.pytest_collectreport(report=report)
