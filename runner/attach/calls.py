"""A client's calls as actions: how they are shown, done with another locator, and answered without being done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from control.protocol.actions import Action, ActionType
from runner.attach.wire import Answer, Call, Message
from runner.selectors.describe import describe_action, describe_selector, shorten

HIDDEN: Final = "••••••••"
"""Stands for a value that must not be seen, or of which that is not known yet."""

_LONGEST_TITLE = 300
_Params = dict[str, Any]
_ToAction = Callable[[_Params], Action | None]


def to_action(call: Call, *, hidden: bool = False) -> Action:
    """Returns the call as an action; a ``call`` where none of the others says the same.

    ``hidden``: what it types is not in the answer.
    """
    make = _ACTIONS.get(call.kind)
    action = make(call.params) if make else None
    if action is None:
        return Action(type=ActionType.CALL, value=_title(call))
    if hidden and action.type is ActionType.TYPE:
        return action.model_copy(update={"value": HIDDEN})
    return action


def describe(call: Call, action: Action) -> str:
    """Returns one line for a person that says what the call does."""
    if action.type is ActionType.TYPE and action.value == HIDDEN:
        return f"Type into {describe_selector(action.selector or '')}"
    return describe_action(action)


def types_into(call: Call) -> str | None:
    """Returns the selector of the field that the call types into; None where it types into none that is known."""
    return call.params.get("selector") if call.kind in _TYPING else None


def types(call: Call) -> bool:
    """Returns whether the call puts a text of the client's into the page."""
    return call.kind in _FILLING


def rewritten(call: Call, action: Action) -> Message | None:
    """Returns the call's message with what ``action`` says otherwise; None for an action of another kind."""
    original = to_action(call)
    if action == original or (action.value == HIDDEN and action.selector == original.selector):
        return call.message
    if action.type is not original.type or action.type is ActionType.CALL:
        return None
    params = dict(call.params)
    if action.selector is not None and "selector" in params:
        params["selector"] = action.selector
    if action.target is not None and "target" in params:
        params["target"] = action.target
    if action.value not in {original.value, HIDDEN}:
        field = _VALUES.get(call.kind)
        if field is None:
            return None
        field(params, action.text)
    return {**call.message, "params": params}


def failure(call: Call, answer: Answer) -> str | None:
    """Returns why the call has failed, as people read it; None where it has not."""
    result = answer.message.get("result")
    if call.kind != "Frame.expect" or not isinstance(result, dict):
        return answer.error
    # Up to Playwright 1.60 an assertion that fails is no error on the wire.
    failed = result.get("matches") is bool(call.params.get("isNot"))
    return "\n".join(["the page is not as expected", *(result.get("log") or ())[-5:]]) if failed else None


def done(call: Call) -> Message:
    """Returns the answer to a call that was not carried out: what its client takes for success."""
    return {"id": call.id, "result": _result(call)}


def _result(call: Call) -> Message:
    if call.kind == "Frame.expect":
        return {"matches": not call.params.get("isNot")}
    return {"values": []} if call.kind.endswith(".selectOption") else {}


def to_text(message: Message) -> str:
    """Returns the message as it goes over the wire."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def _title(call: Call) -> str:
    selector = call.params.get("selector")
    on = describe_selector(selector) if isinstance(selector, str) and selector else ""
    if call.kind == "Frame.expect":
        negated = "not " if call.params.get("isNot") else ""
        wanted = str(call.params.get("expression", "")).replace(".", " ")
        return shorten(f"Expect {on or 'the page'} {negated}{wanted}", _LONGEST_TITLE)
    verb = _TITLES.get(call.kind) or call.kind.partition(".")[2]
    return shorten(f"{verb} {on}".rstrip(), _LONGEST_TITLE)


# From a call's parameters to an action; None where no action says the same


def _on(type: ActionType) -> _ToAction:
    return lambda params: Action(type=type, selector=params["selector"]) if params.get("selector") else None


def _click(params: _Params) -> Action | None:
    plain = params.get("button", "left") == "left" and not params.get("modifiers") and not params.get("trial")
    plain = plain and params.get("clickCount", 1) == 1
    return Action(type=ActionType.CLICK, selector=params["selector"]) if plain and params.get("selector") else None


def _with(type: ActionType, value: str) -> _ToAction:
    def make(params: _Params) -> Action | None:
        given = params.get(value)
        if not params.get("selector") or not isinstance(given, str) or (not given and type is ActionType.PRESS):
            return None
        return Action(type=type, selector=params["selector"], value=given)

    return make


def _select(params: _Params) -> Action | None:
    options = params.get("options") or ()
    names = [option.get("label") or option.get("value") or option.get("valueOrLabel") for option in options]
    if not params.get("selector") or not names or not all(isinstance(name, str) for name in names):
        return None
    return Action(type=ActionType.SELECT, selector=params["selector"], value="\n".join(names))


def _upload(params: _Params) -> Action | None:
    paths = [str(path).replace("\\", "/").rpartition("/")[2] for path in params.get("localPaths") or ()]
    names = paths or [str(file.get("name")) for file in params.get("payloads") or ()]
    if not params.get("selector") or not any(names):
        return None
    return Action(type=ActionType.UPLOAD, selector=params["selector"], value="\n".join(names))


def _drag(params: _Params) -> Action | None:
    if not params.get("source") or not params.get("target"):
        return None
    return Action(type=ActionType.DRAG, selector=params["source"], target=params["target"])


def _goto(params: _Params) -> Action | None:
    return Action(type=ActionType.NAVIGATE, value=params["url"]) if params.get("url") else None


def _key(params: _Params) -> Action | None:
    return Action(type=ActionType.PRESS, value=params["key"]) if params.get("key") else None


def _expect(params: _Params) -> Action | None:
    selector, expression = params.get("selector"), params.get("expression")
    if params.get("isNot"):
        return None
    if expression == "to.be.visible" and selector:
        return Action(type=ActionType.EXPECT_VISIBLE, selector=selector)
    expected: list[Message] = params.get("expectedText") or []
    text = next(iter(expected)).get("string") if len(expected) == 1 else None
    if not isinstance(text, str) or not text:
        return None
    if expression == "to.have.text" and selector:
        return Action(type=ActionType.EXPECT_TEXT, selector=selector, value=text)
    return Action(type=ActionType.EXPECT_URL, value=text) if expression == "to.have.url" else None


def _bare(type: ActionType) -> _ToAction:
    return lambda _: Action(type=type)


_ACTIONS: Final[dict[str, _ToAction]] = {
    "Frame.click": _click,
    "Frame.dblclick": _on(ActionType.DOUBLE_CLICK),
    "Frame.hover": _on(ActionType.HOVER),
    "Frame.check": _on(ActionType.CHECK),
    "Frame.uncheck": _on(ActionType.UNCHECK),
    "Frame.fill": _with(ActionType.TYPE, "value"),
    "Frame.type": _with(ActionType.TYPE, "text"),
    "Frame.press": _with(ActionType.PRESS, "key"),
    "Frame.selectOption": _select,
    "Frame.setInputFiles": _upload,
    "Frame.dragAndDrop": _drag,
    "Frame.goto": _goto,
    "Frame.expect": _expect,
    "Page.goBack": _bare(ActionType.BACK),
    "Page.goForward": _bare(ActionType.FORWARD),
    "Page.reload": _bare(ActionType.RELOAD),
    "Page.keyboardPress": _key,
}

_TITLES: Final[dict[str, str]] = {
    "Frame.click": "Click",
    "Frame.tap": "Tap",
    "Frame.focus": "Focus",
    "Frame.blur": "Leave",
    "Frame.dispatchEvent": "Dispatch an event to",
    "Frame.selectOption": "Select in",
    "Frame.setInputFiles": "Upload files to",
    "Frame.setContent": "Set the page's content",
    "Frame.dragAndDrop": "Drag",
    "Page.keyboardDown": "Hold a key down",
    "Page.keyboardUp": "Release a key",
    "Page.keyboardInsertText": "Type on the keyboard",
    "Page.keyboardType": "Type on the keyboard",
    "Page.keyboardPress": "Press a key",
    "Page.mouseMove": "Move the mouse",
    "Page.mouseDown": "Hold the mouse button down",
    "Page.mouseUp": "Release the mouse button",
    "Page.mouseClick": "Click with the mouse",
    "Page.mouseWheel": "Turn the mouse wheel",
    "Page.touchscreenTap": "Tap the screen",
    "Page.expectScreenshot": "Expect the screenshot",
    "ElementHandle.check": "Check an element",
    "ElementHandle.click": "Click an element",
    "ElementHandle.dblclick": "Double-click an element",
    "ElementHandle.dispatchEvent": "Dispatch an event to an element",
    "ElementHandle.fill": "Type into an element",
    "ElementHandle.focus": "Focus an element",
    "ElementHandle.hover": "Hover over an element",
    "ElementHandle.press": "Press a key in an element",
    "ElementHandle.selectOption": "Select in an element",
    "ElementHandle.setInputFiles": "Upload files to an element",
    "ElementHandle.tap": "Tap an element",
    "ElementHandle.type": "Type into an element",
    "ElementHandle.uncheck": "Uncheck an element",
}

STEPS: Final = frozenset(_ACTIONS) | frozenset(_TITLES)
"""The calls that act or assert. Waits, getters and everything else are never held."""

_TYPING: Final = {"Frame.fill", "Frame.type"}
_FILLING: Final = {
    *(*_TYPING, "Frame.selectOption", "ElementHandle.fill", "ElementHandle.type", "ElementHandle.selectOption"),
    *("Page.keyboardType", "Page.keyboardInsertText"),
}


def _put(name: str) -> Callable[[_Params, str], None]:
    def put(params: _Params, text: str) -> None:
        params[name] = text

    return put


def _put_options(params: _Params, text: str) -> None:
    params["options"] = [{"valueOrLabel": name} for name in text.split("\n")]


def _put_expected(params: _Params, text: str) -> None:
    params["expectedText"] = [{**params["expectedText"][0], "string": text}]


_VALUES: Final[dict[str, Callable[[_Params, str], None]]] = {
    "Frame.fill": _put("value"),
    "Frame.type": _put("text"),
    "Frame.press": _put("key"),
    "Frame.goto": _put("url"),
    "Frame.selectOption": _put_options,
    "Frame.expect": _put_expected,
    "Page.keyboardPress": _put("key"),
}
