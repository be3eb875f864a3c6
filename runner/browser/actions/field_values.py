"""The values that fields of HTML's input types take, and what people write for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Final

from runner.selectors.typography import folded

_MONTHS: Final = (
    ("january", "januar", "janvier", "enero", "gennaio", "janeiro", "januari"),
    ("february", "februar", "février", "febrero", "febbraio", "fevereiro", "februari"),
    ("march", "märz", "mars", "marzo", "março", "maart"),
    ("april", "avril", "abril", "aprile"),
    ("may", "mai", "mayo", "maggio", "maio", "mei"),
    ("june", "juni", "juin", "junio", "giugno", "junho"),
    ("july", "juli", "juillet", "julio", "luglio", "julho"),
    ("august", "août", "agosto", "augustus"),
    ("september", "septembre", "septiembre", "settembre", "setembro"),
    ("october", "oktober", "octobre", "octubre", "ottobre", "outubro"),
    ("november", "novembre", "noviembre", "novembro"),
    ("december", "dezember", "décembre", "diciembre", "dicembre", "dezembro"),
)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH: Final = r"(?P<name>[^\W\d_]{3,12})\.?"
_SPELLED: Final = (
    re.compile(
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º)?\.?[\s-]+(?:(?:of|de)\s+)?{_MONTH},?[\s-]+(?:de\s+)?(?P<year>\d{{4}})"
    ),
    re.compile(rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"),
)
_DAY_FIRST: Final = frozenset(
    re.findall(
        r"\w+",
        "ar bg ca cs cy da de el es et eu fi fr ga gl he hr id is it lv mk ms nb nl nn no pl pt ro ru sk sl sq sr tr "
        "uk vi",
    )
)
"""Languages whose dates in figures begin with the day, whatever the country."""
_ENGLISH_DAY_FIRST: Final = frozenset({"en-gb", "en-au", "en-nz", "en-ie", "en-in", "en-sg", "en-mt"})
_COMMA_IS_POINT: Final = _DAY_FIRST - {"ar", "cy", "ga", "he", "ms"}
_COMMA_GROUPS: Final = frozenset({"en", "zh", "ja", "ko", "th", "he", "hi"})
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


_COLORS: Final[dict[str, str]] = dict(
    re.findall(
        r"(\w+) (#\w+)",
        "black #000000 white #ffffff red #ff0000 lime #00ff00 blue #0000ff yellow #ffff00 aqua #00ffff cyan #00ffff "
        "fuchsia #ff00ff magenta #ff00ff silver #c0c0c0 gray #808080 grey #808080 maroon #800000 olive #808000 "
        "green #008000 purple #800080 teal #008080 navy #000080 orange #ffa500",
    )
)
"""The colours that CSS Level 2 names."""


class UnfitValue(ValueError):
    """Raised where a field cannot take a text, or the text may mean two values; the message says what it takes."""


def field_value(type: str, text: str, language: str = "") -> str:
    """Returns the value that a field of that type takes for the text, itself where the type takes any text.

    What a person writes is converted where it can mean one thing only: ``29/02/2024`` is a date, ``03/04/2024`` may be
    two unless the field's ``language`` (such as ``de`` or ``en-GB``) says which. Raises UnfitValue.
    """
    reader = _READERS.get(type)
    if reader is None or not text.strip():
        return text
    value = reader(" ".join(unicodedata.normalize("NFKC", text).split()), language.strip().lower())
    if value is None:
        raise UnfitValue(f"takes {_FORMATS[type]}, not '{text}'")
    return value


def same_value(type: str, wanted: str, held: str) -> bool:
    """Returns whether a field of that type holds what was wanted, in its own form: a mask's signs do not count."""
    if held == wanted:
        return True
    if type in {"number", "range"}:
        return bool(_float(held) == _float(wanted) is not None)
    if type in {"time", "datetime-local"}:
        return bool(held) and held.removesuffix(":00") == wanted.removesuffix(":00")
    if type in _READERS or type == "password":
        return False
    return _same_text(wanted, held, formatted=type == "editable")


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _same_text(wanted: str, held: str, *, formatted: bool) -> bool:
    if not wanted:
        return not re.search(r"[^\W_]", held)
    if _LOCAL_NUMBER.fullmatch(wanted):
        held = _COUNTRY.sub("", held, count=1)
    if numbers := _numbers(wanted):
        if numbers & _numbers(held):
            return True
        if not wanted.strip().isdigit():
            return False
    kept = formatted or _FIGURES.fullmatch(wanted) or _has_in_order(_plain(wanted), _plain(held))
    return _letters(held) == _letters(wanted) != "" and bool(kept)


_FIGURES: Final = re.compile(r"(?=\D*\d)[\dA-Z\s()./,-]+")
"""Numbers of phones, cards, accounts, plates: their spaces and signs are only there to be read more easily."""
_LOCAL_NUMBER: Final = re.compile(r"[\s()./-]*(?:\d[\s()./-]*){7,}")
_COUNTRY: Final = re.compile(r"^\+\d{1,3}[\s(.-]+")
"""A mask for phones may write it before a number that was typed without one."""
_QUANTITY: Final = re.compile(r"[^\w+(−-]*(?P<sign>[(−-]?)\s*(?P<digits>\d[\d.,'\s]*?)[^\d+−-]*")


def _letters(text: str) -> str:
    """Returns what a person has typed, in any case, without the signs that a mask puts around it."""
    return re.sub(r"[\W_]+", "", _plain(text))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", folded(text)).casefold()


def _has_in_order(wanted: str, held: str) -> bool:
    """Returns whether every sign of what was wanted is in what is held, which may have more between them."""
    rest = iter(held)
    return all(char in rest for char in wanted)


def _numbers(text: str) -> set[float]:
    """Returns the numbers that the text may be, as people group and point them; none where it is something else."""
    found = _QUANTITY.fullmatch(unicodedata.normalize("NFKC", text).replace("’", "'").strip())
    if found is None or re.match(r"0\d", found["digits"]):
        return set()
    digits = re.sub(r"\s", " ", found["digits"])
    values = {float(digits)} if digits.isdigit() else set()
    if grouped := re.fullmatch(r"(\d{1,3}(?:([., '])\d{3})(?:\2\d{3})*)(?:(?!\2)[.,](\d+))?", digits):
        values.add(float(re.sub(r"\D", "", grouped[1]) + "." + (grouped[3] or "0")))
    if pointed := re.fullmatch(r"(\d+)[.,](\d+)", digits):
        values.add(float(f"{pointed[1]}.{pointed[2]}"))
    return {-value for value in values} if found["sign"] else values


def _date(text: str, language: str) -> str | None:
    found = _day(text, language)
    return None if found is None else found.isoformat()


def _day(text: str, language: str) -> date | None:
    weekday, comma, rest = text.partition(", ")
    if comma and weekday.isalpha():
        named = _day(rest, language)
        starts = [index for index, name in enumerate(_DAYS) if len(weekday) > 2 and name.startswith(weekday.lower())]
        return named if named and starts == [named.weekday()] else None
    if match := re.fullmatch(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", text):
        return _valid(match[1], match[3], match[4])
    for spelled in _SPELLED:
        if (match := spelled.fullmatch(text)) and (month := _month_number(match["name"])):
            return _valid(match["year"], str(month), match["day"])
    match = re.fullmatch(r"(\d{1,2})([-/]|\. ?)(\d{1,2})\2(\d{4})", text)
    return _in_figures(match, language) if match else None


def _in_figures(found: re.Match[str], language: str) -> date | None:
    """Returns the day of ``03/04/2024``. Raises UnfitValue where it may be two, and the language does not say which."""
    day_first, month_first = _valid(found[4], found[3], found[1]), _valid(found[4], found[1], found[3])
    if day_first == month_first or not (day_first and month_first):
        return day_first or month_first
    if language in _ENGLISH_DAY_FIRST or language.partition("-")[0] in _DAY_FIRST:
        return day_first
    if language == "en-us" and found[2] == "/":
        return month_first
    either = " or ".join(sorted(way.isoformat() for way in (day_first, month_first)))
    raise UnfitValue(f"takes {_FORMATS['date']}; '{found[0]}' may mean {either}: write the one that is meant")


def _valid(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _month_number(word: str) -> int | None:
    start = _without_accents(word)
    found = {
        number
        for number, names in enumerate(_MONTHS, start=1)
        if any(_without_accents(name).startswith(start) for name in names)
    }
    return found.pop() if len(found) == 1 else None


def _without_accents(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(char))


def _time(text: str, _language: str = "") -> str | None:
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


def _moment(text: str, language: str) -> str | None:
    for match in re.finditer(r"T|,? at |, | ", text):
        if (day := _date(text[: match.start()], language)) and (time := _time(text[match.end() :])):
            return f"{day}T{time}"
    return None


def _month(text: str, _language: str) -> str | None:
    if match := re.fullmatch(r"(\d{4})[-/.](\d{1,2})", text):
        year, month = match[1], int(match[2])
    elif match := re.fullmatch(r"(\d{1,2})[-/.](\d{4})", text):
        year, month = match[2], int(match[1])
    elif match := re.fullmatch(rf"{_MONTH},?\s+(?P<year>\d{{4}})", text):
        year, month = match["year"], _month_number(match["name"]) or 0
    else:
        return None
    return f"{year}-{month:02}" if 1 <= month <= 12 else None


def _week(text: str, _language: str) -> str | None:
    if match := re.fullmatch(r"(\d{4})[- ]?[Ww](\d{1,2})", text):
        year, week = match[1], int(match[2])
    elif match := re.fullmatch(r"(?:[Ww]|[Ww]eek |[Cc][Ww] ?)(\d{1,2})(?:,| of|/)? ?(\d{4})", text):
        year, week = match[2], int(match[1])
    else:
        return None
    last = date(int(year), 12, 28).isocalendar().week if int(year) else 0
    return f"{year}-W{week:02}" if 1 <= week <= last else None


def _number(text: str, language: str) -> str | None:
    if re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", text):
        return _in_ascii(text.removeprefix("+"))
    bare = text.replace("−", "-").replace("’", "'")
    grouped = re.fullmatch(r"([-+]?\d{1,3})((?:([,. '])\d{3})+)(?:([.,])(\d+))?", bare) or _INDIAN.fullmatch(bare)
    if grouped:
        head, groups, sign, point, decimals = grouped.groups()
        if len({*re.findall(r"[,. ']", groups)}) > 1 or sign == point:
            return None
        whole = head + re.sub(r"\D", "", groups)
        if sign in {",", "."} and point is None and groups.count(sign) == 1:
            return _one_of(text, whole, f"{head}.{groups[1:]}", language)
        return _in_ascii((whole + (f".{decimals}" if decimals else "")).removeprefix("+"))
    if re.fullmatch(r"[-+]?\d+,\d+", bare):
        return _in_ascii(bare.replace(",", ".").removeprefix("+"))
    return None


def _one_of(text: str, whole: str, part: str, language: str) -> str:
    """Returns which of the two ``1,234`` means in that language. Raises UnfitValue where that is open."""
    spoken = language.partition("-")[0]
    if spoken in _COMMA_GROUPS:
        return _in_ascii(whole.removeprefix("+"))
    if spoken in _COMMA_IS_POINT and language not in {"de-ch", "de-li", "it-ch", "es-mx"}:
        return _in_ascii(part.removeprefix("+"))
    either = f"{whole} or {part}"
    raise UnfitValue(f"takes {_FORMATS['number']}; '{text}' may mean {either}: write the one that is meant")


def _in_ascii(number: str) -> str:
    """Returns the number in the figures that a field takes, whatever script it was written in."""
    return "".join(str(unicodedata.decimal(char, char)) for char in number)


_INDIAN: Final = re.compile(r"([-+]?\d{1,2})((?:(,)\d{2})+,\d{3})(?:(\.)(\d+))?")


def _color(text: str, _language: str) -> str | None:
    if text.lower() in _COLORS:
        return _COLORS[text.lower()]
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return text.lower()
    if re.fullmatch(r"#[0-9a-fA-F]{3}", text):
        return "#" + "".join(2 * digit for digit in text[1:].lower())
    if match := re.fullmatch(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", text):
        parts = [int(part) for part in match.groups()]
        return "#" + "".join(f"{part:02x}" for part in parts) if max(parts) < 256 else None
    return None


_READERS: Final[dict[str, Callable[[str, str], str | None]]] = {
    "date": _date,
    "time": _time,
    "datetime-local": _moment,
    "month": _month,
    "week": _week,
    "number": _number,
    "range": _number,
    "color": _color,
}
