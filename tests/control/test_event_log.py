"""The event log: numbers, replay, listeners."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.event_log import Entry, EventLog
from control.protocol import events as e
from tests.control.run_scenarios import FakeClock


def log_of(count: int, *, keep: int = 2000) -> EventLog:
    log = EventLog("run-1", clock=FakeClock(), keep=keep)
    for number in range(count):
        log.append(e.Viewers(count=number))
    return log


def test_a_message_has_its_type_run_number_and_time_first() -> None:
    log = log_of(0)
    message = log.append(e.Viewers(count=3)).message()
    assert list(message.items()) == [
        ("type", "viewers"),
        ("runId", "run-1"),
        ("seq", 1),
        ("at", "2026-01-31T09:30:00.000Z"),
        ("count", 3),
        ("controllers", []),
        ("watchers", []),
    ]


def test_a_reply_carries_the_newest_number_and_adds_none() -> None:
    log = log_of(2)
    assert log.reply(e.Pong(t=1))["seq"] == 2
    assert log.seq == 2


@pytest.mark.parametrize(("since", "missed"), [(0, [1, 2, 3]), (2, [3]), (3, []), (4, None), (-1, None)])
def test_what_was_missed(since: int, missed: list[int] | None) -> None:
    entries = log_of(3).since(since)
    assert (None if entries is None else [entry.seq for entry in entries]) == missed


def test_what_is_gone_cannot_be_replayed() -> None:
    log = log_of(5, keep=2)
    assert log.since(2) is None
    assert [entry.seq for entry in log.since(3) or []] == [4, 5]


@given(st.integers(0, 30), st.integers(1, 10), st.integers(-5, 40))
def test_a_replay_has_no_gaps(count: int, keep: int, since: int) -> None:
    entries = log_of(count, keep=keep).since(since)
    if entries is not None:
        assert [entry.seq for entry in entries] == list(range(since + 1, count + 1))
    else:
        assert since > count or since < max(0, count - keep)


def test_listeners_hear_the_same_in_the_same_order() -> None:
    log = log_of(1)
    first: list[Entry] = []
    second: list[Entry] = []
    stop = log.listen(first.append)
    log.listen(second.append)
    log.append(e.Viewers(count=1))
    stop()
    stop()
    log.append(e.Viewers(count=2))
    assert [entry.seq for entry in first] == [2]
    assert [entry.seq for entry in second] == [2, 3]


def test_a_listener_may_stop_while_it_is_told() -> None:
    log = log_of(0)
    heard: list[int] = []

    def once(entry: Entry) -> None:
        heard.append(entry.seq)
        stop()

    stop = log.listen(once)
    log.listen(lambda entry: heard.append(-entry.seq))
    log.append(e.Viewers(count=1))
    log.append(e.Viewers(count=2))
    assert heard == [1, -1, -2]


def test_what_a_listener_appends_is_heard_by_all_after_what_it_heard() -> None:
    log = log_of(0)
    heard: list[int] = []

    def answer(entry: Entry) -> None:
        if entry.seq < 3:
            log.append(e.Viewers(count=entry.seq))

    log.listen(answer)
    log.listen(lambda entry: heard.append(entry.seq))
    log.append(e.Viewers(count=0))
    assert heard == [1, 2, 3]
