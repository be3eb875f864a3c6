"""The parser of Playwright selectors: the parts of their chain, and what each names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from control.secrets import decoded

_ENGINE: Final = re.compile(r"(?P<engine>[a-zA-Z_0-9+:*-]+)=(?P<body>.*)", re.DOTALL)
_STRING: Final = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_REGEX: Final = r"/(?:\\.|[^/\\])+/[a-z]*"
_STEP: Final = re.compile(rf"\s*>>\s*|(?P<kept>{_STRING}|(?<==){_REGEX}|.)", re.DOTALL)
_ROLE: Final = re.compile(r"(?P<role>[a-z]+)(?P<rest>(?:\[.*\])?)", re.DOTALL)
_ATTRIBUTE: Final = re.compile(
    rf"\[\s*(?P<name>[\w-]+)\s*(?:(?P<operator>[*^$|~]?=)\s*"
    rf"(?:(?P<string>{_STRING})\s*(?P<flag>[is]?)|(?P<regex>{_REGEX})|(?P<word>[\w.-]+)))?\s*\]",
    re.DOTALL,
)
_TEXT: Final = re.compile(rf"(?:(?P<string>{_STRING})(?P<flag>[is]?)|(?P<regex>{_REGEX}))", re.DOTALL)
_ROLE_ENGINES: Final = {"role", "internal:role"}
_PATTERN: Final = re.compile(
    r"\\s[*+]|[\^$]|\[\\?(.)(?:\\.|[^\]])*\]|\(\?:\\?((?:\\.|[^|)\\])+)\|[^)]*\)|\\(.)", re.DOTALL
)
"""What a regular expression of `runner.selectors.typography` has in place of a name's own characters."""
_NAMING: Final = {"internal:label", "internal:text", "text", "internal:has-text"}
_ATTRIBUTES: Final = {"internal:attr", "internal:testid", "data-testid"}


@dataclass(frozen=True, slots=True)
class SelectorPart:
    """Holds one part of a selector's chain: between two ``>>``."""

    engine: str
    body: str

    def __str__(self) -> str:
        return self.body if self.engine == "css" else f"{self.engine}={self.body}"


@dataclass(frozen=True, slots=True)
class TextMatcher:
    """Holds the text that a selector looks for, and how it is compared."""

    text: str
    exact: bool = False
    """The whole name in the same upper and lower case; else a part of it in any."""
    flags: str | None = None
    """Of a JavaScript regular expression, whose source ``text`` is then; None where it is none."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Holds one attribute in brackets: ``[name="Pay"i]``."""

    name: str
    wanted: TextMatcher
    operator: str
    flag: str


def parse_chain(selector: str) -> tuple[SelectorPart, ...]:
    """Returns the parts of the selector's chain; ``>>`` within quotes and regular expressions does not part it."""
    bodies = [""]
    for token in _STEP.finditer(selector.strip()):
        if token["kept"] is None:
            bodies.append("")
        else:
            bodies[-1] += token["kept"]
    return tuple(_piece(body) for body in bodies)


def _piece(body: str) -> SelectorPart:
    named = _ENGINE.fullmatch(body)
    if named:
        return SelectorPart(named["engine"], named["body"])
    if body.startswith(("//", "..", "(//")):
        return SelectorPart("xpath", body)
    if re.fullmatch(_STRING, body, re.DOTALL):
        return SelectorPart("text", body)
    return SelectorPart("css", body)


def parse_role(body: str) -> tuple[str, tuple[Attribute, ...]] | None:
    """Returns, of ``button[name="Pay"]``, the role and the attributes; None where it is written in another way."""
    found = _ROLE.fullmatch(body)
    listed = parse_attributes(found["rest"]) if found else None
    return (found["role"], listed) if found and listed is not None else None


def parse_attributes(body: str) -> tuple[Attribute, ...] | None:
    """Returns the attributes of ``[name="Pay"i][checked]``; None where it is written in another way."""
    found = list(_ATTRIBUTE.finditer(body))
    if "".join(match[0] for match in found) != body:
        return None
    return tuple(_attribute(match) for match in found)


def _attribute(match: re.Match[str]) -> Attribute:
    wanted = _wanted(match, _in_quotes) or TextMatcher(match["word"] or "", exact=True)
    return Attribute(match["name"], wanted, match["operator"] or "", match["flag"] or "")


def parse_text(body: str) -> TextMatcher | None:
    """Returns the text of ``"Pay"s``, ``"pay"i`` or ``/pay/i``; None where it is written in another way."""
    found = _TEXT.fullmatch(body)
    return _wanted(found, _text_in_quotes) if found else None


def _wanted(match: re.Match[str], decode: Callable[[str], str]) -> TextMatcher | None:
    if match["regex"]:
        source, _, flags = match["regex"][1:].rpartition("/")
        return TextMatcher(source, flags=flags)
    if match["string"]:
        return TextMatcher(decoded(match["string"], decode), exact=match["flag"] != "i")
    return None


def _in_quotes(text: str) -> str:
    """Returns what attributes and roles mean by a text in quotes: a backslash stands before what is meant as it is."""
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _text_in_quotes(text: str) -> str:
    """Returns what texts and labels mean, which Playwright writes as JSON; people may write it in single quotes."""
    try:
        return _json_string(text)
    except ValueError:
        return _in_quotes(text)


def name_and_role(selector: str) -> tuple[str, str | None]:
    """Returns what a person would call the element that the selector finds, and its ARIA role where it names one."""
    for part in reversed(parse_chain(selector)):
        found = _name_and_role(part)
        if found is not None:
            return found
    words = " ".join(re.findall(r"[A-Za-z]{2,}", selector)).lower()
    return words or selector, None


def has_name(selector: str) -> bool:
    """Returns whether it looks for anything by a name that a person can read; CSS and XPath do not."""
    return any(_name_and_role(part) is not None for part in parse_chain(selector))


def last_role(selector: str) -> str | None:
    """Returns the ARIA role of the element that the selector ends with, where it is found by role."""
    chain = [part for part in parse_chain(selector) if part.engine not in {"nth", "visible"}]
    found = parse_role(chain[-1].body) if chain and chain[-1].engine in _ROLE_ENGINES else None
    return found[0] if found else None


def absent(selector: str) -> str | None:
    """Returns what must not be on the page, where `runner.selectors.build.page_without` has made the selector."""
    chain = parse_chain(selector)
    if [part.engine for part in chain] != ["css", "internal:has-not"] or chain[0].body != "html":
        return None
    return parse_nested(chain[1].body)


def parse_nested(body: str) -> str | None:
    """Returns the selector that ``internal:has="…"`` and its like hold; None where it is written in another way."""
    try:
        return decoded(body, _json_string)
    except ValueError:
        return None


def _json_string(text: str) -> str:
    """Raises ValueError for anything else."""
    inner = json.loads(text)
    if not isinstance(inner, str):
        raise ValueError("it is no string")
    return inner


def _name_and_role(part: SelectorPart) -> tuple[str, str | None] | None:
    if part.engine in _ROLE_ENGINES:
        role, listed = parse_role(part.body) or (None, ())
        name = next((attribute.wanted for attribute in listed if attribute.name == "name"), None)
        return (_words(name), role) if name else None
    if part.engine in _NAMING:
        text = parse_text(part.body)
        return (_words(text) if text else part.body), None
    if part.engine in _ATTRIBUTES:
        listed = parse_attributes(part.body) or ()
        return (_words(listed[0].wanted), None) if listed else None
    return None


def _words(wanted: TextMatcher) -> str:
    if wanted.flags is None:
        return wanted.text
    return _PATTERN.sub(lambda match: next(filter(None, match.groups()), " "), wanted.text).strip()
