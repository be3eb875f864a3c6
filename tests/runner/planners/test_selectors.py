"""Selectors read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.planners.near_names import likeness
from runner.selectors.build import Engine, Precision, by, by_role, nth, visible
from runner.selectors.parse import Piece, named_by, pieces, role_of, text_of

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    ("selector", "read"),
    [
        ("#pay", [Piece("css", "#pay")]),
        ('a[href="x=y >> z"] >> nth=1', [Piece("css", 'a[href="x=y >> z"]'), Piece("nth", "1")]),
        ("//div", [Piece("xpath", "//div")]),
        ("text='a >> b' >> visible=true", [Piece("text", "'a >> b'"), Piece("visible", "true")]),
        ("'Pay'", [Piece("text", "'Pay'")]),
        ("internal:text=/a \\>\\> b/i >> css=p", [Piece("internal:text", "/a \\>\\> b/i"), Piece("css", "p")]),
    ],
)
def test_chain(selector: str, read: list[Piece]) -> None:
    assert list(pieces(selector)) == read


@given(NAMES, st.sampled_from(Precision))
def test_what_is_written_is_read(name: str, precision: Precision) -> None:
    (piece, shown, chosen) = pieces(nth(by_role("button", name, precision), 2))
    role, (attribute,) = role_of(piece.body) or ("", ())
    assert (role, attribute.name, attribute.wanted.text) == ("button", "name", name)
    assert (str(shown), str(chosen)) == ("visible=true", "nth=2")


@given(NAMES, st.sampled_from([Precision.EXACT, Precision.PART]))
def test_text_that_is_written_is_read(name: str, precision: Precision) -> None:
    piece, _ = pieces(visible(by(Engine.TEXT, name, precision)))
    wanted = text_of(piece.body)
    assert wanted is not None
    assert (wanted.text, wanted.exact) == (name, precision is Precision.EXACT)


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
    assert str(named_by(selector)) == thing


def test_likeness() -> None:
    assert likeness("Checkout", "checkout") == 1
    assert likeness("Checkout", "Check out") > likeness("Checkout", "Proceed to checkout") >= 0.5
    assert likeness("Checkout", "Continue shopping") < 0.5
    assert likeness("", "x") == 0
