"""The builders of Playwright selectors from the names that people give things."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum

from runner.selectors.typography import alike, has_variants

ENTER_FRAME = " >> internal:control=enter-frame >> "
"""Between the selector of an ``<iframe>`` and a selector within it."""
_SCOPES = {
    "row": ":is(tr, [role=row], li, [role=listitem], [role=treeitem], article)",
    "dialog": ":is(dialog, [role=dialog], [role=alertdialog])",
    "section": ":is(section, fieldset, form, table, nav, aside, details, [role=region], [role=group], [role=tabpanel])",
}
_OR = " >> internal:or="


class Precision(StrEnum):
    """Says how a name must match."""

    EXACT = "exact"
    FOLDED = "folded"
    """The whole name, upper and lower case alike."""
    PART = "part"
    """A part of the name, upper and lower case alike."""


class Engine(StrEnum):
    """Names what of an element is compared with a name."""

    ROLE = "role"
    """The accessible name of an element with a certain ARIA role."""
    LABEL = "label"
    PLACEHOLDER = "placeholder"
    ALT = "alt"
    TITLE = "title"
    TEXT = "text"
    TEST_ID = "data-testid"


def by_role(role: str, name: str, precision: Precision) -> str:
    """Returns a selector such as ``role=button[name="Checkout"]``; a pattern where the name has several spellings."""
    quoted = _in_quotes(name)
    if precision is not Precision.EXACT and has_variants(name):
        whole = precision is Precision.FOLDED
        return f"role={role}[name=/{_anchored(name) if whole else alike(name)}/i]"
    match precision:
        case Precision.EXACT:
            return f"role={role}[name={quoted}]"
        case Precision.FOLDED:
            return f"role={role}[name={quoted} i]"
        case Precision.PART:
            return f"role={role}[name*={quoted} i]"


def by(engine: Engine, name: str, precision: Precision) -> str:
    """Returns what ``page.get_by_label(…)`` and its like make, such as ``internal:label="Name"s``. Not for roles."""
    if engine in {Engine.LABEL, Engine.TEXT}:
        return f"internal:{engine}={_wanted(name, precision, json.dumps(name, ensure_ascii=False))}"
    wanted = _wanted(name, precision, _in_quotes(name))
    match engine:
        case Engine.TEST_ID:
            return f"internal:testid=[{engine}={wanted}]"
        case _:
            return f"internal:attr=[{engine}={wanted}]"


def finds_by_label(selector: str) -> bool:
    """Returns whether it finds something by its label, which may be a whole group."""
    return f"internal:{Engine.LABEL}=" in selector


def by_likely_name(
    name: str,
    roles: Iterable[str] = (),
    *,
    text: bool = False,
    value: bool = False,
    options: bool = False,
    precision: str = "either",
    scope: tuple[str, str] | None = None,
) -> str:
    """Returns a selector of our own engine `jumpseat-named`, which finds what has the name for a person who looks.

    Args:
        name: an accessible name, or what stands where a label would.
        roles: the ARIA roles that may be meant.
        text: whether any element that shows the text is meant, too.
        value: whether fields that hold the name as their value are meant instead.
        options: whether a ``<select>`` that offers the name is meant instead.
        precision: ``whole``, ``part``, or ``either``: a part only where nothing has the whole name.
        scope: the kind (``row``, ``dialog``, ``section``) and the name of what it is in.
    """
    place = {"kind": scope[0], "name": scope[1]} if scope else None
    meant = {"roles": list(roles), "text": text, "value": value, "options": options}
    wanted = {"name": name, **meant, "precision": precision, "scope": place}
    return f"jumpseat-named={json.dumps(wanted, ensure_ascii=False)}"


def within(scope: tuple[str, str], selector: str) -> str:
    """Returns a selector of what is in a place of that kind (``row``, ``dialog``, ``section``) that shows the name."""
    kind, name = scope
    return f"{_SCOPES[kind]} >> internal:has-text={json.dumps(name, ensure_ascii=False)}i >> {selector}"


def nth(selector: str, index: int) -> str:
    """Returns a selector of one of the visible matches, counted from 0; -1 is the last."""
    return f"{visible(selector)} >> nth={index}"


def visible(selector: str) -> str:
    """Returns a selector of those matches only that can be seen."""
    return f"{selector} >> visible=true"


def either(selectors: Iterable[str]) -> str:
    """Returns a selector of what matches any of them, in document order."""
    first, *others = selectors
    return "".join([first, *(f"{_OR}{json.dumps(other, ensure_ascii=False)}" for other in others)])


def alternatives(selector: str) -> list[str]:
    """Returns the ways in which the selector may find its element, as `either` has joined them; at least one."""
    first, *others = selector.split(_OR)
    return [first, *others]


def is_open(selector: str) -> bool:
    """Returns whether it finds an element by several ways, so that only the page says which of them it was."""
    return _OR in selector


def first_of(preferred: str, other: str) -> str:
    """Returns a selector of what matches ``preferred``, or ``other`` while nothing visible matches ``preferred``."""
    return either([preferred, f"{page_without(preferred)} >> internal:chain={json.dumps(other, ensure_ascii=False)}"])


def in_same_frame(selector: str, inner: str) -> str:
    """Returns the selector of ``inner`` in the frame that another selector enters."""
    frame, enter, _ = selector.rpartition(ENTER_FRAME)
    return f"{frame}{enter}{inner}"


def page_with(selector: str) -> str:
    """Returns a selector of the page, or of the frame that the selector enters, where something in it matches."""
    frame, enter, inner = selector.rpartition(ENTER_FRAME)
    return f"{frame}{enter}html >> internal:has={json.dumps(inner, ensure_ascii=False)}"


def page_without(selector: str) -> str:
    """Returns a selector of the page, or of the frame that the selector enters, where nothing visible matches."""
    frame, enter, inner = selector.rpartition(ENTER_FRAME)
    return f"{frame}{enter}html >> internal:has-not={json.dumps(visible(inner), ensure_ascii=False)}"


def _in_quotes(text: str) -> str:
    """Returns the text as attributes and roles take it: a backslash stands before quotes and backslashes."""
    return '"{}"'.format(text.replace("\\", r"\\").replace('"', r"\""))


def _wanted(name: str, precision: Precision, quoted: str) -> str:
    if precision is Precision.FOLDED:
        return f"/{_anchored(name)}/i"
    if precision is Precision.PART and has_variants(name):
        return f"/{alike(name)}/i"
    return quoted + ("s" if precision is Precision.EXACT else "i")


def _anchored(name: str) -> str:
    return rf"^\s*{alike(name)}\s*$"
