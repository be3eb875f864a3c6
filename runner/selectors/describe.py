"""The descriptions of actions and selectors in one line for a person: ``Click button 'Checkout'``."""

from __future__ import annotations

import re
from collections.abc import Callable

from control.protocol.actions import Action, ActionType
from control.secrets import Reference, parts, unescape
from control.user_info import without_user_info
from runner.selectors.build import ENTER_FRAME

_LONGEST = 80
"""Characters of a value or a selector that are shown."""

_QUOTED = r"""(?P<quote>["'])(?P<name>(?:\\.|(?!(?P=quote)).)*)(?P=quote)[is]?"""
_ROLE = re.compile(rf"^(?:internal:)?role=(?P<role>[\w-]+)(?:\[name={_QUOTED}\])?$")
_NAMED = re.compile(rf"^(?:internal:)?(?:label|text|title|alt|placeholder)={_QUOTED}$")
_ATTRIBUTE = re.compile(rf"^(?:internal:attr=|internal:testid=|\w*)?\[[\w-]+={_QUOTED}\]$")
_NAME = re.compile(r'\[name="((?:[^"\\]|\\.)*)"\](?: >> nth=\d+)?$')
_TEXT = re.compile(r'(?:^|>> )text="?([^"]+)"?$')
_PLAIN_TEXT = re.compile(r"^(?:label|text)=(?P<name>[^\"'].*)$")
_ENGINE = re.compile(r"\binternal:([\w-]+)=")
_ALTERNATIVE = " >> internal:or="
_CASE = re.compile(r'("(?:[^"\\]|\\.)*")[is](?=\]|$| >>)')


def describe_action(action: Action) -> str:
    """Returns one line that says what the action does. A secret is called by its name."""
    return unescape(_SENTENCES[action.type](action))


def describe_selector(selector: str) -> str:
    """Returns a selector as a person would say it: ``button 'Checkout'``; itself where it says no name."""
    return unescape(_described(selector.removesuffix(" >> nth=0").strip()))


def _described(selector: str) -> str:
    if found := _ROLE.match(selector):
        return f"{found['role']} {_quote(_unescape(found['name']))}" if found["name"] else found["role"]
    for pattern in (_NAMED, _ATTRIBUTE):
        if found := pattern.match(selector):
            return _quote(_unescape(found["name"]))
    if found := _PLAIN_TEXT.match(selector):
        return _quote(found["name"])
    return shorten(plain_selector(selector), _LONGEST)


def plain_selector(selector: str) -> str:
    """Returns a selector without the names of undocumented engines; of one that leaves several ways open, the first."""
    first, *others = selector.split(_ALTERNATIVE)
    plain = _CASE.sub(r"\1", _ENGINE.sub(r"\1=", first.replace(ENTER_FRAME, " › ")))
    return f"{plain} …" if others else plain


def click_verb(action: Action) -> str:
    """Returns how it is clicked: ``Click``, ``Right-click``, ``Control-click``."""
    button = "" if action.button in {None, "left"} else f"{action.button}-"
    verb = "".join([*(f"{modifier}-" for modifier in action.modifiers or ()), button, "click"])
    return verb[0].upper() + verb[1:]


def element_name(selector: str) -> str:
    """Returns the element's name in quotes, as a step's description has it; the selector where it has none."""
    found = _NAME.search(selector) or _TEXT.search(selector)
    return f"'{_unescape(found[1])}'" if found else plain_selector(selector)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def shorten(text: str, longest: int = 200) -> str:
    """Returns the text in one line of at most ``longest`` characters; an ellipsis ends one that was cut."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _quote(text: str) -> str:
    return f"'{shorten(text, _LONGEST)}'"


def _value(action: Action) -> str:
    match parts(action.text):
        case [Reference(name)]:
            return f"secret {name}"
    return _quote(action.shown)


def _on(action: Action) -> str:
    return describe_selector(action.selector or "")


def _pointer(verb: str) -> Callable[[Action], str]:
    return lambda action: f"{verb} {_on(action)}"


def _type(action: Action) -> str:
    return f"Clear {_on(action)}" if action.text == "" else f"Type {_value(action)} into {_on(action)}"


def _press(action: Action) -> str:
    return f"Press {shorten(action.text, _LONGEST)}" + (f" in {_on(action)}" if action.selector else "")


def _scroll(action: Action) -> str:
    if action.selector:
        return f"Scroll to {_on(action)}"
    pixels = action.number
    if pixels is None:
        return "Scroll down"
    if action.to_the_end:
        return f"Scroll to the {'top' if pixels < 0 else 'bottom'}"
    return f"Scroll {'up' if pixels < 0 else 'down'} by {abs(pixels):g} pixels"


def _wait(action: Action) -> str:
    return f"Wait for {_on(action)}" if action.selector else f"Wait {action.number or 0:g} ms"


def _new_tab(action: Action) -> str:
    address = shorten(without_user_info(action.text), _LONGEST)
    return f"Open {address} in a new tab" if address else "Open a new tab"


def _named(action: Action) -> str:
    return "" if action.text.strip() == "*" else f" of {_value(action)}"


def _tab(verb: str) -> Callable[[Action], str]:
    return lambda action: f"{verb} tab {action.number or 0:g}"


_SENTENCES: dict[ActionType, Callable[[Action], str]] = {
    ActionType.CLICK: lambda action: f"{click_verb(action)} {_on(action)}",
    ActionType.DOUBLE_CLICK: _pointer("Double-click"),
    ActionType.HOVER: _pointer("Hover over"),
    ActionType.TYPE: _type,
    ActionType.PRESS: _press,
    ActionType.SELECT: lambda action: f"Select {_value(action)} in {_on(action)}",
    ActionType.CHECK: _pointer("Check"),
    ActionType.UNCHECK: _pointer("Uncheck"),
    ActionType.SCROLL: _scroll,
    ActionType.NAVIGATE: lambda action: f"Go to {shorten(without_user_info(action.text), _LONGEST)}",
    ActionType.BACK: lambda _: "Go back",
    ActionType.FORWARD: lambda _: "Go forward",
    ActionType.RELOAD: lambda _: "Reload the page",
    ActionType.WAIT: _wait,
    ActionType.UPLOAD: lambda action: f"Upload {_value(action)} to {_on(action)}",
    ActionType.DRAG: lambda action: f"Drag {_on(action)} to {describe_selector(action.target or '')}",
    ActionType.NEW_TAB: _new_tab,
    ActionType.SWITCH_TAB: _tab("Switch to"),
    ActionType.CLOSE_TAB: _tab("Close"),
    ActionType.EXPECT_TEXT: lambda action: f"Expect {_on(action)} to say {_value(action)}",
    ActionType.EXPECT_VISIBLE: lambda action: f"Expect to see {_on(action)}",
    ActionType.EXPECT_URL: lambda action: f"Expect the address {shorten(without_user_info(action.text), _LONGEST)}",
    ActionType.EXPECT_DOWNLOAD: lambda action: f"Expect a download{_named(action)}",
    ActionType.CALL: lambda action: shorten(action.text, _LONGEST),
}
