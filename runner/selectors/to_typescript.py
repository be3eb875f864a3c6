"""The writing of selectors as TypeScript code, by way of the same locator in Python."""

from __future__ import annotations

import ast
import json
import re
from typing import Final

from control.secrets import references
from runner.selectors.to_python import locator as python_locator

_PROPERTIES: Final = {"first", "last", "content_frame"}
"""What Python has as properties is a method in JavaScript."""
_LITERAL: Final = {"/": r"\/", "\n": r"\n", "\r": r"\r", "\u2028": r"\u2028", "\u2029": r"\u2029"}
"""What no literal of a regular expression may hold as it is."""


def locator(selector: str, page: str = "page", *, quote: str = "'") -> str:
    """Returns code such as ``page.getByRole('button', { name: 'Pay', exact: true })``.

    Args:
        selector: without references to secrets, whose values JavaScript would look up in another way.
        page: what the locator is of; may be empty.
        quote: what texts stand in, a single or double quote.

    Raises ValueError for a selector with a reference to a secret.
    """
    if references(selector):
        raise ValueError("the selector has a secret in it")
    tree = ast.parse(python_locator(selector, "page"), mode="eval").body
    code = Writer(quote).write(tree)
    return f"{page}{code.removeprefix('page')}"


class Writer:
    """Writes Python expressions as TypeScript: those that locators consist of. Raises ValueError for any other."""

    def __init__(self, quote: str) -> None:
        self._quote = quote

    def write(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Constant() | ast.UnaryOp():
                value = ast.literal_eval(node)
                return text(value, self._quote) if isinstance(value, str) else str(value).lower()
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="compile"), args=[ast.Constant(), *flags]):
                return _regex(str(ast.literal_eval(node.args[0])), folded=bool(flags))
            case ast.Call(func=ast.Attribute(value=receiver, attr=name)):
                return f"{self.write(receiver)}.{camel_case(name)}({self.arguments(node)})"
            case ast.Attribute(value=receiver, attr=name) if name in _PROPERTIES:
                return f"{self.write(receiver)}.{camel_case(name)}()"
        raise ValueError(f"there is no TypeScript for {ast.unparse(node)}")

    def arguments(self, node: ast.Call) -> str:
        """Returns what stands between the brackets; what Python names becomes an object of options."""
        options = [f"{camel_case(each.arg or '')}: {self.write(each.value)}" for each in node.keywords]
        given = [self.write(each) for each in node.args]
        return ", ".join([*given, f"{{ {', '.join(options)} }}"] if options else given)


def text(value: str, quote: str = "'") -> str:
    """Returns a literal in the wanted quotes, or in the other ones where that needs no escapes."""
    double = json.dumps(value, ensure_ascii=False)
    double = double.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if (quote == '"' and '"' not in value) or (quote == "'" and "'" in value and '"' not in value):
        return double
    inner = double[1:-1].replace('\\"', '"').replace("'", "\\'")
    return double if quote == '"' and "'" in value else f"'{inner}'"


def camel_case(name: str) -> str:
    """Returns the name as JavaScript spells it: ``getByRole`` for ``get_by_role``."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name.removesuffix("_"))


def _regex(source: str, *, folded: bool) -> str:
    escaped = re.sub(
        r"\\.|[/\n\r\u2028\u2029]", lambda found: _LITERAL.get(found[0][-1], found[0]), source, flags=re.DOTALL
    )
    return f"/{escaped or '(?:)'}/{'i' if folded else ''}"
