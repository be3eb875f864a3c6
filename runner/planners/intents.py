"""The intents that sentences may have, and how a person names a thing or a key."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from control.protocol.actions import ActionType, MouseButton
from runner.planners.sentence_splitter import VERBS, Kind, Sentence
from runner.selectors.typography import without_invisible

KINDS: Final = {
    "button": "button",
    "link": "link",
    "field": "field|text ?field|input(?: field)?|text ?box|box|text ?area|search ?box|search field",
    "checkbox": "check ?box|tick ?box",
    "switch": "switch|toggle",
    "radio": "radio(?: button)?",
    "select": "drop-?down(?: list| menu)?|list ?box|combo ?box|select(?: box)?|list",
    "option": "option",
    "tab": "tab",
    "menuitem": "menu ?item|menu entry",
    "heading": "heading|headline",
    "image": "image|picture|icon",
    "slider": "slider",
    "text": "text|label",
}
"""The words that may say what kind of thing a name belongs to."""

SCOPES: Final = {
    "row": "(?:table )?row|line|(?:list )?item|entry|card",
    "dialog": "dialog(?: box)?|modal|popup|window",
    "section": "section|area|panel|group|form|fieldset|region|table|list|menu|sidebar|box",
}
"""The words that may say in what kind of place a thing is."""

ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
QUOTED: Final = r"\x00\d+\x00"
_KIND: Final = "|".join(KINDS.values())
_THING: Final = re.compile(
    rf"(?:(?:on|the|a|an|this|that)\s+)*(?:(?P<nth>{'|'.join(ORDINALS)}|last|\d+(?:st|nd|rd|th))\s+)?"
    rf"(?:(?P<before>{_KIND})\s+(?:(?:called|named|labell?ed|saying|with (?:the )?(?:text|name|label))\s+|(?=\x00)))?"
    rf"(?P<name>{QUOTED}|.+?)(?:\s+(?P<after>{_KIND}))?",
    re.IGNORECASE,
)
_PLACE: Final = "|".join(SCOPES.values())
_SCOPED: Final = re.compile(
    rf"(?P<thing>.+?)\s+(?:in|inside|within|of|from|on)\s+(?:the\s+)?(?:(?P<kind>{_PLACE})\s+"
    rf"(?:(?:called|named|labell?ed|with|for|of|containing|that (?:says|shows|contains))\s+)?(?P<name>{QUOTED})"
    rf"|(?P<first>{QUOTED})\s+(?P<last>{_PLACE}))",
    re.IGNORECASE,
)
_ONLY_A_PLACE: Final = re.compile(
    rf"(?:the\s+)?(?:(?:{_PLACE})\s+{QUOTED}|{QUOTED}\s+(?:row|entry|card|dialog|modal|section))", re.IGNORECASE
)
_KEYS: Final = {
    **{key.lower(): key for key in ("Enter", "Tab", "Escape", "Backspace", "Delete", "Insert", "Home", "End", "Space")},
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
    **{way: f"Arrow{way.title()}" for way in ("up", "down", "left", "right")},
    **{f"arrow {way}": f"Arrow{way.title()}" for way in ("up", "down", "left", "right")},
    **{f"{way} arrow": f"Arrow{way.title()}" for way in ("up", "down", "left", "right")},
    **{f"arrow{way}": f"Arrow{way.title()}" for way in ("up", "down", "left", "right")},
    "esc": "Escape",
    "return": "Enter",
    "del": "Delete",
    "spacebar": "Space",
    "space bar": "Space",
    "page up": "PageUp",
    "pageup": "PageUp",
    "page down": "PageDown",
    "pagedown": "PageDown",
}
_MODIFIERS: Final = {
    "ctrl": "Control",
    "control": "Control",
    "shift": "Shift",
    "alt": "Alt",
    "option": "Alt",
    "cmd": "Meta",
    "command": "Meta",
    "meta": "Meta",
    "win": "Meta",
    "controlormeta": "ControlOrMeta",
}


@dataclass(frozen=True, slots=True)
class Thing:
    """Names something on the page, as a person does."""

    name: str = ""
    kind: str | None = None
    """A key of ``KINDS``, where the sentence says what it is."""
    nth: int | None = None
    """Which of several, from 0; -1 is the last one."""
    selector: str | None = None
    """Given in backquotes instead of a name."""
    scope: tuple[str, str] | None = None
    """The kind, a key of ``SCOPES``, and the name of what it is in: ``("row", "Bob")``."""

    def __str__(self) -> str:
        which = "" if self.nth is None else "last " if self.nth < 0 else f"#{self.nth + 1} "
        named = f"`{self.selector}`" if self.selector else f"'{self.name}'"
        place = f" in the {self.scope[0]} '{self.scope[1]}'" if self.scope else ""
        return f"{which}{self.kind} {named}{place}" if self.kind else f"{which}{named}{place}"


@dataclass(frozen=True, slots=True)
class Intent:
    """Holds what one sentence asks for, before it is looked for on the page."""

    type: ActionType
    thing: Thing | None = None
    value: str | float | None = None
    """As ``Action.value``; for a scroll None is one viewport, and infinite the end of the page."""
    target: Thing | None = None
    """Where a drag ends."""
    gone: bool = False
    """An expectation or a wait: for the thing not to be there."""
    up: bool = False
    """A scroll without pixels goes up."""
    button: MouseButton | None = None
    """Of a click; None is the left one."""
    contains: bool = False
    """``expect_url``: the value is a part of the address."""


class Unclear(Exception):
    """Raised where a rule fits and its parts do not; the message is a hint for the person."""


def thing(sentence: Sentence, masked: str) -> Thing:
    """Returns the thing that these words name. Raises Unclear."""
    if place := _SCOPED.fullmatch(masked.strip()):
        said = place["kind"] or place["last"]
        scope = next(name for name, words in SCOPES.items() if re.fullmatch(words, said, re.IGNORECASE))
        inner = thing(sentence, place["thing"])
        return replace(inner, scope=(scope, without_invisible(sentence.plain(place["name"] or place["first"])).strip()))
    match = _THING.fullmatch(masked.strip())
    if match is None:
        raise Unclear("Say what it is called.")
    name = match["name"]
    part = sentence.whole(name)
    if part is None:
        _require_clear(name)
    kind = _kind(match["before"] or match["after"])
    if part is not None and part.kind is Kind.SELECTOR:
        return Thing(kind=kind, nth=ordinal(match["nth"]), selector=part.text)
    text = re.sub(r"\s+", " ", without_invisible(sentence.plain(name))).strip()
    if not text:
        raise Unclear("A name cannot be empty.")
    return Thing(text, kind, ordinal(match["nth"]))


def is_place(masked: str) -> bool:
    """Returns whether the words name a place that a thing is in, such as ``the row 'Bob'``, and no field."""
    return _ONLY_A_PLACE.fullmatch(masked.strip()) is not None


def _require_clear(unquoted: str) -> None:
    """Without quotes a name must not look like more than a name."""
    if re.search(r"\x00\d+\x00", unquoted) and "{{" not in unquoted:
        raise Unclear("Put the whole name, and nothing else, into one pair of quotes.")
    if re.match(r"(?:not|no|to|into|in|that|if|whether)\b", unquoted, re.IGNORECASE):
        raise Unclear("Put the name into quotes.")
    if re.search(rf"(?:\band|\bthen|,)\s+(?:{VERBS})\s+\S", unquoted, re.IGNORECASE):
        raise Unclear("Put names into quotes, and each step on a line of its own.")


def _kind(word: str | None) -> str | None:
    if not word:
        return None
    return next(kind for kind, words in KINDS.items() if re.fullmatch(words, word, re.IGNORECASE))


def ordinal(word: str | None) -> int | None:
    """Returns the index that an ordinal stands for: 1 for ``second`` and ``2nd``, -1 for ``last``."""
    if not word:
        return None
    if word.lower() == "last":
        return -1
    return ORDINALS.index(word.lower()) if word.lower() in ORDINALS else max(int(word[:-2]) - 1, 0)


def key(said: str) -> str | None:
    """Returns a key such as ``Ctrl+Shift+a`` as Playwright writes it; None where it is no key."""
    *held, last = [piece.strip().lower() for piece in re.split(r"\s*\+\s*(?=\S)", said.strip())]
    if any(piece not in _MODIFIERS for piece in held):
        return None
    if len(last) == 1:
        name = last.upper() if "shift" in held else last if held else said.strip()
    else:
        name = _KEYS.get(last, "")
    return "+".join([*(_MODIFIERS[piece] for piece in held), name]) if name else None
