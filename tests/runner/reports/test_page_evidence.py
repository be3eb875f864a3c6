"""What people are told of a page's log."""

from __future__ import annotations

from typing import Any

import pytest

from control.protocol.page_log import ConsoleEntry, RequestEntry
from control.protocol.shape import utc_now
from runner.reports.page_evidence import PageEntry, evidence_lines, sentence_of, told, with_evidence

SHOP = "https://shop.test"


def console(text: str, *, level: Any = "error", kind: Any = "console", **more: int) -> ConsoleEntry:  # noqa: ANN401
    return ConsoleEntry(at=utc_now(), level=level, kind=kind, text=text, **more)


def asked(path: str, **fields: Any) -> RequestEntry:  # noqa: ANN401
    given = {"at": utc_now(), "method": "GET", "url": path, "origin": SHOP, "resource_type": "fetch", "failed": True}
    return RequestEntry.model_validate(given | fields)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            asked(f"{SHOP}/api/orders?key=1", method="POST", status=500),
            "the page's request POST /api/orders answered 500",
        ),
        (
            asked("https://other.test/a.png?b", resource_type="image", status=404),
            "the page's request GET https://other.test/a.png answered 404",
        ),
        (asked(f"{SHOP}/", error="net::ERR_TIMED_OUT"), "the page's request GET / failed: net::ERR_TIMED_OUT"),
        (
            asked("wss://shop.test/p", resource_type="websocket", status=101, error="the connection was closed"),
            "the page's WebSocket wss://shop.test/p was closed",
        ),
        (
            asked("wss://shop.test/p", resource_type="websocket", error="refused"),
            "the page's WebSocket wss://shop.test/p failed: refused",
        ),
        (console("TypeError: a\n  is b", kind="exception"), "the page threw: TypeError: a is b"),
        (console("no image", kind="policy"), "the page's Content Security Policy forbids it: no image"),
        (console("no"), "the page's console says: no"),
    ],
)
def test_each_entry_is_a_sentence(entry: PageEntry, sentence: str) -> None:
    assert sentence_of(entry) == sentence


def test_a_long_sentence_is_cut() -> None:
    assert sentence_of(console("a" * 5000)).endswith("a…")
    assert len(sentence_of(console("a" * 5000))) == 300


def test_what_explains_most_comes_first_and_once() -> None:
    entries: list[PageEntry] = [
        console("no", number=1),
        asked(f"{SHOP}/a.png", number=2, status=404, resource_type="image"),
        asked(f"{SHOP}/api", number=3, status=500),
        asked(f"{SHOP}/api", number=4, status=500),
        asked(f"{SHOP}/fine", number=5, status=200, failed=False),
        console("careful", number=6, level="warning"),
        console("Failed to load resource: the server responded with a status of 500", number=7),
        console("x is not defined", number=8, kind="exception"),
    ]
    assert [each.number for each in told(entries)] == [3, 8, 2, 1]


def test_a_line_for_each_failure_in_order() -> None:
    entries: list[PageEntry] = [
        asked(f"{SHOP}/api", number=3, step=4, status=500),
        asked(f"{SHOP}/api", number=4, step=4, status=500),
        console("no", number=1),
    ]
    assert evidence_lines(entries) == [
        "before the first step: the page's console says: no",
        "step 4: the page's request GET /api answered 500",
        "step 4: the page's request GET /api answered 500",
    ]


def test_a_reason_without_evidence_stays_as_it_is() -> None:
    assert with_evidence("It is gone.", ()) == "It is gone."
    assert with_evidence("It is gone.", ("a", "b")) == "It is gone; a; b"
