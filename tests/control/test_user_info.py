"""User info in addresses is found wherever it is, and still works."""

from __future__ import annotations

import pytest

from control.user_info import Logins, without_literal_user_info, without_user_info

SECRETS = {"{{secret:USER}}": "ada", "{{secret:PW}}": "p@ss/word", "{{secret:BOTH}}": "ada:p@ss"}


def secret(text: str) -> str:
    for name, value in SECRETS.items():
        text = text.replace(name, value)
    return text


REFERRED = [
    ("http://ada:sesame@h/", "http://{{secret:login}}@h/", "http://ada:sesame@h/"),
    ("http://ada@h/", "http://{{secret:login}}@h/", "http://ada@h/"),
    ("http://ada:@h/", "http://{{secret:login}}:@h/", "http://ada:@h/"),
    ("http://:sesame@h/", "http://:{{secret:login}}@h/", "http://:sesame@h/"),
    ("http://a@b:c@h/", "http://{{secret:login}}@h/", "http://a@b:c@h/"),
    ("http://ada:p%40ss@h/", "http://{{secret:login}}@h/", "http://ada:p%40ss@h/"),
    ("http://ada:{{secret:PW}}@h/", "http://{{secret:login}}:{{secret:PW}}@h/", "http://ada:p%40ss%2Fword@h/"),
    ("http://{{secret:USER}}:x@h/", "http://{{secret:USER}}:{{secret:login}}@h/", "http://ada:x@h/"),
    ("http://{{secret:BOTH}}@h/", "http://{{secret:BOTH}}@h/", "http://ada:p%40ss@h/"),
    ("http://h/a@b", "http://h/a@b", "http://h/a@b"),
    ("http://h/?to=a@b", "http://h/?to=a@b", "http://h/?to=a@b"),
    ("Type '{{secret:PW}}'", "Type '{{secret:PW}}'", "Type 'p@ss/word'"),
    ("to http://a:b@h and http://c@h", "to http://{{secret:login}}@h and http://{{secret:login_2}}@h", None),
]


@pytest.mark.parametrize(("text", "referred", "resolved"), REFERRED)
def test_an_address_names_its_user_info_and_still_works(text: str, referred: str, resolved: str | None) -> None:
    logins = Logins(SECRETS)
    assert logins.refer(text) == referred
    assert logins.refer(referred) == referred
    assert logins.resolve(referred, secret) == (resolved or text)


def test_the_same_user_info_has_one_name_which_nobody_else_has() -> None:
    logins = Logins(["login"])
    assert logins.refer("http://a:b@h") == logins.refer("http://a:b@h") == "http://{{secret:login_2}}@h"
    assert logins.names == ("login_2",)


@pytest.mark.parametrize("text", [text for text, _, _ in REFERRED])
def test_nothing_of_it_is_left(text: str) -> None:
    assert "://h" in without_user_info(text) or "://" not in text
    assert "sesame" not in without_literal_user_info(text)


@pytest.mark.parametrize("text", ["http://{{secret:A}}:{{secret:B}}@h", 'f"http://{os.environ["A"]}@h"', "a@b"])
def test_names_say_nothing_and_stay(text: str) -> None:
    assert without_literal_user_info(text) == text
