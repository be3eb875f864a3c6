"""Sentences for people: what is wrong with a field, instead of pydantic's words, and how a run has ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pydantic_core import ErrorDetails

from control.protocol.models import RunStatus

_MEMBER: Final = re.compile(r"<\w+\.\w+: ('[^']*')>")
"""How pydantic writes an enum's member."""
_WORD_FIRST: Final = re.compile(r"[^\W\d_A-Z](?:[^\W\d_A-Z]|['’-])*(?:[ ,]|$)")
_WORDS: Final[Mapping[str, str]] = {
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "model_type": "must be an object with fields",
    "model_attributes_type": "must be an object with fields",
    "dict_type": "must be an object with fields",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "extra_forbidden": "is no field that is known here",
}


def wording(error: ErrorDetails) -> str:
    """Returns what the field must be, to stand behind its name; pydantic's own sentence where there is none here."""
    template = _WORDS.get(error["type"])
    if template is None:
        return error["msg"].removeprefix("Value error, ")
    return _MEMBER.sub(r"\1", template.format(**error.get("ctx", {})))


def counted(number: int, noun: str) -> str:
    """Returns ``1 step``, ``2 steps``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def sentence(text: str) -> str:
    """Returns the text with a capital; a name in front of it, such as that of a field, stays as it is."""
    return text[:1].upper() + text[1:] if _WORD_FIRST.match(text) else text


def outcome(status: RunStatus, failed_steps: int) -> str:
    """Returns a run's status as people read it: ``passed with 1 step that failed``."""
    if status is not RunStatus.PASSED or not failed_steps:
        return str(status)
    return f"passed with {counted(failed_steps, 'step')} that failed"


def ending(status: RunStatus) -> str:
    """Returns how a final status reads behind "the run": ``was cancelled``, ``has passed``."""
    return "was cancelled" if status is RunStatus.CANCELLED else f"has {status}"
