"""Our own source files, for tests about the code; each is parsed once in a process."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


def python_files(*places: str) -> list[Path]:
    """Our Python files in these rooms (a room is a folder, or one file), packages of npm left out."""
    found = [file for place in places for file in ((ROOT / place).rglob("*.py"), [ROOT / f"{place}.py"])]
    paths = sorted(path for some in found for path in some if path.is_file())
    return [path for path in paths if "node_modules" not in path.parts]


def pinned_versions() -> dict[str, str]:
    """Returns the version of each package that jumpseat is tested with, by its name in `constraints.txt`."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lines, re.MULTILINE))


@cache
def tree(path: Path) -> ast.Module:
    """Returns what the file holds, which nobody may change."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes(module: ast.Module) -> tuple[ast.AST, ...]:
    """Returns everything in a file that `tree` has read."""
    return tuple(ast.walk(module))
