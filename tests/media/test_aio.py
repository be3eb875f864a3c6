"""The asyncio toolbox: task sets, races, back-off, and closing once."""

from __future__ import annotations

import asyncio
import logging

import pytest

from media.aio import Backoff, CloseOnce, TaskSet, cancel_and_wait, race

logger = logging.getLogger(__name__)


async def forever() -> None:
    await asyncio.Event().wait()


async def fails(error: Exception) -> None:
    raise error


class Unkillable:
    """Work that takes its time to end once it is cancelled."""

    def __init__(self) -> None:
        self.ended = False

    async def __call__(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.ended = True


async def test_a_task_set_holds_its_tasks_until_they_end() -> None:
    tasks, go = TaskSet(logger), asyncio.Event()
    task = tasks.spawn(go.wait(), name="waiter")
    assert (len(tasks), list(tasks), task.get_name()) == (1, [task], "waiter")
    go.set()
    assert await tasks.join() == set()
    assert task.result() is True
    assert len(tasks) == 0


async def test_a_task_that_fails_is_logged_and_an_expected_failure_is_not_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    tasks = TaskSet(logger, expected=KeyError)
    tasks.spawn(fails(ValueError("broken")))
    tasks.spawn(fails(KeyError("gone")))
    await tasks.join()
    levels = {record.exc_info[0]: record.levelno for record in caplog.records if record.exc_info}
    assert levels == {ValueError: logging.ERROR, KeyError: logging.DEBUG}


async def test_joining_with_a_timeout_names_what_is_late() -> None:
    tasks = TaskSet(logger)
    task = tasks.spawn(forever())
    assert await tasks.join(timeout=0) == {task}
    await tasks.aclose()
    assert task.cancelled()


async def test_closing_a_task_set_waits_for_the_end_of_every_task() -> None:
    tasks, work = TaskSet(logger), Unkillable()
    tasks.spawn(work())
    await asyncio.sleep(0)
    await tasks.aclose()
    await tasks.aclose()
    assert work.ended


async def test_a_task_may_close_the_set_that_it_is_in() -> None:
    tasks = TaskSet(logger)
    other = tasks.spawn(forever())
    await tasks.spawn(tasks.aclose())
    assert other.cancelled()


async def test_cancel_and_wait_raises_nothing_of_what_the_tasks_raise() -> None:
    work = Unkillable()
    tasks = [asyncio.ensure_future(each) for each in (work(), fails(ValueError()), forever())]
    await asyncio.sleep(0)
    await cancel_and_wait(*tasks)
    assert work.ended
    assert all(task.done() for task in tasks)
    await cancel_and_wait()


async def test_a_race_ends_with_its_first_and_nothing_goes_on() -> None:
    work = Unkillable()
    loser = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    (first,) = await race(loser, asyncio.sleep(0, "first"))
    assert first.result() == "first"
    assert work.ended


async def test_a_race_holds_what_its_first_raised() -> None:
    (first,) = await race(forever(), fails(ValueError("lost")))
    with pytest.raises(ValueError, match="lost"):
        first.result()


async def test_a_race_that_nobody_ends_in_time_has_no_first() -> None:
    task = asyncio.ensure_future(forever())
    assert await race(task, timeout=0) == []
    assert task.cancelled()


async def test_a_race_that_is_cancelled_ends_its_work() -> None:
    work = Unkillable()
    running = asyncio.ensure_future(race(work(), forever()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cancel_and_wait(running)
    assert running.cancelled()
    assert work.ended


def test_pauses_double_up_to_the_limit_and_begin_anew() -> None:
    backoff = Backoff(0.5, 3.0)
    assert [backoff.next() for _ in range(4)] == [0.5, 1.0, 2.0, 3.0]
    backoff.reset()
    assert backoff.next() == 0.5


async def test_a_clean_up_runs_once_and_everybody_waits_for_it() -> None:
    calls, go = 0, asyncio.Event()

    async def close() -> None:
        nonlocal calls
        calls += 1
        await go.wait()

    once = CloseOnce(close)
    assert not once.started
    first, second = asyncio.ensure_future(once()), asyncio.ensure_future(once())
    await asyncio.sleep(0)
    assert once.started
    assert not first.done()
    await cancel_and_wait(first)
    assert not second.done()
    go.set()
    await second
    await once()
    assert calls == 1


async def test_a_clean_up_that_fails_fails_for_everybody() -> None:
    once = CloseOnce(lambda: fails(OSError("disk")))
    for _ in range(2):
        with pytest.raises(OSError, match="disk"):
            await once()
