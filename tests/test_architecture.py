"""The architecture holds: who may import whom, what stays in one folder, how long a file may be.

Each law is one test that lists all offenders at once. `EXCEPTIONS` is exact: one that is not needed any more is an
offender too.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.sources import ROOT, nodes, python_files, tree

ROOMS = ("control", "media", "runner", "signaling")
OURS = {*ROOMS, "jumpseat", "web", "tests", "bench", "examples"}
MAY_IMPORT = {
    "control": set[str](),
    "media": set[str](),
    "runner": {"control", "media"},
    "signaling": {"control", "media", "web"},
    "web": set[str](),
    "jumpseat": {"control", "media", "runner", "signaling", "web"},
}
"""By room: our other rooms."""
THIRD_PARTIES = {"control": {"pydantic", "pydantic_core"}, "media": {"aioice", "aiortc", "av", "livekit", "numpy"}}
"""By room: all the packages of others that it may use. Rooms that are not named may use what the project depends on."""
ONLY_IN = {"aiortc": "media/webrtc/", "aioice": "media/webrtc/", "livekit.rtc": "media/livekit/"}
"""By module of others: the one folder that imports it."""
SELECTORS = "runner/selectors/"
"""The one folder that knows Playwright's undocumented selector engines."""
MAY_READ_THE_ENVIRONMENT = {"jumpseat/settings.py"}
IN_OTHER_PROCESSES = "jumpseat/attached/"
"""What runs within somebody else's tests, which know nothing of our settings."""
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
IO_MODULES = {"asyncio", "threading", "socket", "ssl", "selectors", "subprocess", "os", "io", "pathlib", "tempfile"}
IO_CALLS = {"open", "input", "print", "exec", "eval"}
CHANGING = {
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "put",
    "put_nowait", "remove", "set", "setdefault", "sort", "reverse", "update",
}  # fmt: skip
"""Methods that change what they are called on."""
LONGEST_FILE = 600
EXCEPTIONS: dict[str, dict[str, str]] = {
    "one file knows how secrets are referred to": {"runner/planners/prompt.py": "tells the model how to write one"}
}
"""By law, then by file or name: why it does not hold there yet."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    return name(path).split("/")[0].removesuffix(".py")


SOURCES = python_files(*MAY_IMPORT)
EVERYTHING = [*SOURCES, *python_files("tests", "bench", "examples")]


def hold(law: str, offences: Iterable[tuple[str, object]]) -> None:
    """Fails with every offence of this law that is no exception, and with every exception that is no offence."""
    found = defaultdict[str, list[object]](list)
    for where, what in offences:
        found[where].append(what)
    excepted = EXCEPTIONS.get(law, {})
    wrong = [f"{where}: {', '.join(map(str, what))}" for where, what in found.items() if where not in excepted]
    wrong += [f"{where}: is no exception any more, take it out of EXCEPTIONS" for where in excepted.keys() - found]
    assert not wrong, f"{law}:\n  " + "\n  ".join(wrong)


def modules_of(module: ast.Module) -> set[str]:
    """Returns the full names of everything that is imported, wherever in the file."""
    found: set[str] = set()
    for node in nodes(module):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(origin), names=names, level=0):
                found |= {f"{origin}.{alias.name}" for alias in names}
    return found


def imported(module: ast.Module) -> set[str]:
    """Returns the top-level names of everything that is imported."""
    return {full.split(".")[0] for full in modules_of(module)}


def environment_reads(module: ast.Module) -> list[str]:
    """Lines that read the environment, but for what is done only where the file is run by itself."""
    parts = [node for part in module.body if not _is_main_guard(part) for node in ast.walk(part)]
    return [
        f"line {node.lineno}" for node in parts if isinstance(node, ast.expr | ast.stmt) if _reads_environment(node)
    ]


def _reads_environment(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr=attribute):
            return attribute in ENVIRONMENT
        case ast.ImportFrom(module="os", names=names):
            return any(alias.name in ENVIRONMENT for alias in names)
    return False


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def state(module: ast.Module) -> list[str]:
    """Lines that make state of what belongs to a module: ``global``, or a collection that the same file changes."""
    held = {target for node in module.body for target in _variables(node)}
    parts = [node for node in nodes(module) if isinstance(node, ast.expr | ast.stmt)]
    return [f"line {node.lineno}: {ast.unparse(node)}" for node in parts if _changes(node, held)]


def _changes(node: ast.AST, held: set[str]) -> bool:
    match node:
        case ast.Global():
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id=variable), attr=method)):
            return variable in held and method in CHANGING
        case ast.Subscript(value=ast.Name(id=variable), ctx=ast.Store() | ast.Del()):
            return variable in held
        case ast.Attribute(value=ast.Name(id=variable), ctx=ast.Store() | ast.Del()):
            return variable in held
    return False


def _variables(node: ast.stmt) -> set[str]:
    match node:
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=variable)):
            return {variable}
    return set()


def texts(module: ast.Module) -> Iterator[ast.Constant]:
    """Yields the strings that the code uses, so not those that only document it."""
    statements = {id(node.value) for node in nodes(module) if isinstance(node, ast.Expr)}
    for node in nodes(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements:
            yield node


def classes(module: ast.Module) -> list[str]:
    return [node.name for node in nodes(module) if isinstance(node, ast.ClassDef)]


def test_the_rooms_are_not_empty() -> None:
    assert {room(path) for path in SOURCES} == set(MAY_IMPORT)


def test_imports_go_one_way() -> None:
    hold(
        "imports go one way",
        (
            (name(path), other)
            for path in SOURCES
            for other in sorted((imported(tree(path)) & OURS) - {room(path)} - MAY_IMPORT[room(path)])
        ),
    )


def test_control_and_media_need_little() -> None:
    hold(
        "control and media need little",
        (
            (name(path), other)
            for path in SOURCES
            if room(path) in THIRD_PARTIES
            for other in sorted(imported(tree(path)) - OURS - set(sys.stdlib_module_names) - THIRD_PARTIES[room(path)])
        ),
    )


def test_each_media_library_is_known_in_one_folder() -> None:
    hold(
        "one folder knows each media library",
        (
            (name(path), full)
            for path in SOURCES
            for full in sorted(modules_of(tree(path)))
            for library, folder in ONLY_IN.items()
            if f"{full}.".startswith(f"{library}.") and not name(path).startswith(folder)
        ),
    )


def test_undocumented_selectors_are_known_in_one_folder() -> None:
    hold(
        "one folder knows internal: selectors",
        (
            (name(path), f"line {text.lineno}")
            for path in SOURCES
            if not name(path).startswith(SELECTORS)
            for text in texts(tree(path))
            if "internal:" in str(text.value)
        ),
    )


def test_references_to_secrets_are_read_in_one_file() -> None:
    """Who reads them in another way takes a page's words for one: `control.secrets.parts` knows what is escaped."""
    hold(
        "one file knows how secrets are referred to",
        (
            (name(path), f"line {text.lineno}")
            for path in SOURCES
            if name(path) != "control/secrets.py"
            for text in texts(tree(path))
            if re.search(r"\{\{.{0,8}secret:|^secret:|secret:\\s", str(text.value))
        ),
    )


def test_control_has_no_io() -> None:
    calls = (
        (name(path), f"line {node.lineno}: {node.func.id}")
        for path in python_files("control")
        for node in nodes(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IO_CALLS
    )
    imports = (
        (name(path), other) for path in python_files("control") for other in sorted(imported(tree(path)) & IO_MODULES)
    )
    hold("control has no I/O", [*calls, *imports])


def test_the_environment_is_read_in_the_settings_only() -> None:
    hold(
        "the settings alone read the environment",
        (
            (name(path), line)
            for path in SOURCES
            if name(path) not in MAY_READ_THE_ENVIRONMENT and not name(path).startswith(IN_OTHER_PROCESSES)
            for line in environment_reads(tree(path))
        ),
    )


def test_no_file_is_too_long() -> None:
    lengths = ((name(path), len(path.read_text(encoding="utf-8").splitlines())) for path in EVERYTHING)
    hold("no file is too long", ((path, f"{length} lines") for path, length in lengths if length > LONGEST_FILE))


def test_no_two_classes_share_a_name() -> None:
    found = defaultdict[str, list[str]](list)
    for path in SOURCES:
        for each in classes(tree(path)):
            found[each].append(name(path))
    hold(
        "no two classes share a name",
        ((each, path) for each, paths in sorted(found.items()) if len(paths) > 1 for path in paths),
    )


def test_no_module_keeps_state() -> None:
    hold("no module keeps state", ((name(path), line) for path in SOURCES for line in state(tree(path))))


# That these tests would see it


@pytest.mark.parametrize(
    "text", ["import runner.session", "from runner import session", "def f():\n  import runner as r"]
)
def test_an_import_is_seen(text: str) -> None:
    assert imported(ast.parse(text)) == {"runner"}


def test_a_module_of_a_package_is_seen() -> None:
    assert modules_of(ast.parse("from livekit import api, rtc")) == {"livekit.api", "livekit.rtc"}


@pytest.mark.parametrize(
    "text", ["import os\nos.environ['A']", "from os import getenv", "def f():\n  return os.getenv('A')"]
)
def test_reading_the_environment_is_seen(text: str) -> None:
    assert environment_reads(ast.parse(text))


def test_a_file_that_is_run_by_itself_may_read_the_environment() -> None:
    assert not environment_reads(ast.parse("if __name__ == '__main__':\n  import os\n  main(os.environ)"))


@pytest.mark.parametrize(
    "text",
    [
        "a = 0\ndef f():\n  global a\n  a = 1",
        "a = []\ndef f():\n  a.append(1)",
        "a: dict[str, int] = {}\ndef f():\n  a['b'] = 1",
        "a = {}\ndef f():\n  del a['b']",
        "a = C()\ndef f():\n  a.b = 1",
    ],
)
def test_state_is_seen(text: str) -> None:
    assert state(ast.parse(text))


def test_texts_are_seen_and_docstrings_are_not() -> None:
    source = 'def f(x):\n  """internal: doc"""\n  return f"internal:{x}" + "internal:role"'
    assert sorted(str(text.value) for text in texts(ast.parse(source))) == ["internal:", "internal:role"]


def test_offences_and_exceptions_that_are_none_any_more_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXCEPTIONS, "a law", {"known.py": "a reason", "mended.py": "a reason"})
    with pytest.raises(AssertionError) as caught:
        hold("a law", [("known.py", 1), ("new.py", 2), ("new.py", 3)])
    assert "new.py: 2, 3\n" in str(caught.value)
    assert "mended.py: is no exception any more" in str(caught.value)
    assert "known.py" not in str(caught.value)
