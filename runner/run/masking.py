"""The one place that keeps secrets' values out of what is published, stored and logged."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import chain, count
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

from control.errors import NotFound, ProtocolError
from control.origins import origin_of
from control.protocol.actions import Action
from control.protocol.events import Picked
from control.protocol.models import ElementCall, GivenSecret, NewRun, secret_values
from control.protocol.shape import Shape
from control.secret_rules import SecretRules
from control.secrets import REFERENCE, SHORTEST, Reference, Secrets, escape, references
from control.user_info import Logins, without_literal_user_info
from runner.selectors.describe import shorten
from runner.selectors.locators import locators
from runner.store.uploads import UploadStore

S = TypeVar("S", bound=Shape)
A = TypeVar("A", bound=Shape)
_WORDS = frozenset({"type", "button"})
"""Fields of actions that are no free text."""
_LONGEST_NAME = 60
_LONGEST_CONTENT = 200
"""Of what is picked; an expectation of a text is met by its beginning."""
_MOST_TYPED = 32
"""Passwords typed by hand that are remembered, for people to keep them."""


class Masking:
    """Everything that can carry the page's words goes through it on its way into the run.

    With ``uploads``, uploaded files leave their content there.
    """

    def __init__(
        self, secrets: Mapping[str, str | GivenSecret], uploads: UploadStore | None = None, *, start_url: str = ""
    ) -> None:
        self._given = dict(secrets)
        self._secrets = Secrets(secret_values(secrets))
        self._logins = Logins(secrets)
        self._rules = SecretRules(secrets, start_url, self._logins)
        self._uploads = uploads
        self._typed: dict[str, str] = {}
        """Passwords typed by hand, the newest last, by the names that stand for them."""

    @property
    def names(self) -> tuple[str, ...]:
        return (*self._secrets.names, *self._logins.names)

    @property
    def values(self) -> tuple[str, ...]:
        """Returns every value that is shown nowhere, with passwords that were typed by hand, for another process."""
        return (*self._secrets.values, *self._typed.values())

    def text(self, text: str) -> str:
        """Returns the text with dots in place of values, and without user info in addresses."""
        return self._secrets.mask(without_literal_user_info(text))

    def holds_secret(self, text: str) -> bool:
        """Returns whether a value of a secret stands in the text."""
        return bool(text) and self._secrets.mask(text) != text

    def shape(self, shape: S) -> S:
        """Returns a copy with dots in place of values in every free text, and with the secrets' names in actions."""
        if isinstance(shape, Action):
            return self._named(shape, self.refer)
        return shape.model_copy(update={name: self._field(shape, name) for name in type(shape).model_fields})

    def refer(self, text: str) -> str:
        """Returns what a person has written with ``{{secret:NAME}}`` in place of values: it still means the same."""
        return self._logins.refer(self._secrets.refer(text))

    def refer_found(self, text: str) -> str:
        """Returns a page's words, or a person's keys, in the same way; nothing else in them becomes a reference."""
        return self._logins.refer(self._secrets.refer_found(text))

    def action(self, action: Action) -> Action:
        """Returns an action of a planner or a person as it is published.

        It has names in place of values, and references in place of files.
        """
        return self._put_away(self._named(action, self.refer))

    def found_action(self, action: Action) -> Action:
        """Returns an action made of a page's words, of keys or of a client's call, as it is published."""
        return self._put_away(self._named(action, self.refer_found))

    def call(self, call: ElementCall) -> ElementCall | None:
        """Returns the call with names in place of values; None where a mask's signs keep a value from being named."""
        if call.value is not None and self._secrets.has_parted(call.value):
            return None
        value = None if call.value is None else self.refer_found(call.value)
        return call.model_copy(update={"selector": self.refer_found(call.selector), "value": value})

    def picked(self, picked: Picked) -> Picked:
        """Returns what was picked as it is shown; its selector may be put into an action."""
        shown = self.shape(picked)
        selector = escape(shown.selector)
        named = {"selector": selector, "locators": locators(selector)}
        if self._secrets.has_parted(picked.content or ""):
            return shown.model_copy(update={**named, "text": None, "content": None})
        content = " ".join(self.refer_found(picked.content or "").split())
        text = shorten(shown.text) if shown.text else None
        return shown.model_copy(update={**named, "text": text, "content": _beginning(content) or None})

    def spec(self, spec: NewRun) -> NewRun:
        """Returns what the run is made from, with names in place of values everywhere but in ``secrets``."""
        if spec.instructions:
            self._rules.plan_holds(self.refer(REFERENCE.sub("", spec.instructions)))
        return spec.model_copy(
            update={
                "url": self.refer(spec.url),
                "name": self.refer(spec.name) if spec.name else None,
                "instructions": self.refer(spec.instructions) if spec.instructions else spec.instructions,
                "steps": None if spec.steps is None else tuple(self._named(step, self.refer) for step in spec.steps),
            }
        )

    def kept(self) -> dict[str, Any]:
        """Returns the secrets as the run can be made with them anew: with empty values."""
        return {name: self._kept(name) for name in self.names}

    def _kept(self, name: str) -> object:
        secret = self._given.get(name)
        if secret is None:  # typed by hand
            secret = GivenSecret(value="", origins=self._rules.own_origins(name))
        if isinstance(secret, str) or (secret.origins is None and not secret.use):
            return ""
        return secret.model_copy(update={"value": ""}).model_dump(mode="json", by_alias=True, exclude_none=True)

    def name_password(self, password: str, field: str, url: str) -> str:
        """Returns ``{{secret:NAME}}`` for what a person typed into a password field.

        The name is that of the secret with this value, else made of the field's; `keep` makes a secret of it, which
        belongs to the page's origin.
        """
        known = self._secrets.refer(password)
        if known in {str(Reference(name)) for name in self._secrets.names}:
            return known
        # The page has named the field: by the prefix no name of its choice is that of a variable with a purpose.
        base = "typed_" + (re.sub(r"\W+", "_", field).strip("_").lower() or "password")[:_LONGEST_NAME]
        taken = {name.lower() for name in self.names}
        names = chain([base], (f"{base}_{number}" for number in count(2)))
        name = next(name for name in names if name not in taken)
        self._typed.pop(name, None)
        self._typed[name] = password
        self._rules.add(name, origin_of(url))
        if len(self._typed) > _MOST_TYPED:
            del self._typed[next(iter(self._typed))]
        return str(Reference(name))

    def keep(self, name: str) -> None:
        """Makes a secret of the password that was typed by hand under this name; safe to repeat.

        Raises NotFound, and ProtocolError for one that is too short to be hidden.
        """
        if name in self._secrets.names:
            return
        if name not in self._typed:
            raise NotFound(f"no password was typed by hand as '{name}', or too many were typed since")
        if len(self._typed[name]) < SHORTEST:
            reason = f"it is shorter than {SHORTEST} characters and cannot be hidden"
            raise ProtocolError(f"name: '{name}' cannot be kept: {reason}", field="name")
        self._secrets = self._secrets.with_value(name, self._typed.pop(name))

    def origins_for(self, action: Action) -> frozenset[str] | None:
        """Returns the origins whose frames the action may be done in; None where that does not matter.

        Raises SecretRefused where it uses a secret in a way that nobody has allowed.
        """
        return self._rules.origins_for(action)

    def resolve(self, action: Action) -> Action:
        """Returns the action with values in place of names, for the browser only.

        Raises UnknownSecret, and SecretRefused as ``origins_for`` does.
        """
        self.origins_for(action)
        action = self._uploads.inline(action) if self._uploads else action
        texts = {name: self.resolve_text(text) for name, text in action if isinstance(text, str) and name not in _WORDS}
        return action.model_copy(update=texts)

    def resolve_text(self, text: str) -> str:
        """Returns the text with values in place of names. Raises UnknownSecret."""
        return self._logins.resolve(text, self._secrets.resolve)

    def _named(self, action: A, refer: Callable[[str], str]) -> A:
        given = {name: text for name, text in action if isinstance(text, str) and name not in _WORDS}
        named = {name: refer(text) for name, text in given.items()}
        if isinstance(action, Action):
            for name, text in named.items():
                if references(text) and (refer == self.refer_found or not references(given[name])):
                    self._rules.written(action.type, name, text)
        return action.model_copy(update=named)

    def _put_away(self, action: Action) -> Action:
        return self._uploads.externalize(action) if self._uploads else action

    def _field(self, shape: Shape, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
        value = getattr(shape, name)
        if type(value) is str:
            free = not name.endswith("_id") and not _is_literal(type(shape).model_fields[name].annotation)
            return self.text(value) if free else value
        return self._part(value)

    def _part(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, Shape):
            return self.shape(value)
        if isinstance(value, tuple):
            return tuple(self._part(part) for part in value)
        return self.text(value) if type(value) is str else value


def _beginning(text: str) -> str:
    """Returns the first words, up to `_LONGEST_CONTENT` characters, and no reference that is cut in two."""
    if len(text) <= _LONGEST_CONTENT:
        return text
    cut = text[: _LONGEST_CONTENT + 1].rpartition(" ")[0] or text[:_LONGEST_CONTENT]
    opened = cut.rfind("{{")
    return (cut[:opened] if opened > cut.rfind("}}") else cut).rstrip()


def _is_literal(annotation: Any) -> bool:  # noqa: ANN401
    if isinstance(annotation, UnionType):
        return any(_is_literal(part) for part in get_args(annotation))
    return get_origin(annotation) is Literal
