"""The writing of selectors and texts as Python code; every text goes through `literal`, so none becomes code.

What was decoded on the way (a file's name) goes through `quoted`: references count only where they were written.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from control.secrets import Reference, parts, references, unescape
from runner.selectors.parse import (
    Attribute,
    SelectorPart,
    TextMatcher,
    parse_attributes,
    parse_chain,
    parse_nested,
    parse_role,
    parse_text,
)

_BY_ATTRIBUTE: Final = {
    "placeholder": "get_by_placeholder",
    "alt": "get_by_alt_text",
    "title": "get_by_title",
}
_ROLE_STATES: Final = {"checked", "disabled", "expanded", "pressed", "selected"}
_NESTED: Final = {
    "internal:has": "filter(has={})",
    "internal:has-not": "filter(has_not={})",
    "internal:or": "or_({})",
    "internal:and": "and_({})",
    "internal:chain": "locator({})",
}


def literal(text: str) -> str:
    """Returns a Python expression for the text; the test looks ``{{secret:NAME}}`` up in its environment."""
    return _joined(SecretLookup(part.name) if isinstance(part, Reference) else part for part in parts(text))


def secret_names(text: str) -> list[str]:
    """Returns the names of the secrets that the expression of `literal` looks up in the environment."""
    return references(text)


def environment_name(secret: str) -> str:
    """Returns the variable that a secret is looked up as: ``PASS_WORD`` for ``pass word``."""
    return re.sub(r"\W", "_", secret, flags=re.ASCII).upper() or "SECRET"


@dataclass(frozen=True, slots=True)
class SecretLookup:
    """Stands for a secret's value, which only the environment of the test knows."""

    secret: str
    escaped: bool = False
    """True where the value is escaped for a regular expression."""

    def __str__(self) -> str:
        code = f'os.environ["{environment_name(self.secret)}"]'
        return f"re.escape({code})" if self.escaped else code


def _joined(parts: Iterable[str | SecretLookup]) -> str:
    """Returns one expression; neighbouring texts become one."""
    codes: list[str] = []
    for is_text, group in itertools.groupby(parts, key=lambda part: isinstance(part, str)):
        texts = [str(part) for part in group]
        codes.extend([quoted("".join(texts))] if is_text and any(texts) else [] if is_text else texts)
    return " + ".join(codes) or '""'


def quoted(text: str) -> str:
    """Returns ``repr``, which escapes all that cannot be seen, in double quotes where that needs no more escapes."""
    code = repr(text)
    return code if '"' in text or not code.startswith("'") else f'"{code[1:-1]}"'


def escaped(text: str) -> list[str | SecretLookup]:
    """Returns the text as parts of a regular expression that matches it."""
    return [
        SecretLookup(part.name, escaped=True) if isinstance(part, Reference) else re.escape(part)
        for part in parts(text)
    ]


def pattern(parts: Iterable[str | SecretLookup], *, fold: bool = False) -> str:
    """Returns a Python expression for a regular expression of these parts; ``fold``: upper and lower case are alike."""
    return f"re.compile({_joined(parts)}{', re.IGNORECASE' if fold else ''})"


def locator(selector: str, page: str = "page") -> str:
    """Returns code such as ``page.get_by_role("button", name="Pay", exact=True)``; else ``page.locator("…")``."""
    code, raw = page, ""
    for part in parse_chain(selector):
        step = _step(part)
        if step is None:
            raw = f"{raw} >> {part}" if raw else str(part)
            continue
        code, raw = _located(code, raw) + f".{step}", ""
    return _located(code, raw)


def names_page_again(selector: str) -> bool:
    """Returns whether its code has another locator within it, which begins with ``page`` whatever the outer one has."""
    return any(part.engine in _NESTED for part in parse_chain(selector))


def _located(code: str, raw: str) -> str:
    return f"{code}.locator({literal(raw)})" if raw else code


def _step(part: SelectorPart) -> str | None:
    """Returns the call that stands for this part; None where there is none."""
    reader = _READERS.get(part.engine)
    if reader is not None:
        return reader(part.body)
    if part.engine in _NESTED:
        return _nested(_NESTED[part.engine], part.body)
    return None


def _role(body: str) -> str | None:
    role, listed = parse_role(body) or (None, ())
    if role is None:
        return None
    arguments = [quoted(role)]
    for attribute in listed:
        argument = _role_argument(attribute)
        if argument is None:
            return None
        arguments.append(argument)
    return f"get_by_role({', '.join(arguments)})"


def _internal_role(body: str) -> str | None:
    """Writes a role whose ``="x"i`` is a part of the name in any case, as ``get_by_role`` has it."""
    return _role(re.sub(r'(\[name)=("(?:\\.|[^"\\])*"i\])', r"\1*=\2", body))


def _role_argument(attribute: Attribute) -> str | None:
    if attribute.name in _ROLE_STATES and not attribute.operator:
        return f"{attribute.name}=True"
    if attribute.name in _ROLE_STATES and attribute.wanted.text in {"true", "false"}:
        return f"{attribute.name}={attribute.wanted.text.title()}"
    if attribute.name == "level" and attribute.wanted.text.isdigit():
        return f"level={attribute.wanted.text}"
    if attribute.name != "name":
        return None
    if attribute.wanted.flags is not None:
        return _with("name=", _regex(attribute.wanted))
    return _name(attribute)


def _name(attribute: Attribute) -> str | None:
    text, folded = attribute.wanted.text, attribute.flag == "i"
    if attribute.operator == "*=" and folded:
        return f"name={literal(text)}"
    if attribute.operator != "=":
        return None
    if folded:
        return f"name={pattern(['^', *escaped(text), '$'], fold=True)}"
    return f"name={literal(text)}, exact=True"


def _text(method: str) -> Callable[[str], str | None]:
    def read(body: str) -> str | None:
        wanted = parse_text(body)
        return _by(method, wanted) if wanted else None

    return read


def _public_text(body: str) -> str | None:
    """Writes ``text=Pay`` as a part of the text in any case, ``text="Pay"`` as the whole."""
    wanted = parse_text(body)
    if wanted is None:
        return f"get_by_text({literal(body.strip())})"
    return _by("get_by_text", wanted)


def _by(method: str, wanted: TextMatcher) -> str | None:
    if wanted.flags is not None:
        return _with(f"{method}(", _regex(wanted), ")")
    return f"{method}({literal(wanted.text)}{', exact=True' if wanted.exact else ''})"


def _attribute(body: str) -> str | None:
    listed = parse_attributes(body)
    if not listed or len(listed) > 1 or listed[0].operator != "=":
        return None
    method = _BY_ATTRIBUTE.get(listed[0].name)
    return _by(method, listed[0].wanted) if method else None


def _test_id(body: str) -> str | None:
    listed = parse_attributes(body) or ()
    if len(listed) != 1 or listed[0].name != "data-testid" or listed[0].operator != "=":
        return None
    return None if listed[0].wanted.flags is not None else f"get_by_test_id({literal(listed[0].wanted.text)})"


def _css(body: str) -> str | None:
    """Writes ``[placeholder="Search"]`` and ``[data-testid="pay"]`` as what they name; other CSS stays as it is."""
    return _test_id(body) or _attribute(body)


def _nth(body: str) -> str | None:
    named = {"0": "first", "-1": "last"}
    return named.get(body) or (f"nth({int(body)})" if re.fullmatch(r"-?\d{1,6}", body) else None)


def _has_text(body: str) -> str | None:
    wanted = parse_text(body)
    return f"filter(has_text={literal(wanted.text)})" if wanted and not wanted.exact and wanted.flags is None else None


def _nested(form: str, body: str) -> str | None:
    inner = parse_nested(body)
    return None if inner is None else form.replace("{}", locator(inner))


def _regex(wanted: TextMatcher) -> str | None:
    """Returns the expression; None where Python would read it in another way, or not at all."""
    if set(wanted.flags or "") - {"i"} or "(?<" in wanted.text:
        return None
    try:
        re.compile(wanted.text)
    except re.error:
        return None
    return pattern([unescape(wanted.text)], fold=bool(wanted.flags))


def _with(before: str, code: str | None, after: str = "") -> str | None:
    return None if code is None else f"{before}{code}{after}"


_READERS: Final[dict[str, Callable[[str], str | None]]] = {
    "role": _role,
    "internal:role": _internal_role,
    "internal:label": _text("get_by_label"),
    "internal:text": _text("get_by_text"),
    "text": _public_text,
    "internal:attr": _attribute,
    "internal:testid": _test_id,
    "data-testid": lambda body: f"get_by_test_id({literal(body)})",
    "css": _css,
    "nth": _nth,
    "visible": {"true": "filter(visible=True)", "false": "filter(visible=False)"}.get,
    "internal:has-text": _has_text,
    "internal:control": lambda body: "content_frame" if body == "enter-frame" else None,
}
