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
    code = _Writer(quote).write(tree)
    return f"{page}{code.removeprefix('page')}"


class _Writer:
    def __init__(self, quote: str) -> None:
        self._quote = quote

    def write(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Constant() | ast.UnaryOp():
                value = ast.literal_eval(node)
                return self._text(value) if isinstance(value, str) else str(value).lower()
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="compile"), args=[ast.Constant(), *flags]):
                return _regex(str(ast.literal_eval(node.args[0])), folded=bool(flags))
            case ast.Call(func=ast.Attribute(value=receiver, attr=name)):
                return f"{self.write(receiver)}.{_camel_case(name)}({self._arguments(node)})"
            case ast.Attribute(value=receiver, attr=name) if name in _PROPERTIES:
                return f"{self.write(receiver)}.{_camel_case(name)}()"
        raise ValueError(f"there is no TypeScript for {ast.unparse(node)}")

    def _arguments(self, node: ast.Call) -> str:
        options = [f"{_camel_case(each.arg or '')}: {self.write(each.value)}" for each in node.keywords]
        given = [self.write(each) for each in node.args]
        return ", ".join([*given, f"{{ {', '.join(options)} }}"] if options else given)

    def _text(self, text: str) -> str:
        """Returns a literal in the wanted quotes, or in the other ones where that needs no escapes."""
        double = json.dumps(text, ensure_ascii=False)
        double = double.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        if (self._quote == '"' and '"' not in text) or (self._quote == "'" and "'" in text and '"' not in text):
            return double
        inner = double[1:-1].replace('\\"', '"').replace("'", "\\'")
        return double if self._quote == '"' and "'" in text else f"'{inner}'"


def _camel_case(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name.removesuffix("_"))


def _regex(source: str, *, folded: bool) -> str:
    escaped = re.sub(r"(\\.)|/", lambda found: found[1] or r"\/", source, flags=re.DOTALL).replace("\n", r"\n")
    return f"/{escaped}/{'i' if folded else ''}"
