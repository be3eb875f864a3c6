"""What sentences mean. Every example of the documentation is one of the cases."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from control.protocol.actions import ActionType
from runner.planners.grammar import UnknownSentence, parse, read
from runner.planners.instruction_check import check_instructions
from runner.planners.intents import Intent
from runner.planners.sentence_splitter import UnclosedQuote, split

DOCUMENT = Path(__file__).parents[3] / "docs" / "plain-language.md"


def documented() -> list[tuple[str, str, str, str]]:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    table = lines[lines.index("| Sentence | Action | Thing | Value |") + 2 :]
    rows = [line.strip("|").split("|") for line in table[: table.index("")]]
    return [(row[0].strip(), row[1].strip(), row[2].strip(), row[3].strip()) for row in rows]


def one(text: str) -> Intent:
    (intent,) = read(text)
    return intent


def value_of(intent: Intent) -> str:
    if intent.gone:
        return "gone"
    if intent.contains:
        return f"contains {intent.value}"
    if intent.type is ActionType.SCROLL and intent.thing is None and intent.value is None:
        return "one viewport up" if intent.up else "one viewport"
    if isinstance(intent.value, float):
        assert math.isfinite(intent.value)
        return f"{intent.value:g}"
    return "(empty)" if intent.value == "" else str("" if intent.value is None else intent.value)


def thing_of(intent: Intent) -> str:
    named = str(intent.thing or "")
    return f"{named} to {intent.target}" if intent.target else named


@pytest.mark.parametrize("row", documented(), ids=lambda row: row[0])
def test_documented_example(row: tuple[str, str, str, str]) -> None:
    sentence, action, thing, value = row
    intent = one(sentence)
    assert (intent.type.value, thing_of(intent), value_of(intent)) == (action, thing, value)


def test_every_action_is_documented() -> None:
    assert {row[1] for row in documented()} == {kind.value for kind in ActionType} - {"call"}


@pytest.mark.parametrize(
    "text",
    [
        "Click 'Pay'",
        'CLICK "Pay"',
        "click “Pay”",
        "Click ‘Pay’",
        "Click «Pay»",
        "Then I click on the 'Pay'.",
        "- click Pay",
        "1. Please click 'Pay'!",
        "Step 2: Click 'Pay'",
        "[ ] Click 'Pay'",
        "When I click „Pay“",
    ],
)
def test_forms_of_one_sentence(text: str) -> None:
    intent = one(text)
    assert intent.type is ActionType.CLICK
    assert intent.thing is not None
    assert (intent.thing.name, intent.thing.kind, intent.thing.nth) == ("Pay", None, None)


def test_sentences_of_a_text() -> None:
    text = """
    # Buying
    1. Go to /cart. 2. Click 'Don't show. Ever'
    Type 'Ada. B; C' into 'Name' and press Enter

    Click Save and close; wait 1 second
    """
    assert [(s.line, s.text) for s in split(text)] == [
        (3, "Go to /cart"),
        (3, "Click 'Don't show. Ever'"),
        (4, "Type 'Ada. B; C' into 'Name'"),
        (4, "press Enter"),
        (6, "Click Save and close"),
        (6, "wait 1 second"),
    ]


def test_a_dot_within_an_address_ends_nothing() -> None:
    assert [intent.value for intent in read("Go to https://example.com/a.b?c=1. Press Enter")] == [
        "https://example.com/a.b?c=1",
        "Enter",
    ]


def test_secret_is_kept_whole() -> None:
    assert one("Type {{secret:in to}} into Password").value == "{{secret:in to}}"
    assert one("Type user-{{secret:NAME}} into 'User'").value == "user-{{secret:NAME}}"
    assert one("Type 'a {{secret:NAME}} b' into 'User'").value == "a {{secret:NAME}} b"


def test_backquotes_hold_a_selector() -> None:
    thing = one("Click the second `div.card >> text='x'`").thing
    assert thing is not None
    assert (thing.selector, thing.nth) == ("div.card >> text='x'", 1)


@pytest.mark.parametrize(
    ("sentence", "key"),
    [
        ("Press esc", "Escape"),
        ("Press Return", "Enter"),
        ("Hit the space bar", "Space"),
        ("Press a", "a"),
        ("Press A", "A"),
        ("Press cmd + shift + p", "Meta+Shift+P"),
        ("Press Page Down", "PageDown"),
        ("Press F5", "F5"),
        ("Press 'Tab'", "Tab"),
        ("Press the '+' key", "+"),
        ("Press Control+Enter in 'Note'", "Control+Enter"),
    ],
)
def test_keys(sentence: str, key: str) -> None:
    intent = one(sentence)
    assert (intent.type, intent.value) == (ActionType.PRESS, key)


@pytest.mark.parametrize(
    "sentence", ["Press 'Pay'", "Press Pay", "Press '+'", "Open 'Menu'", "Press the 'Enter' button"]
)
def test_press_and_open_click_what_is_no_key_and_no_address(sentence: str) -> None:
    assert one(sentence).type is ActionType.CLICK


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Clik 'Pay'", "Click 'Checkout'"),
        ("Do something", "Type 'Ada' into 'Name'"),
        ("Click", "Click 'Checkout'"),
        ("Click 'A' and 'B'", "one pair of quotes"),
        ("Type a in b in c", "Put the value and the name into quotes"),
        ("Go to the checkout", "An address looks like /cart"),
        ("Close tab 0", "counted from 1"),
        ("Expect to see not Error", "Put the name into quotes"),
        ("Click ''", "cannot be empty"),
    ],
)
def test_what_cannot_be_understood(sentence: str, said: str) -> None:
    text = f"Go back\n\n{sentence}"
    with pytest.raises(UnknownSentence) as caught:
        read(text)
    assert f'"{sentence}" (line 3)' in str(caught.value)
    assert said in str(caught.value)
    (problem,) = check_instructions(text)
    assert (problem.line, problem.sentence, problem.message) == (3, sentence, str(caught.value))
    assert problem.examples


def test_suggested_sentences_are_understood() -> None:
    for sentence in (
        "Clik x",
        "Opn x",
        "Expct x",
        "Scrol x",
        "Wate x",
        "Swich x",
        "Selct x",
        "Drg x",
        "Uplod x",
        "???",
    ):
        with pytest.raises(UnknownSentence) as caught:
            read(sentence)
        assert caught.value.examples
        for example in caught.value.examples:
            assert parse(split(example)[0])


def test_an_open_quote_is_told_with_its_line() -> None:
    with pytest.raises(UnclosedQuote, match="Line 2: the quote ' is opened and not closed"):
        split("Go back\nClick 'Pay")


def test_what_is_too_long_is_not_looked_at() -> None:
    assert one(f"Type '{'x' * 9999}' into 'Name'").value == "x" * 9999
    with pytest.raises(UnknownSentence, match="longer than 500 characters") as caught:
        read("Fill " + "with " * 9999)
    assert len(str(caught.value)) < 500
    assert [sentence.text for sentence in split("." * 60_000 + "Go back")] == ["Go back"]


def test_control_characters_cannot_forge_a_part() -> None:
    intent = one("Type '\x001\x00' into 'Name'")
    assert intent.value == "1"
