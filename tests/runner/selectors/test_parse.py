"""Selectors read back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.planners.intents import Thing
from runner.planners.near_names import likeness
from runner.selectors.build import Engine, Precision, by, by_role, nth, visible
from runner.selectors.parse import SelectorPart, TextMatcher, name_and_role, parse_chain, parse_role, parse_text
from runner.selectors.typography import has_variants

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    ("selector", "read"),
    [
        ("#pay", [SelectorPart("css", "#pay")]),
        ('a[href="x=y >> z"] >> nth=1', [SelectorPart("css", 'a[href="x=y >> z"]'), SelectorPart("nth", "1")]),
        ("//div", [SelectorPart("xpath", "//div")]),
        ("text='a >> b' >> visible=true", [SelectorPart("text", "'a >> b'"), SelectorPart("visible", "true")]),
        ("'Pay'", [SelectorPart("text", "'Pay'")]),
        (
            "internal:text=/a \\>\\> b/i >> css=p",
            [SelectorPart("internal:text", "/a \\>\\> b/i"), SelectorPart("css", "p")],
        ),
    ],
)
def test_chain(selector: str, read: list[SelectorPart]) -> None:
    assert list(parse_chain(selector)) == read


@given(NAMES, st.sampled_from(Precision))
def test_what_is_written_is_read(name: str, precision: Precision) -> None:
    (piece, shown, chosen) = parse_chain(nth(by_role("button", name, precision), 2))
    role, (attribute,) = parse_role(piece.body) or ("", ())
    assert (role, attribute.name) == ("button", "name")
    check_read(attribute.wanted, name, precision)
    assert (str(shown), str(chosen)) == ("visible=true", "nth=2")


@given(NAMES, st.sampled_from([Precision.EXACT, Precision.PART]))
def test_text_that_is_written_is_read(name: str, precision: Precision) -> None:
    piece, _ = parse_chain(visible(by(Engine.TEXT, name, precision)))
    wanted = parse_text(piece.body)
    assert wanted is not None
    check_read(wanted, name, precision)
    assert wanted.exact is (precision is Precision.EXACT)


def check_read(wanted: TextMatcher, name: str, precision: Precision) -> None:
    """The name itself, or a pattern that is found in the name."""
    if precision is Precision.EXACT or not has_variants(name):
        assert wanted.text == name
    else:
        assert wanted.flags == "i"
        assert re.search(wanted.text, name, re.IGNORECASE)


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("Don't save", "Don’t save"),
        ("Don’t save", "Don't  save"),
        ('Say "hi"', "Say “hi”"),
        ("e-mail", "E‑Mail"),
        ("2020-2024", "2020–2024"),
        ("Loading...", "Loading…"),
        ("Loading…", "Loading..."),
        ("Café", "Cafe\u0301"),
        ("Cafe\u0301", "Café"),
        ("a+b (c)?", "A+B (c)?"),
    ],
)
def test_other_spellings_of_a_name_are_found(name: str, page: str) -> None:
    for precision in (Precision.FOLDED, Precision.PART):
        (piece,) = parse_chain(by_role("button", name, precision))
        _, (attribute,) = parse_role(piece.body) or ("", ())
        source = attribute.wanted.text if attribute.wanted.flags else re.escape(attribute.wanted.text)
        assert re.search(source, page, re.IGNORECASE)
        assert name_and_role(str(piece))[0].split()[0][0] == name[0]


@pytest.mark.parametrize(
    ("selector", "thing"),
    [
        ('form >> role=button[name="Pay"] >> nth=0', "button 'Pay'"),
        ("internal:label=/^\\s*Full\\s+name\\s*$/i", "'Full name'"),
        ('internal:attr=[placeholder="Search"i]', "'Search'"),
        ("text=Log in", "'Log in'"),
        ("#proceed-to-pay", "'proceed to pay'"),
        ("#1", "'#1'"),
    ],
)
def test_what_a_selector_names(selector: str, thing: str) -> None:
    assert str(Thing(*name_and_role(selector))) == thing


def test_likeness() -> None:
    assert likeness("Checkout", "checkout") == 1
    assert likeness("Checkout", "Check out") > likeness("Checkout", "Proceed to checkout") >= 0.5
    assert likeness("Checkout", "Continue shopping") < 0.5
    assert likeness("", "x") == 0
