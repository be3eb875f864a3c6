"""The tokens of TypeScript and JavaScript code, as far as it takes to find calls in it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final


class TokenKind(StrEnum):
    """Says what a token is."""

    NAME = auto()
    TEXT = auto()
    """A string or a template, with its quotes."""
    NUMBER = auto()
    REGEX = auto()
    SIGN = auto()
    """One character of punctuation, ``?.`` or ``=>``."""


@dataclass(frozen=True, slots=True)
class Token:
    """Holds one token and where it is in the text."""

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_SKIPPED: Final = re.compile(r"(?:\s+|//[^\n\r]*|/\*.*?(?:\*/|\Z))+", re.DOTALL)
_STRING: Final = re.compile(r"'(?:\\.|[^'\\\n\r])*'|\"(?:\\.|[^\"\\\n\r])*\"", re.DOTALL)
_REGEX: Final = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_NAME: Final = re.compile(r"[\w$#]+")
_NUMBER: Final = re.compile(r"\d[\w.]*")
_SIGN: Final = re.compile(r"\?\.(?!\d)|=>|.", re.DOTALL)
_BEFORE_REGEX: Final = {"return", "typeof", "case", "in", "of", "void", "delete", "do", "else", "await", "yield"}


def tokens_of(text: str) -> list[Token]:
    """Returns the tokens, without comments; a template is one token with all that is in it."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if skipped := _SKIPPED.match(text, at):
            at = skipped.end()
            continue
        found.append(_token(text, at, found[-1] if found else None))
        at = found[-1].end
    return found


def _token(text: str, at: int, before: Token | None) -> Token:
    if text[at] == "`":
        return Token(TokenKind.TEXT, text[at : _template_end(text, at)], at)
    for kind, pattern in _KINDS:
        if (match := pattern.match(text, at)) and (kind is not TokenKind.REGEX or _may_be_regex(before)):
            return Token(kind, match[0], at)
    return Token(TokenKind.SIGN, text[at], at)


_KINDS: Final = (
    (TokenKind.TEXT, _STRING),
    (TokenKind.REGEX, _REGEX),
    (TokenKind.NUMBER, _NUMBER),
    (TokenKind.NAME, _NAME),
    (TokenKind.SIGN, _SIGN),
)


def _may_be_regex(before: Token | None) -> bool:
    """Returns whether a slash behind this token begins a regular expression; else it divides."""
    if before is None or before.text in _BEFORE_REGEX:
        return True
    return before.kind is TokenKind.SIGN and before.text not in {")", "]", "}"}


def _template_end(text: str, at: int) -> int:
    """Returns the index behind the template that begins here, with the code within it."""
    at += 1
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == "`":
            return at + 1
        elif text.startswith("${", at):
            at = _substitution_end(text, at + 2)
        else:
            at += 1
    return len(text)


def _substitution_end(text: str, at: int) -> int:
    depth = 1
    while at < len(text) and depth:
        if text[at] == "`":
            at = _template_end(text, at)
        elif string := _STRING.match(text, at):
            at = string.end()
        else:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
    return at


def text_value(token: Token) -> str:
    """Returns what a string or a template says. Raises ValueError for a template with code in it."""
    inner = token.text[1:-1]
    if token.text[0] == "`" and re.search(r"(?<!\\)(?:\\\\)*\$\{", inner):
        raise ValueError("the template has code in it")
    return re.sub(_ESCAPE, _unescaped, inner)


_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        return chr(min(int(code, 16), sys.maxunicode))
    return "" if found[4] in {"\n", "\r", "\r\n"} else _LETTERS.get(found[4], found[4])
