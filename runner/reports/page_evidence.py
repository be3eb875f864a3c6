"""What went wrong in a run's page, as sentences for people and as lines of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from control.origins import origin_of
from control.protocol.page_log import ConsoleEntry, RequestEntry

_LONGEST = 300
_IN_REASON = 3
"""Sentences about the page in one reason: more would bury it."""
_BROWSERS_OWN = "Failed to load resource:"
"""How Chromium's console tells of requests, which are told of by themselves."""

PageEntry = ConsoleEntry | RequestEntry


def sentence_of(entry: PageEntry) -> str:
    """Returns what the entry says, without a capital and a full stop: ``the page threw: TypeError: …``."""
    text = _of_request(entry) if isinstance(entry, RequestEntry) else _of_console(entry)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def told(entries: Iterable[PageEntry]) -> list[PageEntry]:
    """Returns the entries of which people are told, each once, those first that explain most."""
    failed = [entry for entry in entries if _is_told(entry)]
    first: dict[str, PageEntry] = {}
    for entry in sorted(failed, key=lambda each: (_rank(each), each.number)):
        first.setdefault(sentence_of(entry), entry)
    return list(first.values())


def evidence_lines(entries: Iterable[PageEntry]) -> list[str]:
    """Returns a line for each failing entry, in order: ``step 4: the page's request POST /api/orders answered 500``."""
    found = sorted((entry for entry in entries if _is_told(entry)), key=lambda each: each.number)
    return [f"{_place(entry.step)}: {sentence_of(entry)}" for entry in found]


def with_evidence(reason: str, page_said: Sequence[str]) -> str:
    """Returns the reason with the first of what the page said behind it."""
    return "; ".join([reason.rstrip("."), *page_said[:_IN_REASON]]) if page_said else reason


def _place(step: int) -> str:
    return f"step {step}" if step else "before the first step"


def _is_told(entry: PageEntry) -> bool:
    if isinstance(entry, RequestEntry):
        return entry.failed
    return entry.level == "error" and not entry.text.startswith(_BROWSERS_OWN)


def _rank(entry: PageEntry) -> int:
    """Returns 0 for what most often explains a failure, more for what seldom does."""
    if isinstance(entry, ConsoleEntry):
        return {"exception": 0, "policy": 2, "console": 3}[entry.kind]
    return 0 if entry.resource_type in {"document", "xhr", "fetch"} else 1


def _of_console(entry: ConsoleEntry) -> str:
    text = " ".join(entry.text.split())
    match entry.kind:
        case "exception":
            return f"the page threw: {text}"
        case "policy":
            return f"the page's Content Security Policy forbids it: {text}"
    return f"the page's console says: {text}"


def _of_request(entry: RequestEntry) -> str:
    address = _address(entry)
    if entry.resource_type == "websocket":
        closed = entry.status is not None
        return (
            f"the page's WebSocket {address} was closed" if closed else f"the page's WebSocket {address} {_why(entry)}"
        )
    return f"the page's request {entry.method} {address} {_why(entry)}"


def _why(entry: RequestEntry) -> str:
    return f"failed: {entry.error}" if entry.error is not None else f"answered {entry.status}"


def _address(entry: RequestEntry) -> str:
    """Returns path alone where the page asks its own server; never what stands behind ``?``."""
    try:
        parts = urlsplit(entry.url)
    except ValueError:
        return entry.url
    own = entry.resource_type == "document" or origin_of(entry.url) == entry.origin
    return parts.path or "/" if own else f"{parts.scheme}://{parts.netloc}{parts.path}"
