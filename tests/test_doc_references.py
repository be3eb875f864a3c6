"""Every test, module and page that the documents name is there."""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHORT = {"T/": "tests/signaling/", "E/": "tests/e2e/"}
"""What `docs/security.md` abbreviates."""
REFERENCE = re.compile(r"`([\w./-]*\w\.(?:py|js|ts|tsx|md|yaml|toml))?((?:::\w+)*)(?:\[[^`]*\])?`")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
NOT_OURS = {".git", ".hypothesis", ".venv", "__pycache__", "build", "dist", "node_modules"}
ELSEWHERE = {"player.js", "openapi.json", "example.py", "shop.yaml"}
"""Names of files that are no files of the repository: what is built, and examples."""


def documents() -> list[Path]:
    named = [path for path in files() if path.suffix == ".md" and path.parts[0] not in {"bench", "tests"}]
    return [ROOT / path for path in named]


@cache
def files() -> tuple[Path, ...]:
    """The files of this checkout, without what is installed or built, relative to it."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not name.endswith("_cache"))
        found += [Path(folder, name).relative_to(ROOT) for name in sorted(names)]
    return tuple(found)


def missing(text: str) -> list[str]:
    """Files, and tests as ``file::test``, that the text names in code and that are not there.

    A path may leave out folders in front; ``::test`` alone goes on with the file that was named last before it.
    """
    found = []
    candidates: list[Path] = []
    shown = ""
    for name, test in REFERENCE.findall(text):
        if name:
            shown = next(
                (place + name.removeprefix(short) for short, place in SHORT.items() if name.startswith(short)), name
            )
            candidates = [path for path in files() if f"/{path.as_posix()}".endswith(f"/{shown.removeprefix('./')}")]
            if not candidates and Path(shown).name not in ELSEWHERE:
                found.append(shown)
        if test and not any(has(path, test.split("::")[1:]) for path in candidates):
            found.append(f"{shown}{test}")
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def has(path: Path, names: list[str]) -> bool:
    """Whether the file defines that; a method may be named without its class."""
    if path.suffix != ".py":
        return False
    found: list[ast.stmt] = [*tree(path).body, *(part for kind in definitions(tree(path).body) for part in kind.body)]
    for name in names:
        found = [part for each in definitions(found) if each.name == name for part in each.body]
        if not found:
            return False
    return True


def definitions(body: list[ast.stmt]) -> list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_names_is_there(document: Path) -> None:
    assert missing(document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_links_to_is_there(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_what_is_missing_is_seen() -> None:
    here = "test_doc_references.py"
    assert missing(f"`{here}::test_what_is_missing_is_seen`, `::missing`, `::nothing`") == [f"{here}::nothing"]
    assert missing("`tests/nowhere.py` `T/test_nowhere.py`") == ["tests/nowhere.py", "tests/signaling/test_nowhere.py"]
