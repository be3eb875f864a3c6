"""What every shape on the wire is built from: the base class, times, and errors that name a field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

Clock = Callable[[], datetime]
"""Returns the present moment, with a time zone."""


def utc_now() -> datetime:
    """Returns the present moment by the wall clock."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Returns the moment as RFC 3339 in UTC with milliseconds: ``2026-01-31T09:30:00.125Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


Timestamp = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class Shape(BaseModel):
    """Base of every shape that goes over a wire: immutable, camelCase, tolerant of fields that it does not know."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        # For the JSON schema: `dump` leaves no field out.
        json_schema_serialization_defaults_required=True,
        # Most commands use a few of the models: the rest need no validators.
        defer_build=True,
    )

    def dump(self) -> dict[str, Any]:
        """Returns the JSON object that stands for this shape."""
        return self.model_dump(mode="json", by_alias=True)


def field_error(field: str, message: str) -> PydanticCustomError:
    """Returns the error that a validator raises to say what is wrong with one field.

    The message is a template to pydantic, which would fill in ``{field}``: braces become parentheses.
    """
    return PydanticCustomError("field", message.replace("{", "(").replace("}", ")"), {"field": field})
