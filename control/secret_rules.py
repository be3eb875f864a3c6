"""What a run's secrets may be used for: filled into fields of their origins, and more where the owner says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from control.errors import SecretRefused
from control.origins import origin_of
from control.protocol.actions import Action, ActionType
from control.protocol.models import GivenSecret, SecretUse
from control.secrets import references
from control.user_info import Logins, without_user_info

ANYWHERE = "*"
"""Stands among a secret's origins for every origin."""
_FILLED = {ActionType.TYPE, ActionType.SELECT, ActionType.UPLOAD}
_USES = {
    ActionType.NAVIGATE: SecretUse.NAVIGATION,
    ActionType.NEW_TAB: SecretUse.NAVIGATION,
    ActionType.EXPECT_TEXT: SecretUse.EXPECTATION,
    ActionType.EXPECT_URL: SecretUse.EXPECTATION,
    ActionType.EXPECT_DOWNLOAD: SecretUse.EXPECTATION,
}
_ABSOLUTE = re.compile(r"https?://[^/?#{}]+(?=[/?#]|$)", re.IGNORECASE)
_IN_WORDS = {
    SecretUse.NAVIGATION: "put into an address",
    SecretUse.EXPECTATION: "looked for in a page",
    SecretUse.SELECTOR: "put into a selector",
}
_MOST_WRITTEN = 5000


class SecretRules:
    """Says, for each reference in an action, whether it may be there, and where its value may be filled in."""

    def __init__(self, given: Mapping[str, str | GivenSecret], start_url: str, logins: Logins) -> None:
        self._logins = logins
        start = origin_of(start_url)
        self._default = frozenset({start} if start else ())
        self._origins = {name: self._of(secret) for name, secret in given.items()}
        self._uses = {
            name: frozenset(secret.use) if isinstance(secret, GivenSecret) else frozenset[SecretUse]()
            for name, secret in given.items()
        }
        self._plan = ""
        self._plain: set[str] = set()
        self._written: dict[tuple[SecretUse | None, str], None] = {}

    def add(self, name: str, origin: str | None) -> None:
        """Takes a secret that was typed by hand into a page of this origin."""
        self._origins[name] = frozenset({origin} if origin else ())
        self._uses[name] = frozenset()

    def own_origins(self, name: str) -> tuple[str, ...] | None:
        """Returns where the secret may be filled in; None for the start URL's origin, which nobody has to name."""
        origins = self._origins.get(name, self._default)
        return None if origins == self._default else tuple(sorted(origins))

    def plan_holds(self, plan: str) -> None:
        """Takes the instructions as they name what their author has written in plain: that is as secret as they are."""
        self._plan = f"{self._plan}\n{plan}"
        self._plain |= set(references(plan))

    def written(self, action: ActionType, field: str, text: str) -> None:
        """Takes a text of an action whose values stood there in plain: whoever wrote it, or the page, knows them."""
        key = SecretUse.SELECTOR if field in {"selector", "target"} else _USES.get(action), text
        self._written.pop(key, None)
        self._written[key] = None
        if len(self._written) > _MOST_WRITTEN:
            del self._written[next(iter(self._written))]

    def origins_for(self, action: Action) -> frozenset[str] | None:
        """Returns the origins whose frames the action may be done in; None where that does not matter.

        Raises SecretRefused for a reference where none may be.
        """
        for text in (action.selector, action.target):
            self._check(text or "", SecretUse.SELECTOR)
        names = references(action.text)
        if not names:
            return None
        if action.type not in _FILLED:
            use = _USES.get(action.type)
            if use is None and (use, action.text) in self._written:
                return None
            if use is None:
                raise SecretRefused(
                    f"the secret '{names[0]}' may only be typed into a field, not used by {action.type}"
                )
            self._check(action.text, use)
            return None
        common = [self._origins.get(name, frozenset()) for name in names]
        bound = [origins for origins in common if ANYWHERE not in origins]
        return frozenset.intersection(*bound) if bound else None

    def _check(self, text: str, use: SecretUse) -> None:
        if (use, text) in self._written:
            return
        for name in references(text):
            if name in self._logins.names:
                self._check_login(name, text)
                continue
            if name not in self._origins:  # whoever puts values in says that it is unknown
                continue
            if use not in self._uses[name] and not self._stands_in_plan(name, text, use):
                raise SecretRefused(
                    f"the secret '{name}' may not be {_IN_WORDS[use]}: the run's owner can allow it by "
                    f'"use": ["{use}"] of the secret'
                )
            if use is SecretUse.NAVIGATION:
                self._check_address(name, text)

    def _stands_in_plan(self, name: str, text: str, use: SecretUse) -> bool:
        if use is SecretUse.NAVIGATION:
            return text in self._plan and _ABSOLUTE.match(text) is not None
        return name in self._plain

    def _check_address(self, name: str, text: str) -> None:
        """Raises SecretRefused where the address may be of another origin than the secret's."""
        if text in self._plan or ANYWHERE in self._origins[name]:
            return
        if _origin_in(text) not in self._origins[name]:
            raise SecretRefused(
                f"the secret '{name}' may not be put into this address: only into a whole one of "
                f"{spoken(self._origins[name])}"
            )

    def _check_login(self, name: str, text: str) -> None:
        if _origin_in(text) not in self._logins.origins(name):
            raise SecretRefused(f"'{name}' may only be used for the address that it was given with")

    def _of(self, secret: str | GivenSecret) -> frozenset[str]:
        if isinstance(secret, str) or secret.origins is None:
            return self._default
        return frozenset(origin_of(origin) or origin for origin in secret.origins)


def uses_of(action: Action) -> Iterator[tuple[SecretUse, list[str]]]:
    """Yields what the action uses secrets for besides fields, and their names."""
    for text in (action.selector, action.target):
        if names := references(text or ""):
            yield SecretUse.SELECTOR, names
    if (use := _USES.get(action.type)) and (names := references(action.text)):
        yield use, names


def _origin_in(address: str) -> str | None:
    """Returns the origin of an address that holds references; None where it is not certain."""
    found = _ABSOLUTE.match(without_user_info(address.strip()))
    return origin_of(found[0]) if found else None


def spoken(origins: Iterable[str]) -> str:
    """Returns the origins for a sentence."""
    return " or ".join(sorted(origins)) or 'no origin at all (give it "origins")'
