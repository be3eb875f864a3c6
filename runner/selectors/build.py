"""Playwright selectors, written from what a person calls things. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import StrEnum

_ENTER_FRAME = " >> internal:control=enter-frame >> "


class Precision(StrEnum):
    """How a name must be met."""

    EXACT = "exact"
    FOLDED = "folded"
    """The whole name, upper and lower case alike."""
    PART = "part"
    """A part of the name, upper and lower case alike."""


class Engine(StrEnum):
    """What of an element its name is compared with."""

    ROLE = "role"
    """The accessible name of an element with a certain ARIA role."""
    LABEL = "label"
    PLACEHOLDER = "placeholder"
    ALT = "alt"
    TITLE = "title"
    TEXT = "text"
    TEST_ID = "data-testid"


def by_role(role: str, name: str, precision: Precision) -> str:
    """``role=button[name="Checkout"]``"""
    quoted = json.dumps(name, ensure_ascii=False)
    match precision:
        case Precision.EXACT:
            return f"role={role}[name={quoted}]"
        case Precision.FOLDED:
            return f"role={role}[name={quoted} i]"
        case Precision.PART:
            return f"role={role}[name*={quoted} i]"


def by(engine: Engine, name: str, precision: Precision) -> str:
    """``internal:label="Name"s`` and its like: what ``page.get_by_label(…)`` and its like make. Not for roles."""
    wanted = _wanted(name, precision)
    match engine:
        case Engine.LABEL | Engine.TEXT:
            return f"internal:{engine}={wanted}"
        case Engine.TEST_ID:
            return f"internal:testid=[{engine}={wanted}]"
        case _:
            return f"internal:attr=[{engine}={wanted}]"


def nth(selector: str, index: int) -> str:
    """One of the visible matches; -1 is the last."""
    return f"{visible(selector)} >> nth={index}"


def visible(selector: str) -> str:
    """Only those matches that can be seen."""
    return f"{selector} >> visible=true"


def either(selectors: Iterable[str]) -> str:
    """What matches any of them, in document order."""
    first, *others = selectors
    return " >> ".join([first, *(f"internal:or={json.dumps(other, ensure_ascii=False)}" for other in others)])


def first_of(preferred: str, other: str) -> str:
    """What matches ``preferred``; as long as nothing that can be seen does, what matches ``other``."""
    return either([preferred, f"{page_without(preferred)} >> internal:chain={json.dumps(other, ensure_ascii=False)}"])


def page_with(selector: str) -> str:
    """The page itself, or the frame that the selector enters, where something in it matches."""
    frame, enter, inner = selector.rpartition(_ENTER_FRAME)
    return f"{frame}{enter}html >> internal:has={json.dumps(inner, ensure_ascii=False)}"


def page_without(selector: str) -> str:
    """The page itself, or the frame that the selector enters, where nothing that can be seen matches."""
    frame, enter, inner = selector.rpartition(_ENTER_FRAME)
    return f"{frame}{enter}html >> internal:has-not={json.dumps(visible(inner), ensure_ascii=False)}"


def _wanted(name: str, precision: Precision) -> str:
    if precision is Precision.FOLDED:
        words = r"\s+".join(_escape(word) for word in name.split())
        return rf"/^\s*{words}\s*$/i"
    return json.dumps(name, ensure_ascii=False) + ("s" if precision is Precision.EXACT else "i")


def _escape(word: str) -> str:
    """For a JavaScript regular expression within a selector, where ``>>`` and quotes would end a part."""
    return re.sub(r"""[\\^$.*+?()\[\]{}|/>"'`]""", r"\\\g<0>", word)
