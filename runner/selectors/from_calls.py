"""The selectors that Playwright makes of the locator calls in somebody's code, as they go over the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_Escape = Callable[[str, bool], str]


@dataclass(frozen=True, slots=True)
class CodePattern:
    """Holds a regular expression as code writes it."""

    source: str
    flags: str = ""
    """As JavaScript names them."""


@dataclass(frozen=True, slots=True)
class LocatorCall:
    """Holds one call that makes a locator, with the names that Python has for method and options."""

    method: str
    arguments: tuple[CodeValue, ...] = ()
    options: Mapping[str, CodeValue] = field(default_factory=dict)


CodeValue = str | int | float | bool | CodePattern | tuple[LocatorCall, ...] | None
"""What an argument is, where the code alone says it; a locator is the calls that make it."""


@dataclass(frozen=True, slots=True)
class CodeLocator:
    """Holds a locator that was found in source code."""

    start: int
    """The index in the text of the dot behind what the locator is of."""
    end: int
    receiver: str
    """The code that it is of, such as ``page``."""
    selector: str | None
    """What it makes; None where that depends on more than the expression itself."""
    following: str = ""
    """What has to stand behind another locator in its place."""


LOCATING: Final = frozenset(
    {
        "get_by_alt_text",
        "get_by_label",
        "get_by_placeholder",
        "get_by_role",
        "get_by_test_id",
        "get_by_text",
        "get_by_title",
        "locator",
        "frame_locator",
        "content_frame",
        "first",
        "last",
        "nth",
        "filter",
        "and_",
        "or_",
        "describe",
    }
)
"""The methods and properties that make a locator of a page, a frame or another locator."""
SELECTOR_METHODS: Final = frozenset(
    {
        "click",
        "dblclick",
        "hover",
        "fill",
        "type",
        "press",
        "check",
        "uncheck",
        "set_checked",
        "select_option",
        "set_input_files",
        "tap",
        "focus",
    }
)
"""The methods of a page that take a selector first, and that a locator has without it."""


def snake_case(name: str) -> str:
    """Returns the name that Python has for a method or an option of JavaScript's."""
    snake = re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", name)
    return f"{snake}_" if snake in {"and", "or"} else snake


def selector_of(calls: Sequence[LocatorCall]) -> str | None:
    """Returns the selector that the calls make; None where the code alone does not say it."""
    selector, enters = "", False
    for call in calls:
        part = _part(call)
        if part is None:
            return None
        if call.method == "content_frame":
            enters = True
            continue
        refines = call.method in _REFINING
        if enters and not refines:
            selector += " >> internal:control=enter-frame"
            enters = False
        selector = f"{selector} >> {part}" if selector else part
        enters = enters or call.method == "frame_locator"
    return selector or None


def same_element(found: str, sent: str) -> bool:
    """Returns whether a client has sent this selector, or one that begins elsewhere and ends with it."""
    code, wire = _normalised(found), _normalised(sent)
    return wire == code or wire.endswith(f" >> {code}")


def _normalised(selector: str) -> str:
    """Returns the selector without what differs by version and configuration: escapes, the attribute for test ids."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), selector)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = re.sub(r"internal:testid=\[.*?=(?=[\"/])", "internal:testid=[=", text)
    return re.sub(r" >> internal:describe=\"(?:[^\"\\]|\\.)*\"", "", text).strip()


def _part(call: LocatorCall) -> str | None:
    reader = _READERS.get(call.method)
    try:
        return reader(call) if reader else None
    except (_Unknown, IndexError):
        return None


class _Unknown(Exception):
    """Raised for an argument of another type than Playwright takes."""


def _matched(value: CodeValue, exact: object, escape: _Escape) -> str:
    if isinstance(value, CodePattern):
        source = re.sub(r"(^|[^\\])(\\\\)*([\"'`])", r"\1\2\\\3", value.source).replace(">>", "\\>\\>")
        return f"/{source}/{value.flags}"
    if not isinstance(value, str):
        raise _Unknown
    return escape(value, bool(exact))


def _quoted(text: str, exact: bool) -> str:
    return json.dumps(text, ensure_ascii=False) + ("s" if exact else "i")


def _attribute_value(text: str, exact: bool) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"{"s" if exact else "i"}'


def _by_text(engine: str) -> Callable[[LocatorCall], str]:
    return lambda call: f"internal:{engine}={_matched(call.arguments[0], call.options.get('exact'), _quoted)}"


def _by_attribute(name: str) -> Callable[[LocatorCall], str]:
    def read(call: LocatorCall) -> str:
        return f"internal:attr=[{name}={_matched(call.arguments[0], call.options.get('exact'), _attribute_value)}]"

    return read


def _by_test_id(call: LocatorCall) -> str:
    return f"internal:testid=[data-testid={_matched(call.arguments[0], True, _attribute_value)}]"


def _by_role(call: LocatorCall) -> str:
    role, options = call.arguments[0], call.options
    if not isinstance(role, str) or options.keys() - {*_ROLE_OPTIONS, "exact"}:
        raise _Unknown
    listed = []
    for name, written in _ROLE_OPTIONS.items():
        value = options.get(name)
        if value is None:
            continue
        if name in {"name", "description"}:
            listed.append(f"[{written}={_matched(value, options.get('exact'), _attribute_value)}]")
        else:
            listed.append(f"[{written}={str(value).lower()}]")
    return f"internal:role={role}{''.join(listed)}"


def _located(call: LocatorCall) -> str:
    inner = call.arguments[0]
    if isinstance(inner, tuple):
        selector = f"internal:chain={_nested(inner)}"
    elif isinstance(inner, str):
        selector = inner
    else:
        raise _Unknown
    return " >> ".join([selector, *_filters(call.options)])


def _filtered(call: LocatorCall) -> str:
    filters = _filters(call.options)
    if not filters:
        raise _Unknown
    return " >> ".join(filters)


def _filters(options: Mapping[str, CodeValue]) -> list[str]:
    if options.keys() - {*_FILTERS, "visible"}:
        raise _Unknown
    parts = []
    for name in _FILTERS:
        value = options.get(name)
        if value is None or value == "":
            continue
        text = _nested(value) if name in {"has", "has_not"} else _matched(value, False, _quoted)
        parts.append(f"internal:{name.replace('_', '-')}={text}")
    if options.get("visible") is not None:
        parts.append(f"visible={str(options['visible']).lower()}")
    return parts


def _nested(value: CodeValue) -> str:
    selector = selector_of(value) if isinstance(value, tuple) else None
    if selector is None:
        raise _Unknown
    return json.dumps(selector, ensure_ascii=False)


def _combined(engine: str) -> Callable[[LocatorCall], str]:
    return lambda call: f"internal:{engine}={_nested(call.arguments[0])}"


def _nth(call: LocatorCall) -> str:
    index = call.arguments[0]
    if not isinstance(index, int):
        raise _Unknown
    return f"nth={index}"


_ROLE_OPTIONS: Final = {
    "checked": "checked",
    "disabled": "disabled",
    "selected": "selected",
    "expanded": "expanded",
    "include_hidden": "include-hidden",
    "level": "level",
    "name": "name",
    "description": "description",
    "pressed": "pressed",
}
"""In the order in which Playwright writes them."""
_FILTERS: Final = ("has_text", "has_not_text", "has", "has_not")
_REFINING: Final = {"first", "last", "nth"}
"""What chooses among frames where it follows ``frame_locator``."""
_READERS: Final[dict[str, Callable[[LocatorCall], str]]] = {
    "get_by_alt_text": _by_attribute("alt"),
    "get_by_label": _by_text("label"),
    "get_by_placeholder": _by_attribute("placeholder"),
    "get_by_role": _by_role,
    "get_by_test_id": _by_test_id,
    "get_by_text": _by_text("text"),
    "get_by_title": _by_attribute("title"),
    "locator": _located,
    "frame_locator": _located,
    "content_frame": lambda _: "",
    "first": lambda _: "nth=0",
    "last": lambda _: "nth=-1",
    "nth": _nth,
    "filter": _filtered,
    "and_": _combined("and"),
    "or_": _combined("or"),
    "describe": lambda call: f"internal:describe={json.dumps(call.arguments[0])}",
}
