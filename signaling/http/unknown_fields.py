"""Refuses fields of a body that are not known, where ignoring them would do something else than was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from aiohttp import web
from pydantic import BaseModel
from pydantic_core import from_json

from signaling.problems import ShapeT, from_code, parse_shape, read_json


async def read_exactly(request: web.Request, shape: type[ShapeT], *, limit: int) -> ShapeT:
    """Returns the body as `read_shape` does. Raises Problem as it does, and 422 for a field that is not known."""
    text = await read_json(request, limit=limit)
    found = parse_shape(text, shape)
    refuse_unknown(from_json(text), shape)
    return found


def refuse_unknown(given: object, shape: type[BaseModel], place: str = "") -> None:
    """Raises Problem 422 for the first field that ``shape`` does not have, with the nearest that it has."""
    if not isinstance(given, dict):
        return
    fields = {name: field for key, field in shape.model_fields.items() for name in (key, field.alias or key)}
    for name, value in given.items():
        if name not in fields:
            known = sorted({field.alias or key for key, field in shape.model_fields.items()})
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"fields: {', '.join(known)}"
            raise from_code("invalid", f"{place}{name}: there is no such field; {hint}", field=f"{place}{name}")
        inner = _shape_in(fields[name].annotation)
        if inner is not None:
            for part, item in _items(value, by_name=_is_mapping(fields[name].annotation)):
                refuse_unknown(item, inner, f"{place}{name}.{part}")


def _items(value: object, *, by_name: bool) -> Iterator[tuple[str, object]]:
    if by_name and isinstance(value, dict):
        yield from ((f"{name}.", item) for name, item in value.items())
    elif isinstance(value, list):
        yield from ((f"{index}.", item) for index, item in enumerate(value))
    else:
        yield "", value


def _is_mapping(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    """Returns whether it stands for shapes by name, such as ``dict[str, Model]``."""
    return get_origin(annotation) is dict or any(_is_mapping(each) for each in get_args(annotation))


def _shape_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    """Returns the model in ``Model``, ``Model | None`` or ``tuple[Model, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _shape_in(each))), None)
