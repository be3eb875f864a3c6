"""The spellings of a name that look alike: quotes, dashes, dots and accents as keyboards and editors write them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ALIKE: Final = ("'’‘ʼ′´`", '"“”„‟″', "-‐‑‒–—−", "…")
_CLASS: Final = {char: alike for alike in _ALIKE for char in alike}
_ONE_OF_EACH: Final = {ord(char): alike[0] for alike in _ALIKE[:-1] for char in alike}
_DOTS: Final = r"(?:\.\.\.|…)"
_INVISIBLE: Final = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""What has no width and joins nothing: zero-width joiners make one emoji of several, and stay."""
_LONGEST: Final = 100
"""Characters of a name whose spellings are looked for: a selector must not become too long for an action."""
_SPECIAL: Final = re.compile(r"""[\\^$.*+?()\[\]{}|/>"'`-]""")


def without_invisible(text: str) -> str:
    """Returns the text without characters that cannot be seen and change nothing, such as soft hyphens."""
    return _INVISIBLE.sub("", text)


def folded(text: str) -> str:
    """Returns the text in one spelling for all that look alike; upper and lower case stay."""
    straight = without_invisible(_composed(text)).translate(_ONE_OF_EACH)
    return " ".join(straight.replace("…", "...").split())


def has_variants(name: str) -> bool:
    """Returns whether a page may spell the name in another way that looks the same."""
    composed = _composed(name)
    varies = "..." in name or any(char in _CLASS or len(_spellings(char)) > 1 for char in composed)
    return varies and len(composed) <= _LONGEST


def alike(name: str) -> str:
    """Returns the source of a JavaScript regular expression that matches the name in all its spellings.

    It may stand within a selector, where a ``>>`` or a quote would end a part: such characters are escaped.
    """
    composed = _composed(name)
    spelled = _word if len(composed) <= _LONGEST else _escape
    return r"\s+".join(spelled(word) for word in composed.split())


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _word(word: str) -> str:
    pieces = re.split(r"\.\.\.|…", word)
    return _DOTS.join("".join(_character(char) for char in piece) for piece in pieces)


def _character(char: str) -> str:
    if char in _CLASS:
        return f"[{''.join(_escape(each) for each in _CLASS[char])}]"
    ways = [_escape(way) for way in _spellings(char)]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _spellings(char: str) -> tuple[str, ...]:
    decomposed = unicodedata.normalize("NFD", char)
    return (char,) if decomposed == char else (char, decomposed)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
