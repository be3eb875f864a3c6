"""What people write for a field, and whether it holds that: without a browser."""

from __future__ import annotations

import pytest

from runner.browser.actions.field_values import UnfitValue, field_value, same_value


@pytest.mark.parametrize(
    ("type", "text", "language", "value"),
    [
        ("date", "03.04.2024", "de", "2024-04-03"),
        ("date", "3. 4. 2024", "cs-CZ", "2024-04-03"),
        ("date", "03/04/2024", "en-US", "2024-03-04"),
        ("date", "03/04/2024", "en-GB", "2024-04-03"),
        ("date", "03/04/2024", "FR", "2024-04-03"),
        ("date", "31/12/2024", "", "2024-12-31"),
        ("date", "12/31/2024", "de", "2024-12-31"),
        ("date", "05.05.2024", "", "2024-05-05"),
        ("date", "5. März 2026", "", "2026-03-05"),
        ("date", "29 février 2024", "", "2024-02-29"),
        ("date", "12 de marzo de 2024", "", "2024-03-12"),
        ("date", "Thursday, 29-Feb-2024", "", "2024-02-29"),
        ("datetime-local", "5 Mar 2026 at 2:30 pm", "", "2026-03-05T14:30"),
        ("month", "Juni 2024", "", "2024-06"),
        ("number", "1.234.567,5", "", "1234567.5"),
        ("number", "1\u202f234,50", "", "1234.50"),
        ("number", "1’234.5", "", "1234.5"),
        ("number", "12,34,567.5", "", "1234567.5"),
        ("number", "１２３", "", "123"),
        ("number", "1,234", "en", "1234"),
        ("number", "1,234", "de", "1.234"),
        ("color", "Red", "", "#ff0000"),
        ("text", "03.04.2024", "", "03.04.2024"),
    ],
)
def test_what_can_mean_one_thing_only_is_converted(type: str, text: str, language: str, value: str) -> None:
    assert field_value(type, text, language) == value


@pytest.mark.parametrize(
    ("type", "text", "language", "part"),
    [
        ("date", "03.04.2024", "", "2024-03-04 or 2024-04-03"),
        ("date", "03/04/2024", "en", "2024-03-04 or 2024-04-03"),
        ("date", "03.04.2024", "en-US", "2024-03-04 or 2024-04-03"),
        ("date", "Friday, 29 Feb 2024", "", "a date such as"),
        ("date", "30 February 2024", "", "a date such as"),
        ("date", "1. Jui 2024", "", "a date such as"),
        ("number", "1,234", "", "1234 or 1.234"),
        ("number", "1,234", "de-CH", "1234 or 1.234"),
        ("number", "a dozen", "en", "a number such as"),
    ],
)
def test_what_may_mean_two_things_is_refused_with_what_the_field_takes(
    type: str, text: str, language: str, part: str
) -> None:
    with pytest.raises(UnfitValue, match=part):
        field_value(type, text, language)


@pytest.mark.parametrize(
    ("type", "wanted", "held"),
    [
        ("text", "5551234567", "(555) 123-4567"),
        ("text", "4242424242424242", "4242 4242 4242 4242"),
        ("text", "DE89 3704", "DE893704"),
        ("text", "1000", "1,000.00"),
        ("text", "12.5", "12,50 €"),
        ("text", "1.234,5", "1234.5"),
        ("text", "-5", "(5)"),
        ("text", "O'Brien", "O’Brien"),
        ("text", "Anna-Lena", "Anna\u2010Lena"),
        ("text", "5' 11\"", "5′ 11″"),
        ("text", "abc", "ABC"),
        ("text", "Ada ", "Ada"),
        ("editable", "a **b**", "a b\n"),
        ("number", "5", "5.0"),
        ("text", "5551234567", "+1 (555) 123-4567"),
        ("tel", "030 1234567", "+49 030 1234567"),
    ],
)
def test_a_masks_signs_do_not_count(type: str, wanted: str, held: str) -> None:
    assert same_value(type, wanted, held)


@pytest.mark.parametrize(
    ("type", "wanted", "held"),
    [
        ("text", "5551234567", "+1 (155) 512-3456"),
        ("text", "-12.5", "125"),
        ("text", "12.50", "1250"),
        ("text", "1,234.50", "123450"),
        ("text", "0123", "123"),
        ("text", "+49 170", "49170"),
        ("text", "O'Brien", "OBrien"),
        ("text", "Ada Lovelace", "AdaLovelace"),
        ("text", "ada@example.com", "adaexamplecom"),
        ("text", "5", "15"),
        ("text", "Ada", ""),
        ("password", "abcDEF", "ABCDEF"),
        ("date", "2024-02-29", ""),
        ("editable", "Hello", "Hell"),
    ],
)
def test_what_was_lost_on_the_way_counts(type: str, wanted: str, held: str) -> None:
    assert not same_value(type, wanted, held)
