"""The locators that TypeScript and JavaScript code makes around a line, and where in the text they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from runner.export.typescript_tokens import Token, TokenKind, text_value, tokens_of
from runner.selectors.from_calls import (
    LOCATING,
    SELECTOR_METHODS,
    CodeLocator,
    CodePattern,
    CodeValue,
    LocatorCall,
    selector_of,
    snake_case,
)

_OPENING: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSING: Final = {close: opening for opening, close in _OPENING.items()}
_CONSTANTS: Final[dict[str, CodeValue]] = {"true": True, "false": False, "null": None, "undefined": None}


def typescript_locators(text: str, line: int) -> list[CodeLocator]:
    """Returns the locators of the expressions that the line, from 1, is a part of; nothing where it nests too deep."""
    try:
        return list(_Scanner(text, tokens_of(text)).find(line))
    except RecursionError:
        return []


class _Scanner:
    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._pairs = _pairs(tokens)

    def find(self, line: int) -> Iterator[CodeLocator]:
        at = 0
        while at < len(self._tokens):
            end = self._chain_end(at) if self._is(at, ".", "?.") else at
            if end > at:
                found = self._locator(at, end)
            elif (end := self._argument_end(at)) > at:
                found = self._by_selector(at, end)
            else:
                at += 1
                continue
            if self._covers(at, end, line):
                yield found
            # What cannot be evaluated, such as `test.describe(…)`, may have others within it.
            at = end if found.selector is not None else at + 1

    # Chains of calls

    def _chain_end(self, at: int) -> int:
        """Returns the index behind the locator calls that begin with the dot here; the same index where none do."""
        while (call := self._call_end(at)) > at:
            at = call
        return at

    def _call_end(self, at: int) -> int:
        if self._is(at, "!"):
            at += 1
        named = self._is(at, ".", "?.") and at + 2 < len(self._tokens)
        if named and snake_case(self._tokens[at + 1].text) in LOCATING and self._is(at + 2, "("):
            return self._pairs.get(at + 2, -2) + 1
        return -1

    def _locator(self, at: int, end: int) -> CodeLocator:
        try:
            selector = selector_of(self._calls(at, end))
        except ValueError:
            selector = None
        return CodeLocator(self._dot(at), self._tokens[end - 1].end, self._code_before(at), selector)

    def _calls(self, at: int, end: int) -> tuple[LocatorCall, ...]:
        """Returns the calls of a chain. Raises ValueError where one cannot be evaluated."""
        calls = []
        while at < end:
            at += self._is(at, "!")
            method, close = snake_case(self._tokens[at + 1].text), self._pairs[at + 2]
            calls.append(self._call(method, at + 3, close))
            at = close + 1
        return tuple(calls)

    def _call(self, method: str, at: int, end: int) -> LocatorCall:
        arguments: list[CodeValue] = []
        options: dict[str, CodeValue] = {}
        for first, behind in self._parts(at, end):
            if self._is(first, "{"):
                options |= self._object(first + 1, behind - 1)
            else:
                arguments.append(self._value(first, behind))
        return LocatorCall(method, tuple(arguments), options)

    def _by_selector(self, at: int, end: int) -> CodeLocator:
        token = self._tokens[at + 3]
        behind = self._tokens[end].start if self._is(end - 1, ",") else token.end
        try:
            selector = text_value(token)
        except ValueError:
            selector = None
        return CodeLocator(self._dot(at), behind, self._code_before(at), selector, f".{self._tokens[at + 1].text}(")

    def _dot(self, at: int) -> int:
        """Returns the index in the text of the dot here, also where a question mark is before it."""
        return self._tokens[at].end - 1

    def _code_before(self, at: int) -> str:
        return self._text[self._tokens[self._receiver(at)].start : self._tokens[at].start].strip()

    def _argument_end(self, at: int) -> int:
        """Returns the index behind the selector of ``.click('#pay')`` here; the same index where there is none."""
        tokens = self._tokens[at : at + 5]
        if len(tokens) < 5 or not self._is(at, ".", "?.") or not self._is(at + 2, "("):
            return at
        takes = snake_case(tokens[1].text) in SELECTOR_METHODS and tokens[3].kind is TokenKind.TEXT
        if not takes or tokens[4].text not in {",", ")"}:
            return at
        return at + 5 if tokens[4].text == "," and at + 5 < len(self._tokens) else at + 4

    # Values

    def _parts(self, at: int, end: int) -> Iterator[tuple[int, int]]:
        """Yields where each of the values between commas begins and ends."""
        first = at
        while at < end:
            if self._is(at, ","):
                yield first, at
                first = at + 1
            at = self._pairs.get(at, at) + 1 if self._tokens[at].text in _OPENING else at + 1
        if first < end:
            yield first, end

    def _object(self, at: int, end: int) -> dict[str, CodeValue]:
        options: dict[str, CodeValue] = {}
        for first, behind in self._parts(at, end):
            name = self._tokens[first]
            if not self._is(first + 1, ":") or name.kind not in {TokenKind.NAME, TokenKind.TEXT}:
                raise ValueError("the options are not all written out")
            key = name.text if name.kind is TokenKind.NAME else text_value(name)
            options[snake_case(key)] = self._value(first + 2, behind)
        return options

    def _value(self, at: int, end: int) -> CodeValue:
        """Returns what the expression is. Raises ValueError where it alone does not say it."""
        token = self._tokens[at]
        if end - at == 1:
            return _constant(token)
        if end - at == 2 and token.text == "-":
            return -_number(self._tokens[at + 1])
        for dot in range(at, end):
            if self._chain_end(dot) == end and self._receiver(dot) == at:
                return self._calls(dot, end)
        raise ValueError("it is not a constant")

    # The expression around

    def _receiver(self, at: int) -> int:
        """Returns the index of the first token of what stands before the dot here."""
        while at > 0:
            before = self._tokens[at - 1]
            if before.text in {".", "?."}:
                at -= 1
            elif self._begins(at):
                return at
            elif before.text in {")", "]"} and at - 1 in self._pairs:
                at = self._pairs[at - 1]
            elif before.kind in {TokenKind.NAME, TokenKind.TEXT} or before.text == "!":
                at -= 1
            else:
                return at
        return at

    def _begins(self, at: int) -> bool:
        """Returns whether the token here is a name or a text, before which nothing but a dot belongs to it."""
        return at < len(self._tokens) and self._tokens[at].kind in {TokenKind.NAME, TokenKind.TEXT}

    def _covers(self, at: int, end: int, line: int) -> bool:
        """Returns whether the whole expression, with what is called on it and what it is given to, has the line."""
        first, last = self._receiver(at), self._rest(end)
        while (close := self._list_end(last)) in self._pairs and self._is_call(self._pairs[close]):
            first, last = self._receiver(self._pairs[close]), self._rest(close + 1)
        begin = 1 + self._text.count("\n", 0, self._tokens[first].start)
        return begin <= line <= 1 + self._text.count("\n", 0, self._tokens[last - 1].end)

    def _list_end(self, at: int) -> int:
        """Returns the index of what closes the list of arguments that the expression before this index is in."""
        while at < len(self._tokens) and not self._is(at, ";", *_CLOSING):
            at = self._pairs.get(at, at) + 1
        return at

    def _is_call(self, opening: int) -> bool:
        return opening > 0 and self._tokens[opening - 1].kind is TokenKind.NAME and self._is(opening, "(")

    def _rest(self, at: int) -> int:
        """Returns the index behind all that is called on the expression that ends here."""
        while at < len(self._tokens):
            if self._tokens[at].text in {"(", "["} and at in self._pairs:
                at = self._pairs[at] + 1
            elif self._is(at, ".", "?.", "!"):
                at += 2 if not self._is(at, "!") and self._begins(at + 1) else 1
            else:
                break
        return at

    def _is(self, at: int, *texts: str) -> bool:
        return 0 <= at < len(self._tokens) and self._tokens[at].text in texts


def _pairs(tokens: Sequence[Token]) -> dict[int, int]:
    """Returns where each bracket has its other half, in both directions."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for at, token in enumerate(tokens):
        if token.kind is not TokenKind.SIGN:
            continue
        if token.text in _OPENING:
            opened.append(at)
        elif token.text in _CLOSING and opened and tokens[opened[-1]].text == _CLOSING[token.text]:
            pairs[at] = opened.pop()
            pairs[pairs[at]] = at
    return pairs


def _constant(token: Token) -> CodeValue:
    if token.kind is TokenKind.TEXT:
        return text_value(token)
    if token.kind is TokenKind.REGEX:
        source, _, flags = token.text[1:].rpartition("/")
        return CodePattern(source, flags)
    if token.text in _CONSTANTS:
        return _CONSTANTS[token.text]
    return _number(token)


def _number(token: Token) -> int:
    if token.kind is not TokenKind.NUMBER:
        raise ValueError("it is not a constant")
    return int(token.text)
