"""The text log: one event stays one event, whatever a page has put into it."""

from __future__ import annotations

import logging

import pytest

from jumpseat.logging_setup import configure_logging


def test_a_line_of_a_page_is_no_line_of_ours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    configure_logging("info", "text")
    title = "\x1b[2J\x9b1m\u202eexe.txt\r\n2026-01-31 09:30:00 INFO runner: the run passed"
    logging.getLogger("runner").warning("the page said %s", title)
    err = capsys.readouterr().err
    assert not set(err) & set("\x1b\x9b\u202e\r")
    first, second = err.splitlines()
    assert first.endswith(r"WARNING runner: the page said \x1b[2J\x9b1m\u202eexe.txt")
    assert second.startswith("    2026-01-31")


ADDRESS = "https://ada:sesame@shop.test/cart?session=hunter2#token=hunter3"


@pytest.mark.parametrize("format", ["text", "json"])
def test_no_line_holds_user_info_or_a_query(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Whoever writes it, and in what words: a library, an exception, a page."""
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    configure_logging("info", format)
    try:
        raise ValueError(f"'{ADDRESS}' was not opened, nor <{ADDRESS}>")
    except ValueError:
        logging.getLogger("some.library").exception("GET %s, and ws://u:p@shop.test?k=hunter4 failed", ADDRESS)
    err = capsys.readouterr().err
    assert err.count("https://shop.test/cart") == 3
    assert [word for word in ("ada", "sesame", "hunter", "u:p") if word in err] == []
