"""User info in addresses, ``https://name:password@host/`` (RFC 3986 §3.2.1): used in a run, and shown nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain, count
from urllib.parse import quote

from control.origins import origin_of
from control.secrets import Reference, references

_PLACE = r"\{\{[^{}]*\}\}"
USER_INFO = re.compile(rf"(?<=://)((?:{_PLACE}|[^\s/?#\"<>{{]|\{{(?!\{{))*)@")
"""Finds user info and the ``@`` after it; the group is what stands before the ``@``."""
_NAMES_ONLY = re.compile(rf"(?:{_PLACE}|\$?\{{[^{{}}]*\}}|:)*")
"""Names of secrets, or expressions of exported code: these say nothing."""
_LITERAL = re.compile(rf"({_PLACE})|:?((?:[^{{:]|\{{(?!\{{)|:(?!{_PLACE}|$))+)")
_BEHIND_PATH = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s?#\"'<>]*)[?#][^\s\"'<>]*", re.IGNORECASE)
_NAME = "login"


def without_user_info(text: str) -> str:
    """Returns the text without the user info of every address in it."""
    return USER_INFO.sub("", text)


def without_literal_user_info(text: str) -> str:
    """Returns the text without user info, but for such that names secrets and nothing else."""
    return USER_INFO.sub(lambda found: found[0] if _NAMES_ONLY.fullmatch(found[1]) else "", text)


def for_log(text: str) -> str:
    """Returns the text with every address in it cut to what a log may say: without user info, query and fragment."""
    return _BEHIND_PATH.sub(r"\1", without_user_info(text))


class Logins:
    """Holds the user info that a run's addresses were given with, as secrets of names that nobody has chosen.

    Their values are not looked for in other texts: a short name, such as ``admin``, would blot them out at random.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset(taken)
        self._values: dict[str, str] = {}
        self._origins: dict[str, set[str]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def refer(self, text: str) -> str:
        """Returns the text with ``{{secret:NAME}}`` in place of literal user info, so that it still means the same."""

        def named(found: re.Match[str]) -> str:
            origin = _origin_around(text, found)
            return f"{_LITERAL.sub(lambda literal: self._named(literal, origin), found[1])}@"

        return USER_INFO.sub(named, text)

    def origins(self, name: str) -> frozenset[str]:
        """Returns the origins of the addresses that were given with this user info."""
        return frozenset(self._origins.get(name, ()))

    def resolve(self, text: str, secret: Callable[[str], str]) -> str:
        """Returns the text with values in place of names: within user info as addresses spell them.

        ``secret`` puts the other secrets' values in.
        """
        shown, end = [], 0
        for found in USER_INFO.finditer(text):
            shown += [secret(text[end : found.start()]), self._resolved(found[1], secret), "@"]
            end = found.end()
        return "".join([*shown, secret(text[end:])])

    def _resolved(self, info: str, secret: Callable[[str], str]) -> str:
        whole = "" if re.fullmatch(_PLACE, info) is None else ":"  # one secret may be both name and password

        def value(place: re.Match[str]) -> str:
            name = next(iter(references(place[0])), "")
            return self._values.get(name) or quote(secret(place[0]), safe=whole)

        return re.sub(_PLACE, value, info)

    def _named(self, found: re.Match[str], origin: str | None) -> str:
        if found[1] is not None:
            return found[0]
        colon = ":" if found[0].startswith(":") else ""
        name = self._name(found[2])
        if origin is not None:
            self._origins.setdefault(name, set()).add(origin)
        return f"{colon}{Reference(name)}"

    def _name(self, value: str) -> str:
        known = next((name for name, each in self._values.items() if each == value), None)
        if known is not None:
            return known
        names = chain([_NAME], (f"{_NAME}_{number}" for number in count(2)))
        name = next(name for name in names if name not in self._taken and name not in self._values)
        self._values[name] = value
        return name


def _origin_around(text: str, user_info: re.Match[str]) -> str | None:
    """Returns the origin of the address that has this user info."""
    scheme = re.search(r"[a-z]+$", text[: user_info.start() - len("://")], re.IGNORECASE)
    host = re.match(r"[^\s/?#\"'<>{}]+", text[user_info.end() :])
    return origin_of(f"{scheme[0]}://{host[0]}") if scheme and host else None
