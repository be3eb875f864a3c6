"""JSON that nobody means: values of every kind, messages that are nearly right, and text that is no JSON at all."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import BaseModel

from control.protocol.actions import Action
from control.protocol.commands import MAX_MESSAGE_BYTES, Command

ANY_CHARACTER = st.characters(exclude_categories=())
"""Half surrogate pairs and NUL included."""
_TEXTS = st.one_of(st.text(max_size=20), st.text(ANY_CHARACTER, max_size=5))
_NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, -(10**400), 1 << 63, -(1 << 63) - 1, 1 << 64, 1e308, 5e-324, -0.0]),
)
_SCALARS = st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS)
WILD: SearchStrategy[Any] = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4), max_leaves=8
)
"""Whatever JSON can say, and what Python's JSON says besides (NaN, Infinity)."""

_DEEP = [opened * depth for opened in ("[", '{"a":', '{"type":"ping","t":[') for depth in (50, 900, 10_000)]
_CLOSED = ["[" * depth + "]" * depth for depth in (50, 900, 30_000)]
_NO_OBJECTS = [
    "",
    " ",
    "\0",
    "null",
    "true",
    "0",
    '"pause"',
    "[]",
    "{}",
    "{",
    "nan",
    "\ufeff{}",
    "'",
    "<xml/>",
    "pause",
]
_ODD = [
    '{"type":"ping","type":"pause"}',
    '{"type":"ping","id":"a","id":"b","t":1,"t":2}',
    '{"type":"ping","t":NaN}',
    '{"type":"ping","t":-Infinity}',
    '{"type":"ping","t":1e999}',
    '{"type":"ping","t":' + "9" * 5000 + "}",
    '{"type":"replay_step","stepNumber":' + "9" * 4000 + "}",
    '{"type":"step_override","action":{"type":"wait","value":' + "9" * 4000 + "}}",
    '{"type":"step_override","action":{"type":"switch_tab","value":"1e400"}}',
    '{"type":"step_override","action":{"type":"scroll","value":"nan"}}',
    '{"type":"ping","id":"\\ud800"}',
    '{"type":"ping","t":"\\udfff\\ud800"}',
    '{"\\ud800":1,"type":"ping"}',
    '{"type":"\\u0000"}',
    '{"type":["pause"]}',
    '{"type":{"pause":1}}',
    '{"type":"__class__"}',
    '{"__proto__":{"type":"pause"}}',
    '{"type":"ping","id":"' + "i" * 129 + '"}',
    '{"type":"ping","t":"' + "x" * (MAX_MESSAGE_BYTES - 30) + '"}',
    '{"type":"update_instructions","instructions":"' + "\u20ac" * 21_000 + '"}',
    '{"type":"input","kind":"text","text":"' + "\U0001f9ea" * 9000 + '"}',
]
_ODD_BYTES = [
    b"\xff\xfe\x00",
    b'{"type":"ping","id":"\xed\xa0\x80"}',
    b'{"type":"ping","t":"\xed\xa0\x80\xed\xb0\x80"}',
    b'{"type":"ping","id":"\xc0\xaf"}',
    '{"type":"ping","id":"16"}'.encode("utf-16"),
    '{"type":"ping","id":"\ud800"}'.encode("utf-16-le", "surrogatepass"),
    '{"type":"ping","id":"32"}'.encode("utf-32"),
    b"\xef\xbb\xbf" + b'{"type":"pause"}',
    bytes(range(256)),
]

HARD: list[str | bytes] = [*_DEEP, *_CLOSED, *_NO_OBJECTS, *_ODD, *_ODD_BYTES]
"""Each of these is tried every time."""


def good(shape: Any) -> SearchStrategy[Any]:  # noqa: ANN401 - any annotation
    """What the field's type wants, as JSON."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return fields(shape, st.nothing())
    arguments = [each for each in get_args(shape) if each not in {NoneType, Ellipsis}]
    makers: dict[Any, Callable[[], SearchStrategy[Any]]] = {
        Literal: lambda: st.sampled_from(arguments),
        dict: lambda: st.dictionaries(good(arguments[0]), st.text(min_size=3, max_size=9), max_size=3),
        Annotated: lambda: good(arguments[0]),
        tuple: lambda: st.lists(good(arguments[0]), max_size=3),
        Union: lambda: st.one_of(*(good(each) for each in arguments)),
        UnionType: lambda: st.one_of(*(good(each) for each in arguments)),
    }
    return makers[get_origin(shape)]() if get_origin(shape) in makers else _plain(shape)


def _plain(shape: type) -> SearchStrategy[Any]:
    if issubclass(shape, str):
        members = [str(member) for member in getattr(shape, "__members__", {}).values()]
        return st.sampled_from(members) if members else st.text(min_size=1, max_size=10)
    known: dict[type, SearchStrategy[Any]] = {bool: st.booleans(), int: st.integers(1, 3), float: st.floats(0, 100)}
    return known[shape]


def fields(shape: type[BaseModel], wrong: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    """An object of this shape; fields that may be left out may be missing, and any may be ``wrong``."""
    given = {field.alias or name: good(field.annotation) | wrong for name, field in shape.model_fields.items()}
    needed = {field.alias or name for name, field in shape.model_fields.items() if field.is_required()}
    required = {name: value for name, value in given.items() if name in needed or name == "type"}
    optional = {name: value for name, value in given.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def _commands(shape: type[BaseModel]) -> SearchStrategy[dict[str, Any]]:
    type_ = st.just({"type": shape.model_fields["type"].default})
    nearly = st.tuples(fields(shape, WILD), type_).map(lambda both: both[0] | both[1])
    right = st.tuples(fields(shape, st.nothing()), type_).map(lambda both: both[0] | both[1])
    return st.one_of(right, nearly, nearly, st.tuples(type_, st.dictionaries(_TEXTS, WILD, max_size=3)).map(_joined))


def _joined(parts: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return parts[1] | parts[0]


OBJECTS: SearchStrategy[dict[str, Any]] = st.one_of(*(_commands(shape) for shape in get_args(Command)))
"""Objects with the ``type`` of a message; any other field may be missing, wrong, or one too many."""
ACTIONS: SearchStrategy[Any] = fields(Action, WILD)


def _written(value: object) -> SearchStrategy[str]:
    return st.sampled_from([json.dumps(value), json.dumps(value, ensure_ascii=False), json.dumps(value, indent=9)])


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    text = list(json.dumps(draw(OBJECTS)))
    luck = random.Random(draw(st.integers(0, 1 << 32)))
    for _ in range(luck.randint(1, 3)):
        place = luck.randrange(len(text))
        text[place : place + luck.randint(0, 3)] = luck.choice(['"', "{", "}", "[", "]", ",", ":", "\\", "0", "\0", ""])
        text = text or [" "]
    return "".join(text)


TEXTS: SearchStrategy[str] = st.one_of(
    OBJECTS.flatmap(_written),
    OBJECTS.flatmap(_written),
    OBJECTS.flatmap(_written),
    WILD.flatmap(_written),
    _damaged(),
    st.text(ANY_CHARACTER, max_size=50),
    st.sampled_from([*_NO_OBJECTS, *_ODD]),
)
"""One message, as text."""
BYTES: SearchStrategy[bytes] = st.one_of(
    st.binary(max_size=60), st.sampled_from(_ODD_BYTES), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
)
"""One message, as a binary frame."""
