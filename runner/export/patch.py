"""The exporter that writes the locators which people chose as a patch of the test's own files."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from control.errors import Unsupported
from control.protocol.actions import Action
from control.protocol.models import RunView, SourceLocation, Step, StepStatus
from control.secrets import references, unescape
from runner.export.python_locators import python_locators
from runner.export.source_files import SourceUnreadable, language_of, read_source, shown_name
from runner.export.typescript_locators import typescript_locators
from runner.export.typescript_tokens import TokenKind, tokens_of
from runner.selectors import to_python, to_typescript
from runner.selectors.build import ENTER_FRAME
from runner.selectors.from_calls import CodeLocator, same_element

_FORMAT: Final = "patch"
_CONTEXT: Final = 3


@dataclass(frozen=True, slots=True)
class RepairedLocator:
    """Holds a locator that a person chose in place of the one in the code."""

    location: SourceLocation
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    code: str


def export_patch(run: RunView, steps: Sequence[Step], format: str) -> str:
    """Returns a unified diff that ``git apply`` and ``patch -p1`` take in the client's working folder.

    What cannot be put into a file is a comment line before it, and nothing at all where no locator was repaired. Reads
    the files that the steps name. Raises Unsupported.
    """
    if format != _FORMAT:
        raise Unsupported(f"this is not the format '{_FORMAT}': {format}")
    folder = run.session.folder if run.session else None
    comments: list[str] = []
    diffs: list[str] = []
    by_file: dict[str, list[RepairedLocator]] = {}
    for repair in _repairs(steps):
        by_file.setdefault(repair.location.file, []).append(repair)
    for repairs in by_file.values():
        said, diff = _patch_file(repairs, folder)
        comments += said
        diffs += diff
    return "".join([*comments, *diffs])


def _repairs(steps: Sequence[Step]) -> list[RepairedLocator]:
    """Returns the repairs in the order of the steps; of several for the same locator in a line, the last one."""
    found: dict[tuple[str, int, str], RepairedLocator] = {}
    for step in steps:
        if step.location is None or step.proposed is None or step.status is not StepStatus.PASSED:
            continue
        for old, new in _changes(step.proposed, step.full_action):
            written = old if references(old) else unescape(old)
            found[step.location.file, step.location.line, written] = RepairedLocator(step.location, written, new)
    return list(found.values())


def _changes(proposed: Action, done: Action) -> Iterator[tuple[str, str]]:
    if proposed.type is not done.type:
        return
    for old, new in ((proposed.selector, done.selector), (proposed.target, done.target)):
        if old and new and old != new:
            yield old, new


def _patch_file(repairs: Sequence[RepairedLocator], folder: str | None) -> tuple[list[str], list[str]]:
    """Returns the comments and the diff of one file."""
    location = repairs[0].location
    shown = shown_name(location.file, folder)
    try:
        source = read_source(location, folder)
    except SourceUnreadable as error:
        return [_comment(each, shown, f" ({error})") for each in repairs], []
    if shown.startswith(("/", "..")):
        return [_comment(each, shown, " (the file is outside the folder of the tests)") for each in repairs], []
    edits: list[_Edit] = []
    comments = []
    for repair in repairs:
        edit = _edit(source.text, repair)
        if edit is None or any(edit.start < other.end and other.start < edit.end for other in edits):
            comments.append(_comment(repair, shown))
        else:
            edits.append(edit)
    patched = _apply(source.text, edits)
    if language_of(location.file) == "python" and not _is_python(patched):
        return [_comment(each, shown) for each in repairs], []
    return comments, _diff(source.text, patched, shown)


def _comment(repair: RepairedLocator, shown: str, why: str = "") -> str:
    code = (_code(repair.new, repair.location.file) or f".locator({repair.new!r})").removeprefix(".")
    line = f"# {shown}:{repair.location.line}: use {code} here{why}"
    return "".join(char if char.isprintable() else " " for char in line) + "\n"


def _edit(text: str, repair: RepairedLocator) -> _Edit | None:
    """Returns how the text is changed; None where it is not certain which expression it is, or what it becomes."""
    found = _locators(text, repair.location)
    fitting = [each for each in found if each.selector is not None and same_element(each.selector, repair.old)]
    if len(fitting) != 1 or (selector := _within(fitting[0], repair)) is None:
        return None
    place = fitting[0]
    code = _code(selector, repair.location.file, quote=_quote(text, repair.location))
    if code is None or ("re.compile(" in code and not _imports_re(text)):
        return None
    if place.receiver != "page" and to_python.names_page_again(selector):
        return None
    return _Edit(place.start, place.end, code + place.following)


def _within(place: CodeLocator, repair: RepairedLocator) -> str | None:
    """Returns the new selector as seen from what the expression is of; None where it may not be found from there."""
    assert place.selector is not None
    whole = same_element(repair.old, place.selector)
    if not whole:
        prefix = repair.old[: -len(place.selector)] if repair.old.endswith(place.selector) else None
        if prefix and repair.new.startswith(prefix):
            return repair.new.removeprefix(prefix)
        return None if "nth=" in repair.new or ENTER_FRAME in repair.new else repair.new
    of_frame = "frame" in place.receiver.lower() and ENTER_FRAME in repair.new
    return None if of_frame else repair.new


def _locators(text: str, location: SourceLocation) -> list[CodeLocator]:
    match language_of(location.file):
        case "python":
            return python_locators(text, location.line)
        case "typescript":
            return typescript_locators(text, location.line)
    return []


def _code(selector: str, file: str, *, quote: str = "'") -> str | None:
    """Returns code that begins with a dot; None for a selector with a secret in it, which no code may show."""
    if references(selector):
        return None
    if language_of(file) == "python":
        return to_python.locator(selector, "")
    return to_typescript.locator(selector, "", quote=quote)


def _quote(text: str, location: SourceLocation) -> str:
    """Returns the quotes that most texts of a TypeScript file stand in."""
    if language_of(location.file) != "typescript":
        return '"'
    quotes = [token.text[0] for token in tokens_of(text) if token.kind is TokenKind.TEXT]
    return '"' if quotes.count('"') > quotes.count("'") else "'"


def _imports_re(text: str) -> bool:
    return any(
        isinstance(node, ast.Import) and any(alias.name == "re" and not alias.asname for alias in node.names)
        for node in ast.walk(ast.parse(text))
    )


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _apply(text: str, edits: Sequence[_Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.code + text[edit.end :]
    return text


def _diff(old: str, new: str, shown: str) -> list[str]:
    tab = "\t" if " " in shown else ""
    names = (f"a/{shown}{tab}", f"b/{shown}{tab}")
    before, after = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in (old, new))
    lines = difflib.unified_diff(before, after, *names, n=_CONTEXT)
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
