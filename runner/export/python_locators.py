"""The locators that a statement of Python code makes, and where in the text they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from runner.export.source_files import lines_of
from runner.selectors.from_calls import (
    LOCATING,
    SELECTOR_METHODS,
    CodeLocator,
    CodePattern,
    CodeValue,
    LocatorCall,
    selector_of,
)

_COMMA: Final = re.compile(r"\s*,")
_PROPERTIES: Final = {"first", "last", "content_frame"}
_FLAGS: Final = {"I": "i", "IGNORECASE": "i", "S": "s", "DOTALL": "s", "M": "m", "MULTILINE": "m"}


def python_locators(text: str, line: int) -> list[CodeLocator]:
    """Returns the locators of the statement at that line, from 1; nothing where the text is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    offsets = _Offsets(text)
    return [found for statement in _statements(tree, line) for found in _Finder(text, offsets).find(statement)]


class _Offsets:
    """Turns the places of a syntax tree, lines and UTF-8 columns, into indexes of the text."""

    def __init__(self, text: str) -> None:
        self._lines = lines_of(text)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def of(self, line: int, column: int) -> int:
        before = self._lines[line - 1].encode()[:column] if line <= len(self._lines) else b""
        return self._starts[line - 1] + len(before.decode(errors="ignore"))


def _statements(tree: ast.AST, line: int) -> Iterator[ast.stmt]:
    """Yields the innermost statements that have the line; more than one where semicolons part them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt):
            if not node.lineno <= line <= (node.end_lineno or node.lineno):
                continue
            inner = list(_statements(node, line))
            yield from inner or [node]
        else:
            yield from _statements(node, line)


class _Finder:
    def __init__(self, text: str, offsets: _Offsets) -> None:
        self._text = text
        self._offsets = offsets

    def find(self, node: ast.AST) -> Iterator[CodeLocator]:
        """Yields the locators of a statement's own expressions, without those of statements in it."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
                continue
            if isinstance(child, ast.expr):
                yield from self._in_expression(child)
            else:
                yield from self.find(child)

    def _in_expression(self, node: ast.expr) -> Iterator[CodeLocator]:
        receiver, calls = _chain(node)
        if calls:
            first = calls[0][0]
            found = None if any(call is None for _, call in calls) else selector_of([c for _, c in calls if c])
            yield CodeLocator(self._dot(first), self._end(node), self._code(receiver), found)
            yield from self._in_expression(receiver) if found is not None else self.find(node)
            return
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            yield from self._by_selector(node, node.func)
        yield from self.find(node)

    def _by_selector(self, node: ast.Call, method: ast.Attribute) -> Iterator[CodeLocator]:
        """Yields the locator of ``page.click("#pay")``, whose selector is an argument."""
        selector = node.args[0]
        if method.attr not in SELECTOR_METHODS or not isinstance(selector, ast.Constant):
            return
        if not isinstance(selector.value, str):
            return
        others: list[ast.expr | ast.keyword] = [*node.args[1:], *node.keywords]
        end = self._offsets.of(others[0].lineno, others[0].col_offset) if others else self._behind(selector)
        start = self._dot(method)
        yield CodeLocator(start, end, self._code(method.value), selector.value, f".{method.attr}(")

    def _dot(self, attribute: ast.Attribute) -> int:
        return self._text.rindex(".", 0, self._end(attribute) - len(attribute.attr))

    def _end(self, node: ast.expr) -> int:
        return self._offsets.of(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)

    def _behind(self, node: ast.expr) -> int:
        comma = _COMMA.match(self._text, self._end(node))
        return comma.end() if comma else self._end(node)

    def _code(self, node: ast.expr) -> str:
        return self._text[self._offsets.of(node.lineno, node.col_offset) : self._end(node)]


def _chain(node: ast.expr) -> tuple[ast.expr, list[tuple[ast.Attribute, LocatorCall | None]]]:
    """Returns what the locator is of, and the calls that make it; a call is None where it cannot be evaluated."""
    calls: list[tuple[ast.Attribute, LocatorCall | None]] = []
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr=name) as attribute) if (
                name in LOCATING and name not in _PROPERTIES
            ):
                calls.insert(0, (attribute, _call(name, node)))
            case ast.Attribute(value=inner, attr=name) as attribute if name in _PROPERTIES:
                calls.insert(0, (attribute, LocatorCall(name)))
            case _:
                return node, calls
        node = inner


def _call(name: str, node: ast.Call) -> LocatorCall | None:
    try:
        options = {str(each.arg): _value(each.value) for each in node.keywords if each.arg or _fail()}
        return LocatorCall(name, tuple(_value(each) for each in node.args), options)
    except ValueError:
        return None


def _value(node: ast.expr) -> CodeValue:
    """Returns what the expression is. Raises ValueError where it alone does not say it."""
    match node:
        case ast.Constant(value=str() | bool() | int() | float() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="compile"), args=[ast.Constant(), *flags]):
            named = {letter for flag in flags for letter in _flags(flag)}
            return CodePattern(str(ast.literal_eval(node.args[0])), "".join(each for each in "ism" if each in named))
    _, calls = _chain(node)
    nested = tuple(call for _, call in calls if call is not None)
    if not calls or len(nested) < len(calls):
        raise ValueError(ast.dump(node))
    return nested


def _flags(node: ast.expr) -> str:
    """Returns the letters of ``re.I | re.S``. Raises ValueError for anything else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _flags(node.left) + _flags(node.right)
    name = node.attr if isinstance(node, ast.Attribute) else ""
    return _FLAGS.get(name) or _fail()


def _fail() -> str:
    raise ValueError("it is not a constant")
