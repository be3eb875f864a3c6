"""The architecture holds: who may import whom, who reads the environment, how long a file may be."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("control", "media", "runner", "signaling")
OURS = {*ROOMS, "jumpseat", "web", "tests", "bench"}
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
ONLY_IN = {"aioice": "media/webrtc/", "aiortc": "media/webrtc/", "livekit.rtc": "media/livekit/"}
"""By module of others, whose private names are used there: the only folder that may import it."""
MAY_READ_THE_ENVIRONMENT = {"jumpseat/settings.py"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
CHANGING = {
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "put",
    "put_nowait", "remove", "set", "setdefault", "sort", "reverse", "update",
}  # fmt: skip
"""Methods that change what they are called on."""
LONGEST_FILE = 600
LONGER_FILES: dict[str, str] = {}
"""By path: the reason."""


def python_files(*places: str) -> list[Path]:
    """Our Python files in these rooms (a room is a folder, or one file), packages of npm left out."""
    found = [file for place in places for file in ((ROOT / place).rglob("*.py"), [ROOT / f"{place}.py"])]
    paths = sorted(path for some in found for path in some if path.is_file())
    return [path for path in paths if "node_modules" not in path.parts]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


SOURCES = python_files(*MAY_IMPORT)
EVERYTHING = [*SOURCES, *python_files("tests", "bench")]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(module: ast.Module) -> set[str]:
    """The top-level names of everything that is imported, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                found |= {alias.name.split(".")[0] for alias in names}
            case ast.ImportFrom(module=str(origin), level=0):
                found.add(origin.split(".")[0])
    return found


def imported_modules(module: ast.Module) -> set[str]:
    """The full names of everything that is imported, and each name taken from it as though it were a module."""
    found: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(origin), names=names, level=0):
                found |= {origin, *(f"{origin}.{alias.name}" for alias in names)}
    return found


def strays(module: ast.Module, place: str) -> list[str]:
    """Modules whose imports are kept to a folder that is not this one."""
    names = imported_modules(module)
    return [
        only
        for only, folder in ONLY_IN.items()
        if not place.startswith(folder) and any(f"{each}.".startswith(f"{only}.") for each in names)
    ]


def room(path: Path) -> str:
    return name(path).split("/")[0].removesuffix(".py")


def test_the_rooms_are_not_empty() -> None:
    assert {room(path) for path in SOURCES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_go_one_way(path: Path) -> None:
    ours = imported(tree(path)) & OURS - {room(path)}
    assert ours <= MAY_IMPORT[room(path)]


@pytest.mark.parametrize("path", [path for path in SOURCES if room(path) in THIRD_PARTIES], ids=name)
def test_control_and_media_need_little(path: Path) -> None:
    others = imported(tree(path)) - OURS - set(sys.stdlib_module_names)
    assert others <= THIRD_PARTIES[room(path)]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_private_internals_have_one_folder(path: Path) -> None:
    assert not strays(tree(path), name(path))


@pytest.mark.parametrize("path", python_files("control"), ids=name)
def test_control_has_no_io(path: Path) -> None:
    forbidden = {"asyncio", "threading", "socket", "ssl", "selectors", "subprocess", "os", "io", "pathlib", "tempfile"}
    assert not imported(tree(path)) & forbidden
    calls = {
        node.func.id for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"open", "input", "print", "exec", "eval"}


def environment_reads(module: ast.Module) -> list[str]:
    """Lines that read the environment, but for what is done only where the file is run by itself."""
    nodes = [node for part in module.body if not _is_main_guard(part) for node in ast.walk(part)]
    return [
        f"line {node.lineno}" for node in nodes if isinstance(node, ast.expr | ast.stmt) if _reads_environment(node)
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


@pytest.mark.parametrize("path", [path for path in SOURCES if name(path) not in MAY_READ_THE_ENVIRONMENT], ids=name)
def test_the_environment_is_read_at_the_front_door_only(path: Path) -> None:
    assert not environment_reads(tree(path))


@pytest.mark.parametrize("path", EVERYTHING, ids=name)
def test_no_file_is_too_long(path: Path) -> None:
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= LONGEST_FILE or LONGER_FILES.get(name(path))


def state(module: ast.Module) -> list[str]:
    """Lines that make state of what belongs to a module: ``global``, or a collection that the same file changes."""
    held = {target for node in module.body for target in _variables(node)}
    nodes = [node for node in ast.walk(module) if isinstance(node, ast.expr | ast.stmt)]
    return [f"line {node.lineno}: {ast.unparse(node)}" for node in nodes if _changes(node, held)]


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


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_module_keeps_state(path: Path) -> None:
    assert not state(tree(path))


# That these tests would see it


@pytest.mark.parametrize(
    "text", ["import runner.run.session", "from runner import session", "def f():\n  import runner as r"]
)
def test_an_import_is_seen(text: str) -> None:
    assert imported(ast.parse(text)) == {"runner"}


@pytest.mark.parametrize("text", ["import aiortc.rtp", "from aioice import stun", "from livekit import api, rtc"])
def test_internals_elsewhere_are_seen(text: str) -> None:
    assert strays(ast.parse(text), "signaling/watching/viewer.py")
    assert not strays(ast.parse("from livekit import api"), "signaling/livekit/service.py")
    assert not strays(ast.parse("import aiortc"), "media/webrtc/peer.py")


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
