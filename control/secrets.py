"""``{{secret:NAME}}``: values that may be used in a run and shown nowhere.

A reference counts only where a person or the run itself has written it. Words of a page are escaped on their way into
the run (`escape`), and nothing but `parts` reads references, so that a page's words never become one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from html.entities import codepoint2name

from control.errors import UnknownSecret

MASK = "•••"
SHORTEST = 3
"""Characters that a value has at least: shorter ones would blot out text at random, and hide nothing."""

REFERENCE = re.compile(r"\{\{\s*secret:\s*(?P<secret>[^{}]*?)\s*\}\}")
"""Finds references in text whose words of pages are escaped; `parts` is the way to read them."""
_BRACES = "{{braces}}"
"""Stands for two braces that begin no reference."""
_TOKEN = re.compile(rf"{REFERENCE.pattern}|{re.escape(_BRACES)}")
_MISLEADING = re.compile(r"\{\{(?=\s*secret:|braces\}\})")
_JSON_ESCAPES = {"\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "/": r"\/", '"': r"\"", "'": r"\'"}


@dataclass(frozen=True, slots=True)
class Reference:
    """Stands in a text for the value of a secret."""

    name: str

    def __str__(self) -> str:
        return f"{{{{secret:{self.name}}}}}"


def escape(text: str) -> str:
    """Returns the text in a spelling in which nothing is a reference; `parts` and `unescape` read it back."""
    return _MISLEADING.sub(_BRACES, text)


def unescape(text: str) -> str:
    """Returns the text as it was before `escape`, for people and for looking at pages."""
    return text.replace(_BRACES, "{{")


def parts(text: str) -> list[str | Reference]:
    """Returns what the text is made of: words as they are meant, without escapes, and references."""
    found: list[str | Reference] = []
    end = 0
    for token in _TOKEN.finditer(text):
        name = token["secret"]
        found += [text[end : token.start()], "{{" if name is None else Reference(name)]
        end = token.end()
    return [part for part in (*found, text[end:]) if part != ""]


def references(text: str) -> list[str]:
    """Returns the names of the secrets that the text refers to."""
    return [part.name for part in parts(text) if isinstance(part, Reference)]


def decoded(text: str, decode: Callable[[str], str]) -> str:
    """Returns the text decoded, such as without backslashes, and no reference in it that was none before."""
    plain = decode(text)
    return plain if references(plain) == references(text) else escape(plain)


def escape_others(text: str, known: Container[str]) -> str:
    """Returns the text with no reference left but those to the ``known`` names."""
    return REFERENCE.sub(lambda found: found[0] if found["secret"] in known else escape(found[0]), text)


class Secrets:
    """Holds the secrets of one run by name, and puts names, values and dots in place of each other in texts."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        hidden = sorted({value for value in values.values() if len(value) >= SHORTEST}, key=len, reverse=True)
        self._anywhere = re.compile("|".join(_pattern(value) for value in hidden)) if hidden else None

    def with_value(self, name: str, value: str) -> Secrets:
        """Returns these secrets and one more."""
        return Secrets({**self._values, name: value})

    def __repr__(self) -> str:
        """Returns the names only: a traceback or a log must not show values."""
        return f"Secrets({', '.join(self.names)})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names that this run knows, in the order given."""
        return tuple(self._values)

    @property
    def values(self) -> tuple[str, ...]:
        """Returns what is shown nowhere: for whoever looks for it in another process."""
        return tuple(self._values.values())

    def resolve(self, text: str) -> str:
        """Returns the text with values in place of names; what a value holds is not resolved again.

        Raises UnknownSecret.
        """
        return "".join(part if isinstance(part, str) else self._value(part.name) for part in parts(text))

    def refer(self, text: str) -> str:
        """Returns the text with ``{{secret:NAME}}`` in place of values, so that it still means the same.

        A value that is spelled for a URL, JSON or HTML is named, too: what holds it gets the plain value then.
        """
        places = self._places(text)

        def named(found: re.Match[str]) -> str:
            return found[0] if _within(found.span(), places) else str(Reference(self._name(found[0])))

        return self._anywhere.sub(named, text) if self._anywhere else text

    def refer_found(self, text: str) -> str:
        """Returns words of a page, or keys of a person, as `refer` does, and escaped: nothing else in them refers."""
        spelled, end = [], 0
        for found in self._anywhere.finditer(text) if self._anywhere else ():
            spelled += [escape(text[end : found.start()]), str(Reference(self._name(found[0])))]
            end = found.end()
        return "".join([*spelled, escape(text[end:])])

    def mask(self, text: str) -> str:
        """Returns the text with dots in place of values, plain or as URLs, JSON and HTML spell them; names stay.

        Overlapping finds are blotted out together, so that no rest of a value is left over.
        """
        shown, end = [], 0
        for start, stop in self._finds(text):
            shown.append(text[end:start])
            end = stop
        return MASK.join([*shown, text[end:]])

    def has_parted(self, text: str) -> bool:
        """Returns whether a value stands in the text with other signs within it, as fields with a mask show it."""
        letters = _letters(text)
        parted = (_letters(value) for value in self._values.values() if len(value) >= SHORTEST)
        return any(len(value) >= SHORTEST and value in letters for value in parted) and self.refer(text) == text

    def _value(self, name: str) -> str:
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self.names) or "none"
            raise UnknownSecret(f"there is no secret '{name}'; this run knows: {known}") from None

    def _name(self, found: str) -> str:
        """Returns the name of the value that is spelled so."""
        longest = sorted(self._values.items(), key=lambda item: len(item[1]), reverse=True)
        return next(name for name, value in longest if re.fullmatch(_pattern(value), found))

    def _places(self, text: str) -> list[tuple[int, int]]:
        """Returns the spans of names that this run knows, and of escapes."""
        return [token.span() for token in _TOKEN.finditer(text) if token["secret"] in (None, *self._values)]

    def _finds(self, text: str) -> Iterator[tuple[int, int]]:
        """Yields the spans of values in order, those that overlap joined to one."""
        start, stop = 0, 0
        for begin, end in self._spans(text):
            if begin >= stop:
                if stop:
                    yield start, stop
                start = begin
            stop = max(stop, end)
        if stop:
            yield start, stop

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        places = self._places(text)
        at = 0
        while self._anywhere and (found := self._anywhere.search(text, at)):
            if not _within(found.span(), places):
                yield found.span()
            at = found.start() + 1


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _within(span: tuple[int, int], places: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in places)


def _pattern(value: str) -> str:
    return "".join(f"(?:{'|'.join(_spellings(char))})" for char in value)


def _spellings(char: str) -> Iterator[str]:
    """Yields patterns for one character as URLs, JSON and HTML write it, and as it is, the shortest last."""
    raw = char.encode("utf-8", "surrogatepass")
    yield "(?i:" + "".join(f"%{byte:02x}" for byte in raw) + ")"
    units = char.encode("utf-16-be", "surrogatepass").hex()
    yield "(?i:" + "".join(rf"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)) + ")"
    yield f"(?i:&#0*{ord(char)};|&#x0*{ord(char):x};)"
    if name := "apos" if char == "'" else codepoint2name.get(ord(char)):
        yield f"&{name};"
    if char in _JSON_ESCAPES:
        yield re.escape(_JSON_ESCAPES[char])
    if char == "\\":
        yield re.escape(r"\\")
    if char == " ":
        yield re.escape("+")
    yield re.escape(char)
