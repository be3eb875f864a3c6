"""The statements of exported tests, translated from Python to TypeScript."""

from __future__ import annotations

import ast
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from runner.export.statements import Statement
from runner.selectors.to_typescript import Writer, camel_case

PATIENCE: Final = "15_000"
"""Milliseconds that what a step waits for may take."""
_MATCHERS: Final = {"to_have_url": "toHaveURL"}
_AS_IT_IS: Final = {
    "with may_close(page):": "await mayClose(page, async () => {",
    "downloads.clear()": "downloads.length = 0;",
}
_FUNCTIONS: Final = {"re.escape": "escaped", "os.path.join": "path.join", "os.path.dirname": "path.dirname"}


def typescript(statements: Sequence[Statement]) -> list[str]:
    """Returns the lines of a function that does the same, with the same helpers by the same names."""
    lines: list[str] = []
    within = False
    for statement in statements:
        indented = statement.code.startswith("    ")
        if within and not indented:
            lines.append("});")
        within = indented
        lines.append("  " * indented + _line(statement.code.strip(), waits=statement.waits))
    return [*lines, "});"] if within else lines


def _line(code: str, *, waits: bool) -> str:
    if code.startswith("#"):
        return f"//{code[1:]}"
    if code in _AS_IT_IS:
        return _AS_IT_IS[code]
    writer = _StatementWriter(waits)
    match ast.parse(code).body:
        case [ast.Assign(targets=[ast.Name(id="answers" | "downloads" as name)], value=value)]:
            return f"const {name} = {writer.write(value)};"
        case [ast.Assign(targets=[ast.Name(id=name)], value=value)]:
            return f"{name} = await {writer.write(value)};"
        case [ast.AugAssign(target=ast.Name(id=name), value=ast.List(elts=added))]:
            return f"{name}.push({', '.join(map(writer.write, added))});"
        case [ast.Expr(value=value)]:
            return f"await {writer.write(value)};"
    raise ValueError(f"there is no TypeScript for {code}")


class _StatementWriter(Writer):
    def __init__(self, waits: bool) -> None:
        super().__init__("'")
        self._waits = waits

    def write(self, node: ast.expr) -> str:
        code = self._call(node) if isinstance(node, ast.Call) else self._value(node)
        return super().write(node) if code is None else code

    def _value(self, node: ast.expr) -> str | None:
        code = None
        match node:
            case ast.Constant(value=None):
                code = "null"
            case ast.Constant(value=bytes() as data):
                code = f"Buffer.from('{b64encode(data).decode()}', 'base64')"
            case ast.Name(id="__file__"):
                code = "test.info().file"
            case ast.List(elts=elements):
                code = f"[{', '.join(map(self.write, elements))}]"
            case ast.Dict(keys=keys, values=values):
                pairs = (
                    f"{ast.literal_eval(key)}: {self.write(value)}"
                    for key, value in zip(keys, values, strict=True)
                    if key
                )
                code = f"{{ {', '.join(pairs)} }}"
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                code = f"{self.write(left)} + {self.write(right)}"
            case ast.Subscript(slice=name) if ast.unparse(node.value) == "os.environ":
                code = f"environment({self.write(name)})"
            case ast.Attribute(value=ast.Name(id="page"), attr="keyboard"):
                code = "page.keyboard"
        return code

    def _call(self, node: ast.Call) -> str | None:
        function = node.func
        if isinstance(function, ast.Name):
            return f"{camel_case(function.id)}({self.arguments(node)})"
        if named := _FUNCTIONS.get(ast.unparse(function)):
            return f"{named}({self.arguments(node)})"
        match node:
            case ast.Call(func=ast.Attribute(attr="compile"), args=[ast.BinOp() | ast.Call() as source, *flags]):
                return f"new RegExp({self.write(source)}{', ' + repr('i') if flags else ''})"
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="expect")) as subject, attr=matcher)):
                return self._expectation(self.write(subject), matcher, node)
        return None

    def _expectation(self, subject: str, matcher: str, node: ast.Call) -> str:
        positive = matcher.removeprefix("not_")
        name = _MATCHERS.get(positive, camel_case(positive))
        given = [*map(self.write, node.args), *([f"{{ timeout: {PATIENCE} }}"] if self._waits else [])]
        return f"{subject}{'' if positive == matcher else '.not'}.{name}({', '.join(given)})"
