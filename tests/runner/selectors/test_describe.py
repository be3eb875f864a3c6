"""Actions in one line."""

from __future__ import annotations

from typing import Any

import pytest

from control.protocol.actions import Action, ActionType
from runner.selectors.describe import describe_action, describe_selector


@pytest.mark.parametrize(
    ("action", "line"),
    [
        ({"type": "click", "selector": 'role=button[name="Checkout"]'}, "Click button 'Checkout'"),
        ({"type": "double_click", "selector": "#row"}, "Double-click #row"),
        ({"type": "hover", "selector": "text=Menu"}, "Hover over 'Menu'"),
        ({"type": "type", "selector": 'internal:label="Name"i', "value": "Ada"}, "Type 'Ada' into 'Name'"),
        ({"type": "type", "selector": "#name", "value": ""}, "Clear #name"),
        ({"type": "type", "selector": "#pw", "value": "{{secret:PW}}"}, "Type secret PW into #pw"),
        ({"type": "press", "value": "Enter"}, "Press Enter"),
        ({"type": "press", "value": "Enter", "selector": "#q"}, "Press Enter in #q"),
        ({"type": "select", "selector": "#size", "value": "L"}, "Select 'L' in #size"),
        ({"type": "check", "selector": "#agree"}, "Check #agree"),
        ({"type": "uncheck", "selector": "#agree"}, "Uncheck #agree"),
        ({"type": "scroll"}, "Scroll down"),
        ({"type": "scroll", "value": -200}, "Scroll up by 200 pixels"),
        ({"type": "scroll", "selector": "#end"}, "Scroll to #end"),
        ({"type": "navigate", "value": "/cart"}, "Go to /cart"),
        ({"type": "back"}, "Go back"),
        ({"type": "forward"}, "Go forward"),
        ({"type": "reload"}, "Reload the page"),
        ({"type": "wait", "value": "500"}, "Wait 500 ms"),
        ({"type": "wait", "selector": "text=Thank you"}, "Wait for 'Thank you'"),
        ({"type": "upload", "selector": "#file", "value": "a.txt"}, "Upload 'a.txt' to #file"),
        ({"type": "drag", "selector": "#a", "target": "#b"}, "Drag #a to #b"),
        ({"type": "new_tab"}, "Open a new tab"),
        ({"type": "new_tab", "value": "/cart"}, "Open /cart in a new tab"),
        ({"type": "switch_tab", "value": 1}, "Switch to tab 1"),
        ({"type": "close_tab", "value": 0}, "Close tab 0"),
        ({"type": "expect_text", "selector": "h1", "value": "Hi"}, "Expect h1 to say 'Hi'"),
        ({"type": "expect_visible", "selector": "text=Order"}, "Expect to see 'Order'"),
        ({"type": "expect_url", "value": "**/done"}, "Expect the address **/done"),
        ({"type": "expect_download", "value": "a-*.pdf"}, "Expect a download of 'a-*.pdf'"),
        ({"type": "expect_download", "value": "*"}, "Expect a download"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["type"],
)
def test_an_action_is_one_line(action: dict[str, Any], line: str) -> None:
    assert describe_action(Action.model_validate(action)) == line


def test_every_type_has_its_sentence() -> None:
    full = {"selector": "#a", "value": "1", "target": "#b"}
    for kind in ActionType:
        assert describe_action(Action.model_validate({"type": kind, **full}))


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ('internal:role=button[name="Pay"i]', "button 'Pay'"),
        ("role=button[name='Pay']", "button 'Pay'"),
        ("role=main", "main"),
        (r'role=link[name="Say \"hi\""]', "link 'Say \"hi\"'"),
        ('internal:attr=[placeholder="Search"i]', "'Search'"),
        ('[data-testid="buy"]', "'buy'"),
        ('internal:text="Pay"i >> nth=0', "'Pay'"),
        ("#form > button:nth-child(2)", "#form > button:nth-child(2)"),
        ('role=row[name="A"] >> role=button[name="B"]', 'role=row[name="A"] >> role=button[name="B"]'),
        ('internal:role=button[name="Pay"i] >> internal:or="#pay"', 'role=button[name="Pay"] …'),
        ('iframe >> internal:control=enter-frame >> internal:text="Pay"s >> b', 'iframe › text="Pay" >> b'),
        (r'html >> internal:has="internal:text=\"Paid\"i"', r'html >> has="text=\"Paid\"i"'),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_a_selector_is_said_as_a_person_would(selector: str, words: str) -> None:
    assert describe_selector(selector) == words


def test_long_values_and_line_breaks_stay_one_short_line() -> None:
    line = describe_action(Action.model_validate({"type": "type", "selector": "#t", "value": "a\nb" * 100}))
    assert "\n" not in line
    assert len(line) < 120
