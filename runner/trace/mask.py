"""The masking of a trace, in the process that packs it: Playwright has written secrets down as the page had them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Final

from control.secrets import MASK, Secrets
from control.user_info import without_literal_user_info

_SHORTEST_ENCODED: Final = 6
"""Bytes of a value that is looked for in Base64 as well: what shorter ones leave of themselves is any four letters."""
_SPELLING: Final = re.compile(r"[%&\\+]")
"""One of these is in a value that is not spelled as it is."""
_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be")


class TraceMask:
    """Puts dots in place of the values of secrets, however they are spelled."""

    def __init__(self, values: Sequence[str]) -> None:
        self._secrets = Secrets({str(number): value for number, value in enumerate(values)})
        encoded = {part for value in values for part in _in_base64(value.encode("utf-8", "replace"))}
        self._encoded = (
            re.compile("|".join(map(re.escape, sorted(encoded, key=len, reverse=True)))) if encoded else None
        )
        self._values = [value for value in values if value]
        self._raw = [value.encode(encoding, "replace") for value in values if value for encoding in _ENCODINGS]

    def text(self, text: str) -> str:
        """Returns the text with dots in place of values, and without user info in addresses."""
        shown = without_literal_user_info(text) if "@" in text else text
        if any(value in shown for value in self._values) or (self._values and _SPELLING.search(shown)):
            shown = self._secrets.mask(shown)  # which takes long, and most texts have nothing of the kind
        return shown if self._encoded is None else self._encoded.sub(MASK, shown)

    def field(self, text: str) -> str:
        """Returns what a field holds: dots alone where a mask's signs part a value in it."""
        return MASK if self._secrets.has_parted(text) else self.text(text)

    def file(self, data: bytes) -> bytes | None:
        """Returns a file's content with dots in place of values; None where it holds one and is no text."""
        try:
            return self.text(data.decode()).encode()
        except UnicodeDecodeError:
            letters = data.decode("latin-1")
            holds_one = any(raw in data for raw in self._raw) or self._secrets.mask(letters) != letters
            return None if holds_one else data


def _in_base64(value: bytes) -> Iterator[str]:
    """Yields what is left of the value in Base64 whatever stands around it, in both alphabets (RFC 4648 §4, §5).

    It may begin at each of the three bytes of a group: letters that hold bits of what is before or after it are left
    out.
    """
    if len(value) < _SHORTEST_ENCODED:
        return
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(value)) * 8 // 6
        plain = base64.b64encode(bytes(before) + value).decode()[first:last]
        yield from {plain, plain.translate(str.maketrans("+/", "-_"))}
