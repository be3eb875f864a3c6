"""What the queries of requests hold: each is read, or refused in a sentence that names it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from control.protocol.models import PlannerName, RunStatus
from signaling.problems import Problem, from_code

LONGEST_SEARCH = 200
LONGEST_SESSION = 64
_MOST_DIGITS = 9


def read_status(text: str | None) -> RunStatus | None:
    """Returns the status, or None where none is asked for. Raises Problem 422."""
    try:
        return None if text is None else RunStatus(text)
    except ValueError:
        raise _bad_query("status", f"one of {', '.join(RunStatus)}") from None


def read_planner(text: str | None) -> PlannerName | None:
    """Returns the planner, or None where none is asked for. Raises Problem 422."""
    known: tuple[PlannerName, ...] = get_args(PlannerName)
    found = next((each for each in known if each == text), None)
    if text is not None and found is None:
        raise _bad_query("planner", f"one of {', '.join(known)}")
    return found


def read_choice(name: str, text: str | None, choices: Sequence[str]) -> str:
    """Returns the choice that this query names, the first one where it is not given. Raises Problem 422."""
    if text is not None and text not in choices:
        raise _bad_query(name, f"one of {', '.join(choices)}")
    return choices[0] if text is None else text


def read_flag(name: str, text: str | None) -> bool:
    """Returns whether it is asked for. Raises Problem 422."""
    if text not in {None, "1", "true"}:
        raise _bad_query(name, "1, or leave it out")
    return text is not None


def read_limit(text: str | None, *, default: int, most: int) -> int:
    """Returns how many are asked for, from 1 to ``most``. Raises Problem 422."""
    if text is None:
        return default
    number = _number(text)
    if number is None or not 1 <= number <= most:
        raise _bad_query("limit", f"a number from 1 to {most}")
    return number


def read_number_cursor(text: str | None) -> int:
    """Returns the number behind which the page begins, 0 for the first one. Raises Problem 422."""
    if not text:
        return 0
    number = _number(text)
    if number is None:
        raise _bad_query("cursor", "nextCursor of the page before, or leave it out to start anew")
    return number


def read_count(name: str, text: str | None) -> int | None:
    """Returns the number that this query holds, from 0; None where it is not given. Raises Problem 422."""
    if text is None:
        return None
    number = _number(text)
    if number is None:
        raise _bad_query(name, "a number from 0")
    return number


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def read_search(text: str | None) -> str | None:
    """Returns the text that is looked for, or None. Raises Problem 422."""
    if text is not None and len(text) > LONGEST_SEARCH:
        raise _bad_query("q", f"at most {LONGEST_SEARCH} characters")
    return (text or "").strip() or None


def read_session(text: str | None) -> str | None:
    """Returns the id of the attach session, or None. Raises Problem 422."""
    if text is not None and not 1 <= len(text) <= LONGEST_SESSION:
        raise _bad_query("session", f"the id of an attach session, of at most {LONGEST_SESSION} characters")
    return text


def _bad_query(field: str, wanted: str) -> Problem:
    return from_code("invalid", f"{field}: give {wanted}", field=field)
