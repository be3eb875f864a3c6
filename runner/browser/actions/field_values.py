"""The values that fields of HTML's input types take, and what people write for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH: Final = r"(?P<name>[A-Za-z]{3,9})\.?"
_SPELLED: Final = (
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+{_MONTH},?\s+(?P<year>\d{{4}})"),
    re.compile(rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"),
)
_TIME: Final = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?", re.IGNORECASE
)
_FORMATS: Final = {
    "date": "a date such as 2024-02-29",
    "time": "a time such as 14:30",
    "datetime-local": "a date and a time such as 2024-02-29T14:30",
    "month": "a month such as 2024-02",
    "week": "a week such as 2024-W09",
    "number": "a number such as 1234.5",
    "range": "a number such as 5",
    "color": "a colour such as #ff8800",
}
"""What each type takes, for a person."""


class UnfitValue(ValueError):
    """Raised where a field cannot take a text, or the text may mean two values; the message says what it takes."""


def field_value(type: str, text: str) -> str:
    """Returns the value that a field of that type takes for the text, itself where the type takes any text.

    What a person writes is converted where it can mean one thing only: ``29/02/2024`` is a date, ``03/04/2024`` may be
    two. Raises UnfitValue.
    """
    reader = _READERS.get(type)
    if reader is None or not text.strip():
        return text
    value = reader(" ".join(text.split()))
    if value is None:
        raise UnfitValue(f"takes {_FORMATS[type]}, not '{text}'")
    return value


def same_value(type: str, wanted: str, held: str) -> bool:
    """Returns whether a field of that type holds what was wanted, in its own form: a mask's signs do not count."""
    if held == wanted:
        return True
    if type in {"number", "range"}:
        try:
            return float(held) == float(wanted)
        except ValueError:
            return False
    if type in {"time", "datetime-local"}:
        return bool(held) and held.removesuffix(":00") == wanted.removesuffix(":00")
    if not wanted:
        return not re.search(r"[^\W_]", held)
    return _letters(held) == _letters(wanted) != "" and _keeps_number(wanted, held)


def _letters(text: str) -> str:
    """Returns what a person has typed, in any case, without the signs that a mask puts around it."""
    return re.sub(r"[\W_]+", "", re.sub(r"[.,]0+(?=\D*$)", "", text)).casefold()


def _keeps_number(wanted: str, held: str) -> bool:
    """Returns False where a number has lost its sign or its point on the way: ``-5`` is not ``5``."""
    number = re.fullmatch(r"([-+]?)\d+(?:[.,](\d+))?", wanted.strip())
    if number is None:
        return True
    sign, decimals = number[1], (number[2] or "").rstrip("0")
    signed = sign != "-" or "-" in held or "−" in held or "(" in held
    return signed and (not decimals or re.search(rf"[.,]{decimals}0*\D*$", held) is not None)


def _date(text: str) -> str | None:
    found = _day(text)
    return None if found is None else found.isoformat()


def _day(text: str) -> date | None:
    if match := re.fullmatch(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", text):
        return _valid(match[1], match[3], match[4])
    for spelled in _SPELLED:
        if (match := spelled.fullmatch(text)) and (month := _month_number(match["name"])):
            return _valid(match["year"], str(month), match["day"])
    if match := re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", text):
        return _valid(match[3], match[2], match[1])
    if match := re.fullmatch(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4})", text):
        ways = {_valid(match[4], match[3], match[1]), _valid(match[4], match[1], match[3])} - {None}
        if len(ways) > 1:
            either = " or ".join(sorted(way.isoformat() for way in ways if way))
            raise UnfitValue(f"takes {_FORMATS['date']}; '{text}' may mean {either}: write the one that is meant")
        return next(iter(ways), None)
    return None


def _valid(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _month_number(word: str) -> int | None:
    starts = [number for number, name in enumerate(_MONTHS, start=1) if name.startswith(word.lower())]
    return starts[0] if len(starts) == 1 else 9 if word.lower() == "sept" else None


def _time(text: str) -> str | None:
    match = _TIME.fullmatch(text)
    if match is None or not (match["minute"] or match["half"]):
        return None
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if half := (match["half"] or "").lower()[:1]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if match["second"] else "")


def _moment(text: str) -> str | None:
    for match in re.finditer(r"T|,? at |, | ", text):
        if (day := _date(text[: match.start()])) and (time := _time(text[match.end() :])):
            return f"{day}T{time}"
    return None


def _month(text: str) -> str | None:
    if match := re.fullmatch(r"(\d{4})[-/.](\d{1,2})", text):
        year, month = match[1], int(match[2])
    elif match := re.fullmatch(r"(\d{1,2})[-/.](\d{4})", text):
        year, month = match[2], int(match[1])
    elif match := re.fullmatch(rf"{_MONTH},?\s+(?P<year>\d{{4}})", text):
        year, month = match["year"], _month_number(match["name"]) or 0
    else:
        return None
    return f"{year}-{month:02}" if 1 <= month <= 12 else None


def _week(text: str) -> str | None:
    if match := re.fullmatch(r"(\d{4})[- ]?[Ww](\d{1,2})", text):
        year, week = match[1], int(match[2])
    elif match := re.fullmatch(r"(?:[Ww]|[Ww]eek |[Cc][Ww] ?)(\d{1,2})(?:,| of|/)? ?(\d{4})", text):
        year, week = match[2], int(match[1])
    else:
        return None
    last = date(int(year), 12, 28).isocalendar().week if int(year) else 0
    return f"{year}-W{week:02}" if 1 <= week <= last else None


def _number(text: str) -> str | None:
    if re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", text):
        return text.removeprefix("+")
    bare = text.replace("−", "-").replace("’", "'")
    grouped = re.fullmatch(r"([-+]?\d{1,3})((?:([,. '])\d{3})+)(?:([.,])(\d+))?", bare)
    if grouped:
        head, groups, sign, point, decimals = grouped.groups()
        if len({*re.findall(r"[,. ']", groups)}) > 1 or sign == point:
            return None
        if sign in {",", "."} and point is None and groups.count(sign) == 1:
            whole, part = head + re.sub(r"\D", "", groups), f"{head}.{groups[1:]}"
            either = f"{whole} or {part}"
            raise UnfitValue(f"takes {_FORMATS['number']}; '{text}' may mean {either}: write the one that is meant")
        return (head + re.sub(r"\D", "", groups) + (f".{decimals}" if decimals else "")).removeprefix("+")
    if re.fullmatch(r"[-+]?\d+,\d+", bare):
        return bare.replace(",", ".").removeprefix("+")
    return None


def _color(text: str) -> str | None:
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return text.lower()
    if re.fullmatch(r"#[0-9a-fA-F]{3}", text):
        return "#" + "".join(2 * digit for digit in text[1:].lower())
    if match := re.fullmatch(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", text):
        parts = [int(part) for part in match.groups()]
        return "#" + "".join(f"{part:02x}" for part in parts) if max(parts) < 256 else None
    return None


_READERS: Final[dict[str, Callable[[str], str | None]]] = {
    "date": _date,
    "time": _time,
    "datetime-local": _moment,
    "month": _month,
    "week": _week,
    "number": _number,
    "range": _number,
    "color": _color,
}
