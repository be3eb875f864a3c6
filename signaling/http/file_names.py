"""The names under which files are saved: they are their run's own, as far as file systems take them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal
from urllib.parse import quote

from control.protocol.models import RunView

Kind = Literal["attachment", "inline"]

_LONGEST: Final = 200
"""Bytes of a run's name in a file's: with any ending it stays within 255, the most that common file systems take."""
_LEFT_OUT: Final = re.compile(r"^https?://|['’]")


def of_run(run: RunView, pattern: str, *, separator: str = "-", kind: Kind = "attachment") -> str:
    """Returns the Content-Disposition of a file that is named after the run; the parameters are `disposition`'s."""
    name = run.test.title if run.test and run.test.title else run.name
    return disposition(name, pattern, otherwise=run.id, separator=separator, kind=kind)


def disposition(name: str, pattern: str, *, otherwise: str, separator: str = "-", kind: Kind = "attachment") -> str:
    """Returns a Content-Disposition (RFC 6266) with a file's name.

    Args:
        name: a person's words; whatever is no letter and no number is left out.
        pattern: of the file's name, with ``{}`` for the words.
        otherwise: stands there where no word is left.
        separator: stands between words.
        kind: whether the file is to be saved or shown.
    """
    full = pattern.format(_words(name, separator) or otherwise)
    # For whoever does not read ``filename*`` (§4.3): what is left in ASCII.
    spelled = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = pattern.format(_words(spelled, separator) or otherwise)
    extended = "" if plain == full else f"; filename*=UTF-8''{quote(full, safe='')}"
    return f'{kind}; filename="{plain}"{extended}'


def _words(name: str, separator: str) -> str:
    """Returns the words of a name in small letters, of any script; nothing where it has none."""
    text = unicodedata.normalize("NFKC", _LEFT_OUT.sub("", name)).lower()
    words = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in text).split()
    words = [word for word in words if any(map(str.isalnum, word))]
    return separator.join(words).encode()[:_LONGEST].decode(errors="ignore").strip(separator)
