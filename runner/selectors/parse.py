"""Playwright selectors, read back into what they name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from runner.planners.intents import Thing

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
_NAMING: Final = {"internal:label", "internal:text", "text", "internal:has-text"}
_ATTRIBUTES: Final = {"internal:attr", "internal:testid", "data-testid"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of a selector's chain."""

    engine: str
    body: str

    def __str__(self) -> str:
        return self.body if self.engine == "css" else f"{self.engine}={self.body}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name as a selector gives it."""

    text: str
    exact: bool = False
    """The whole name in the same upper and lower case; else a part of it in any."""
    flags: str | None = None
    """Of a JavaScript regular expression, whose source ``text`` is then; None where it is none."""


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    wanted: Wanted
    operator: str
    flag: str


def pieces(selector: str) -> tuple[Piece, ...]:
    """The selector's chain; ``>>`` within quotes and regular expressions does not part it."""
    bodies = [""]
    for token in _STEP.finditer(selector.strip()):
        if token["kept"] is None:
            bodies.append("")
        else:
            bodies[-1] += token["kept"]
    return tuple(_piece(body) for body in bodies)


def _piece(body: str) -> Piece:
    named = _ENGINE.fullmatch(body)
    if named:
        return Piece(named["engine"], named["body"])
    if body.startswith(("//", "..", "(//")):
        return Piece("xpath", body)
    if re.fullmatch(_STRING, body, re.DOTALL):
        return Piece("text", body)
    return Piece("css", body)


def role_of(body: str) -> tuple[str, tuple[Attribute, ...]] | None:
    """Of ``button[name="Pay"]`` the role and the attributes; None where it is written in another way."""
    found = _ROLE.fullmatch(body)
    listed = attributes(found["rest"]) if found else None
    return (found["role"], listed) if found and listed is not None else None


def attributes(body: str) -> tuple[Attribute, ...] | None:
    """Of ``[name="Pay"i][checked]``; None where it is written in another way."""
    found = list(_ATTRIBUTE.finditer(body))
    if "".join(match[0] for match in found) != body:
        return None
    return tuple(_attribute(match) for match in found)


def _attribute(match: re.Match[str]) -> Attribute:
    wanted = _wanted(match) or Wanted(match["word"] or "", exact=True)
    return Attribute(match["name"], wanted, match["operator"] or "", match["flag"] or "")


def text_of(body: str) -> Wanted | None:
    """Of ``"Pay"s``, ``"pay"i`` or ``/pay/i``; None where it is written in another way."""
    found = _TEXT.fullmatch(body)
    return _wanted(found) if found else None


def _wanted(match: re.Match[str]) -> Wanted | None:
    if match["regex"]:
        source, _, flags = match["regex"][1:].rpartition("/")
        return Wanted(source, flags=flags)
    if match["string"]:
        return Wanted(re.sub(r"\\(.)", r"\1", match["string"][1:-1]), exact=match["flag"] != "i")
    return None


def named_by(selector: str) -> Thing:
    """What a person would call the thing that the selector means, as well as the selector tells."""
    for piece in reversed(pieces(selector)):
        thing = _named(piece)
        if thing is not None:
            return thing
    words = " ".join(re.findall(r"[A-Za-z]{2,}", selector)).lower()
    return Thing(words or selector)


def names(selector: str) -> bool:
    """Whether it looks for anything by a name that a person can read; CSS and XPath do not."""
    return any(_named(piece) is not None for piece in pieces(selector))


def _named(piece: Piece) -> Thing | None:
    if piece.engine in {"role", "internal:role"}:
        role, listed = role_of(piece.body) or (None, ())
        name = next((attribute.wanted for attribute in listed if attribute.name == "name"), None)
        return Thing(_words(name), role) if name else None
    if piece.engine in _NAMING:
        text = text_of(piece.body)
        return Thing(_words(text) if text else piece.body)
    if piece.engine in _ATTRIBUTES:
        listed = attributes(piece.body) or ()
        return Thing(_words(listed[0].wanted)) if listed else None
    return None


def _words(wanted: Wanted) -> str:
    if wanted.flags is None:
        return wanted.text
    return re.sub(r"\\s[*+]|\\(.)|[\^$]", lambda match: match[1] or " ", wanted.text).strip()
