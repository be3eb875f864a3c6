"""The page log of a run: by step, masked, bounded, written down, and told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from stat import S_IMODE
from typing import Any

from control.protocol import events as e
from control.protocol.models import RunStatus, StepStatus
from control.protocol.page_log import ConsoleEntry, DownloadEntry, HttpHeader, PageLogView, RequestEntry
from runner.planners.base import Stuck
from runner.store.page_log import PageLogFile, read_page_log
from tests.fakes import FakeClock, FakePlanner, click
from tests.runner.session_harness import SessionHarness, session_harness

ORDERS = "http://shop.test/api/orders"


def line(run: SessionHarness, text: str, *, level: Any = "error", kind: Any = "console") -> ConsoleEntry:  # noqa: ANN401
    return ConsoleEntry(at=run.clock(), level=level, kind=kind, text=text)


def request(run: SessionHarness, **fields: Any) -> RequestEntry:  # noqa: ANN401
    given = {"at": run.clock(), "method": "POST", "url": ORDERS, "origin": "http://shop.test", "resource_type": "fetch"}
    return RequestEntry.model_validate(given | {"status": 500, "failed": True} | fields)


def say(run: SessionHarness, *entries: ConsoleEntry | RequestEntry) -> None:
    for entry in entries:
        run.driver.on_page_said(entry)


async def in_step(run: SessionHarness, number: int) -> None:
    """Holds the run within that step."""
    await run.until(lambda: any(step.status is StepStatus.RUNNING for step in run.published(number)))


async def test_an_entry_belongs_to_the_step_that_was_begun_last(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a"), click("#b")])) as run:
        run.driver.open_gate.close()
        run.start()
        await run.driver.open_gate.reached.wait()
        say(run, line(run, "early"))
        run.clock.advance(seconds=1)
        run.driver.perform_gate.close()
        run.driver.open_gate.open()
        await in_step(run, 1)
        asked_in_the_first = request(run)
        run.clock.advance(seconds=1)
        run.driver.perform_gate.open()
        await in_step(run, 2)
        say(run, asked_in_the_first, line(run, "late"))
        await run.finish()
        kept = await run.session.page_log()
    assert [(each.number, each.step) for each in kept.console] == [(1, 0), (3, 2)]
    assert [(each.number, each.step) for each in kept.requests] == [(2, 1)]
    assert [(each.number, each.step) for each in run.events(e.ConsoleMessage)] == [(1, 0), (3, 2)]
    (failed,) = run.events(e.RequestFailed)
    assert (failed.number, failed.step, failed.method, failed.url, failed.status) == (2, 1, "POST", ORDERS, 500)


async def test_what_is_fine_is_kept_and_not_told(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")])) as run:
        run.driver.perform_gate.close()
        run.start()
        await in_step(run, 1)
        say(run, line(run, "hello", level="info"), request(run, status=200, failed=False))
        run.driver.perform_gate.open()
        await run.finish()
        kept = await run.session.page_log()
    assert (len(kept.console), len(kept.requests)) == (1, 1)
    assert not [*run.events(e.ConsoleMessage), *run.events(e.RequestFailed)]


async def test_secrets_and_user_info_are_masked_before_a_text_is_cut(tmp_path: Path) -> None:
    secrets = {"PASSWORD": "hunter2-and-more"}
    async with session_harness(tmp_path, FakePlanner([click("#a")]), secrets=secrets) as run:
        run.driver.perform_gate.close()
        run.start()
        await in_step(run, 1)
        headers = (HttpHeader(name="referer", value="http://shop.test/?p=hunter2-and-more"),)
        address = "http://ada:pass@shop.test/?p=hunter2-and-more"
        say(run, line(run, "a" * 1990 + "hunter2-and-more"), request(run, url=address, request_headers=headers))
        run.driver.perform_gate.open()
        await run.finish()
        kept = await run.session.page_log()
        stored = run.store.page_log_path("run-1").read_text()
    assert kept.console[0].text == "a" * 1990 + "•••"
    assert kept.requests[0].url == "http://shop.test/?p=•••"
    assert kept.requests[0].request_headers[0].value == "http://shop.test/?p=•••"
    assert "hunter2" not in stored + str(run.events(e.ConsoleMessage)) + str(run.events(e.RequestFailed))
    assert "ada:pass" not in stored


async def test_a_page_that_says_much_drops_the_oldest_and_counts(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")])) as run:
        run.driver.perform_gate.close()
        run.start()
        await in_step(run, 1)
        say(run, line(run, "the first failure"))
        say(run, *(line(run, f"line {number}", level="info") for number in range(3000)))
        say(run, *(request(run, url=f"{ORDERS}/{number}") for number in range(600)))
        run.driver.on_muted(timedelta(seconds=1.5))
        run.driver.perform_gate.open()
        await run.finish()
        kept = await run.session.page_log()
        again = read_page_log(run.store.page_log_path("run-1"))
    assert (kept.console[0].text, kept.console[-1].text) == ("the first failure", "line 2999")
    assert (len(kept.console), len(kept.requests)) == (501, 500)
    assert (kept.left_out.console, kept.left_out.requests, kept.left_out.muted_ms) == (2500, 100, 1500)
    assert again == kept
    sent = run.events(e.RequestFailed)
    assert (len(sent), sent[-1].unsent) == (10, 0)


async def test_events_of_a_later_step_say_how_many_were_not_sent(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a"), click("#b")])) as run:
        run.driver.perform_gate.close()
        run.start()
        await in_step(run, 1)
        say(run, *(line(run, f"line {number}") for number in range(15)))
        run.clock.advance(seconds=1)
        run.driver.perform_gate.open()
        await in_step(run, 2)
        say(run, line(run, "another"))
        await run.finish()
    assert [each.unsent for each in run.events(e.ConsoleMessage)][-2:] == [0, 5]


async def test_a_failed_step_and_its_help_say_what_went_wrong_in_the_page(tmp_path: Path) -> None:
    planner = FakePlanner([click("#pay"), click("#thanks")])
    async with session_harness(tmp_path, planner, helpTimeoutMs=0) as run:
        run.driver.perform_gate.close()
        run.driver.fail("#thanks", "'Thank you' is not there")
        run.start()
        await in_step(run, 1)
        say(run, request(run), line(run, "TypeError: x", kind="exception"))
        run.clock.advance(seconds=1)
        run.driver.perform_gate.open()
        assert await run.finish() is RunStatus.FAILED
        step = await run.session.step(2)
        stored = (await run.stored()).view.steps[1]
    said = ("the page's request POST /api/orders answered 500", "the page threw: TypeError: x")
    assert step
    assert step.page_said == said
    assert stored.page_said == said
    reason = run.events(e.HelpNeeded)[0].reason
    assert reason.endswith("'Thank you' is not there; " + "; ".join(said))
    assert run.session.view().error == reason
    assert planner.failures[0].page_said == said


async def test_what_was_said_long_before_explains_nothing(tmp_path: Path) -> None:
    planner = FakePlanner([click("#a"), click("#b"), click("#c")])
    async with session_harness(tmp_path, planner, helpTimeoutMs=0) as run:
        run.driver.perform_gate.close()
        run.driver.fail("#c", "it is gone")
        run.start()
        await in_step(run, 1)
        say(run, request(run))
        run.clock.advance(seconds=1)
        run.driver.perform_gate.open()
        await run.finish()
        step = await run.session.step(3)
    assert step
    assert step.page_said == ()


async def test_a_planner_that_is_stuck_has_its_reason_with_the_page(tmp_path: Path) -> None:
    planner = FakePlanner([click("#a"), click("#b")])
    async with session_harness(tmp_path, planner, helpTimeoutMs=0) as run:
        run.driver.perform_gate.close()
        run.start()
        await in_step(run, 1)
        say(run, request(run))
        planner.stuck.append(Stuck("nothing is called 'Pay'"))
        run.driver.perform_gate.open()
        await run.finish()
    assert run.events(e.HelpNeeded)[0].reason.endswith("answered 500")


async def test_it_is_private_and_read_after_the_run_as_far_as_it_can_be(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "run-1" / "page.jsonl"
    file = PageLogFile(path)
    entry = ConsoleEntry(at=FakeClock()(), number=1, level="error", text="no")
    file.append((entry,))
    assert S_IMODE(path.stat().st_mode) == 0o600
    with path.open("ab") as damaged:
        damaged.write(b'{"console": {"level": "loud"}}\n[1]\n{"request": \xff\n\x00\n')
    file.append((entry.model_copy(update={"number": 2}),))
    assert [each.number for each in read_page_log(path).console] == [1, 2]
    assert read_page_log(tmp_path / "nothing") == PageLogView()


async def test_the_file_is_written_anew_before_it_grows_without_end(tmp_path: Path) -> None:
    file = PageLogFile(tmp_path / "page.jsonl")
    entry = ConsoleEntry(at=FakeClock()(), number=1, level="error", text="no")
    file.append((entry,) * 3999)
    assert file.has_room_for(1)
    assert not file.has_room_for(2)
    file.replace(PageLogView(console=(entry,)))
    assert file.has_room_for(3000)


async def test_downloads_are_kept_at_their_step_and_told(tmp_path: Path) -> None:
    file = tmp_path / "of-the-browser"
    file.write_bytes(b"hello")
    secrets = {"PASSWORD": "hunter2"}
    async with session_harness(tmp_path / "data", FakePlanner([click("#a")]), secrets=secrets) as run:
        run.driver.perform_gate.close()
        run.start()
        await in_step(run, 1)
        entry = DownloadEntry(at=run.clock(), name="a-hunter2.txt", url="http://shop.test/a", size=5)
        run.driver.on_download(entry, file)
        cut = entry.model_copy(update={"size": None, "error": "it was cut"})
        run.driver.on_download(cut, None)
        run.driver.on_download(entry, tmp_path / "gone")
        await run.until(lambda: len(run.events(e.Downloaded)) == 3)
        run.driver.perform_gate.open()
        assert await run.finish() is RunStatus.PASSED
        kept = (await run.session.page_log()).downloads
        path = await run.session.download(1)
        assert await run.session.download(2) is None
        assert read_page_log(run.store.page_log_path("run-1")).downloads == kept
        assert path
        assert path.read_bytes() == b"hello"
        assert S_IMODE(path.stat().st_mode) == 0o600
    assert [(each.number, each.step, each.name, each.size) for each in kept[:2]] == [
        (1, 1, "a-•••.txt", 5),
        (2, 1, "a-•••.txt", None),
    ]
    assert (kept[2].size, kept[2].error) == (None, "the server could not write it down")
    assert {each.error for each in run.events(e.Downloaded)} == {None, "it was cut", kept[2].error}


async def test_a_disk_that_is_full_changes_nothing(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#a")])) as run:
        run.store.page_log_path("run-1").mkdir(parents=True)
        run.driver.perform_gate.close()
        run.start()
        await in_step(run, 1)
        say(run, request(run))
        run.driver.perform_gate.open()
        assert await run.finish() is RunStatus.PASSED
        assert len((await run.session.page_log()).requests) == 1
