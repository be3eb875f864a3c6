"""Secrets: resolved where they are used, and never shown."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.errors import NotFound, UnknownSecret
from control.secrets import MASK, Secrets

VALUES = st.text(st.characters(exclude_characters="•", exclude_categories=["Cs"]), min_size=3, max_size=12)
FORMS: st.SearchStrategy[Callable[[str], str]] = st.sampled_from(
    [
        str,
        quote,
        quote_plus,
        lambda value: re.sub("%..", lambda found: found[0].lower(), quote(value, safe="")),
        lambda value: json.dumps(value)[1:-1],
        lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
        html.escape,
        lambda value: html.escape(value, quote=False),
    ]
)


def test_a_name_is_replaced_by_its_value() -> None:
    secrets = Secrets({"USER": "ada", "PASSWORD": "engine"})
    assert secrets.resolve("{{secret:USER}}:{{ secret: PASSWORD }}!") == "ada:engine!"
    assert secrets.names == ("USER", "PASSWORD")


def test_a_value_is_not_resolved_again() -> None:
    assert Secrets({"A": "{{secret:B}}", "B": "bbb"}).resolve("{{secret:A}}") == "{{secret:B}}"


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(UnknownSecret, match="no secret 'PIN'; this run knows: USER"):
        Secrets({"USER": "ada"}).resolve("{{secret:PIN}}")
    assert issubclass(UnknownSecret, NotFound)


def test_the_longest_value_is_masked_whole() -> None:
    secrets = Secrets({"A": "pass", "B": "password", "C": "xpa"})
    assert secrets.mask("my password, xpassword, pass") == f"my {MASK}, {MASK}, {MASK}"


def test_a_value_that_overlaps_itself_leaves_no_rest() -> None:
    assert Secrets({"A": "aba"}).mask("-ababa-") == f"-{MASK}-"


def test_short_values_are_left_alone() -> None:
    assert Secrets({"A": "ab", "B": ""}).mask("cab") == "cab"


def test_names_that_hold_a_value_stay_as_they_are() -> None:
    secrets = Secrets({"user": "admin", "admin_password": "secret-9", "kind": "secret"})
    text = "{{secret:admin_password}} of admin and {{ secret: user }}"
    assert secrets.mask(text) == f"{{{{secret:admin_password}}}} of {MASK} and {{{{ secret: user }}}}"
    assert secrets.refer(text) == "{{secret:admin_password}} of {{secret:user}} and {{ secret: user }}"
    assert secrets.refer("secret-9 is secret") == "{{secret:admin_password}} is {{secret:kind}}"


def test_a_name_that_is_none_of_the_run_hides_no_value() -> None:
    secrets = Secrets({"PW": "hunter2"})
    assert secrets.mask("{{secret:hunter2}}") == f"{{{{secret:{MASK}}}}}"
    assert "hunter2" not in secrets.refer("{{secret:hunter2}}")


@pytest.mark.parametrize("spelled", ["p%40ss%20w%26rd", "p@ss+w&amp;rd", r"p@ss w\u0026rd"])
def test_a_value_that_is_spelled_otherwise_is_named_too(spelled: str) -> None:
    secrets = Secrets({"short": "p@ss", "pw": "p@ss w&rd"})
    assert secrets.refer(f"http://shop.test/?pw={spelled}") == "http://shop.test/?pw={{secret:pw}}"


def test_a_partly_encoded_value_is_masked() -> None:
    assert Secrets({"A": "a/b c&d"}).mask("?q=a/b%20c%26d&x") == f"?q={MASK}&x"


def test_values_are_not_in_its_repr() -> None:
    assert repr(Secrets({"A": "hidden"})) == "Secrets(A)"


@given(st.lists(VALUES, min_size=1, max_size=4), st.data())
def test_no_value_survives_masking(values: list[str], data: st.DataObject) -> None:
    secrets = Secrets({str(number): value for number, value in enumerate(values)})
    used = data.draw(st.lists(st.sampled_from(values) | st.text(max_size=5), max_size=8))
    masked = secrets.mask("".join(used))
    assert not [value for value in values if value in masked]


@given(VALUES, FORMS, st.text(max_size=8), st.text(max_size=8))
def test_no_spelling_of_a_value_survives(value: str, form: Callable[[str], str], before: str, after: str) -> None:
    spelt = form(value)
    masked = Secrets({"A": value}).mask(f"{before}{spelt}{after}")
    assert not [part for part in masked.split(MASK) if spelt in part]


@given(st.text(), st.lists(VALUES, max_size=3))
def test_text_without_values_is_unchanged(text: str, values: list[str]) -> None:
    secrets = Secrets({str(number): value for number, value in enumerate(values)})
    masked = secrets.mask(text)
    assert masked == text or MASK in masked


@given(st.text(), VALUES)
def test_what_is_resolved_can_be_masked_again(text: str, value: str) -> None:
    secrets = Secrets({"A": value})
    assert value not in secrets.mask(text + secrets.resolve("{{secret:A}}"))


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("4242 4242", True),
        ("(4242)-4242.", True),
        ("42424242", False),
        ("{{secret:CARD}}", False),
        ("4242 42", False),
        ("", False),
    ],
)
def test_a_value_with_a_masks_signs_in_it_is_known(text: str, parted: bool) -> None:
    assert Secrets({"CARD": "42424242", "SHORT": "7", "SIGNS": "***"}).has_parted(text) is parted
