"""Characters that a terminal obeys instead of showing them: those of pages are written as what they are."""

from __future__ import annotations

import re

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""C0 but tab and line feed, DEL, C1, the separators of lines, and what changes the direction of text (UAX #9)."""


def visible(text: str, *, indent: str = "    ") -> str:
    """Returns the text with escapes (``\\x1b``) in place of control, C1 and bidi characters.

    Lines after the first one are indented, so that none looks as if it had been written by the program itself.
    """
    shown = _OBEYED.sub(_escaped, text.replace("\r\n", "\n"))
    return shown.replace("\n", f"\n{indent}")


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
