"""The splitting of instructions into sentences, which keeps whole what stands in quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from control.secrets import REFERENCE
from runner.selectors.typography import without_invisible

VERBS = (
    "activate|assert|attach|browse|check|choose|clear|click|close|confirm|context[- ]?click|double|doubleclick|drag|"
    "ensure|enter|expect|fill|go|hit|hover|input|insert|load|look|make|mark|navigate|open|pick|press|push|refresh|"
    "reload|return|right[- ]?click|see|select|scroll|set|should|start|submit|switch|tap|tick|toggle|type|uncheck|"
    "unmark|untick|upload|verify|visit|wait|write"
)
"""The words that a sentence may begin with, as alternatives of a regular expression."""

_CLOSING = {
    "'": "'",
    '"': '"',
    "“": "”“",
    "”": "”",
    "„": '“”"',
    "‘": "’",
    "’": "’",
    "‚": "‘’",
    "`": "`",
    "«": "»",
    "»": "«",
    "‹": "›",
    "›": "‹",
    "「": "」",
    "『": "』",
    "《": "》",
    "〈": "〉",
    "＂": "＂",
    "＇": "＇",
    "〝": "〞〟",
    "״": "״",
}
_ELSE_CLOSING = {"„": '"', "‚": "'"}
"""What keyboards have in place of the proper closing quote."""
_SPACED = "«»‹›"
"""Some languages put spaces inside of these, which belong to the quotes and not to what stands in them."""
_ALSO_APOSTROPHE = "'’"
_BEFORE_OPENING = "([{,:=（［，：、。"
"""What may stand before an opening quote, beside space of any kind."""
_LIST_MARK = re.compile(r"^\s*(?:(?:[-*•+]|\d+[.):]|[Ss]tep\s+\d+\s*[.):])\s+|\[[ xX]?\]\s+)+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_END = re.compile(r"(?<![.;!])[.;!]+\s+")
_JOINT = re.compile(rf",?\s+(?:and\s+then|and|then)\s+(?=(?:{VERBS})\b)|,\s+(?=(?:{VERBS})\b)", re.IGNORECASE)
_MARK = re.compile(r"\x00(\d+)\x00")


class Kind(StrEnum):
    TEXT = "text"
    SELECTOR = "selector"
    """In backquotes: a Playwright selector, used as it is."""
    SECRET = "secret"
    """``{{secret:NAME}}``: never cut in two."""


@dataclass(frozen=True, slots=True)
class Part:
    """Holds one text that is never split: a quoted name, a selector or a secret."""

    kind: Kind
    raw: str
    """The text with its quotes."""
    text: str
    """The text without its quotes."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Holds one step of the instructions."""

    masked: str
    """The sentence with ``\\0i\\0`` in place of ``parts[i]``."""
    parts: tuple[Part, ...]
    line: int
    """The line of the instructions, from 1."""

    @property
    def text(self) -> str:
        """Returns the sentence as it was written, in one line."""
        return self.restore(self.masked)

    def restore(self, masked: str) -> str:
        """Returns ``masked`` as it was written."""
        return _MARK.sub(lambda mark: self.parts[int(mark[1])].raw, masked)

    def whole(self, masked: str) -> Part | None:
        """Returns the part that ``masked`` is; None where it is not one part and nothing else."""
        mark = _MARK.fullmatch(masked)
        return self.parts[int(mark[1])] if mark else None

    def plain(self, masked: str) -> str:
        """Returns what ``masked`` means: without its quotes where it is all in quotes, else as it was written."""
        part = self.whole(masked)
        return part.text if part else self.restore(masked)


class UnclosedQuote(ValueError):
    """Raised where a quote is opened and not closed on the same line."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line
        """The line of the instructions, from 1."""


def split(instructions: str) -> list[Sentence]:
    """Returns the sentences of ``instructions`` in order. Raises UnclosedQuote, naming the line."""
    return [sentence for line in split_lines(instructions) for sentence in line()]


def split_lines(instructions: str) -> Iterator[Callable[[], list[Sentence]]]:
    """Yields for each line what returns its sentences, or raises UnclosedQuote."""
    for number, line in enumerate(instructions.splitlines(), start=1):
        if not line.strip().startswith("#"):
            yield partial(_split_line, _CONTROL.sub("", line), number)


def _split_line(line: str, number: int) -> list[Sentence]:
    masked, parts = _mask(_LIST_MARK.sub("", line), number)
    clauses = [clause for sentence in _END.split(masked) for clause in _clauses(sentence)]
    cleaned = [re.sub(r"\s+", " ", _LIST_MARK.sub("", clause)).strip(" .;!,") for clause in clauses]
    return [Sentence(text, tuple(parts), number) for text in cleaned if text and not text.isdigit()]


def _clauses(masked: str) -> list[str]:
    """Splits ``Type 'x' into 'y' and press Enter`` in two; ``Click Save and close`` has no quotes and stays one."""
    pieces = [masked]
    for joint in reversed(list(_JOINT.finditer(masked))):
        before, after = masked[: joint.start()], pieces[0][joint.end() :]
        if before.rstrip().endswith("\x00") or "\x00" in after:
            pieces = [before, after, *pieces[1:]]
    return pieces


def _mask(line: str, number: int) -> tuple[str, list[Part]]:
    out: list[str] = []
    parts: list[Part] = []
    at = 0
    while at < len(line):
        part = _part_at(line, at, number)
        if part is None:
            out.append(without_invisible(line[at]))
            at += 1
            continue
        out.append(f"\x00{len(parts)}\x00")
        parts.append(part)
        at += len(part.raw)
    return "".join(out), parts


def _part_at(line: str, at: int, number: int) -> Part | None:
    secret = REFERENCE.match(line, at)
    if secret:
        return Part(Kind.SECRET, secret[0], secret[0])
    opening = line[at]
    if opening not in _CLOSING or (at > 0 and not _may_open_after(line[at - 1])):
        return None
    end = _closing(line, at, _CLOSING[opening])
    if end is None and opening in _ELSE_CLOSING:
        end = _closing(line, at, _ELSE_CLOSING[opening])
    if end is None:
        raise UnclosedQuote(f"Line {number}: the quote {opening} is opened and not closed in: {line.strip()}", number)
    kind = Kind.SELECTOR if opening == "`" else Kind.TEXT
    text = line[at + 1 : end]
    return Part(kind, line[at : end + 1], text.strip() if opening in _SPACED else text)


def _may_open_after(char: str) -> bool:
    return char.isspace() or char in _BEFORE_OPENING or not without_invisible(char)


def _closing(line: str, at: int, closing: str) -> int | None:
    """Returns where the quote that opens at ``at`` closes, or None. An apostrophe within a word closes nothing."""
    for end in range(at + 1, len(line)):
        if line[end] not in closing:
            continue
        inside_word = line[end] in _ALSO_APOSTROPHE and line[end + 1 : end + 2].isalnum()
        if not inside_word:
            return end
    return None
