"""A run's recording: it captures though nobody watches, obeys the curtain, and is kept or removed as the run ends."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from control.errors import NotFound
from control.protocol import commands as c
from control.protocol.models import RunStatus
from media.frames import Codec
from media.recording.movie import MovieFile
from runner.run.session import Session
from runner.store.finished_run import FinishedRun
from runner.store.retention import Retention
from tests.fakes import FakeClock, FakeDriver, FakePlanner, click
from tests.media.pictures import flat
from tests.media.recording.scripted import decode
from tests.runner.session_harness import ADA, BOB, SessionHarness, session_harness

PAGE, SECRET, STILL = 120, 220, 40
"""How bright each picture is."""


def content(file: MovieFile) -> bytes:
    return file.movie.head + b"".join(path.read_bytes() for path in file.paths)


def brightness(mp4: bytes) -> list[int]:
    """What each picture shows."""
    levels = [float(np.mean(frame.to_ndarray(format="gray"))) for _, frame in decode(mp4)]
    return [min((PAGE, SECRET, STILL), key=lambda each: abs(each - level)) for level in levels]


class Recorder:
    """A run that is being recorded."""

    def __init__(self, run: SessionHarness) -> None:
        self.run = run

    @property
    def files(self) -> list[Path]:
        return sorted(self.run.store.recording_folder("run-1").glob("*"))

    async def until_encoded(self, count: int) -> None:
        """Waits until so many more frames have come of what is on screen; a still picture is repeated."""
        stream = self.run.session.stream
        assert stream is not None
        subscription = stream.subscribe(Codec.H264)
        async with asyncio.timeout(30):
            for _ in range(count):
                await subscription.recv()
        subscription.close()

    async def show(self, level: int, *, to: str | None = None) -> None:
        """Captures a picture and waits until it has been encoded, and so is on its way to the recording."""
        await self.run.driver.captured.wait()
        assert self.run.driver.sink is not None
        stream = self.run.session.stream
        assert stream is not None
        subscription = stream.subscribe(Codec.H264, viewer=to)
        self.run.driver.sink.put(flat(level), width=64, height=48, captured_at=time.time())
        async with asyncio.timeout(30):
            await subscription.recv()
        subscription.close()


class StillDriver(FakeDriver):
    """Its picture of a closed curtain can be decoded."""

    async def still_picture(self, sentence: str) -> bytes:
        return flat(STILL)


@asynccontextmanager
async def recorded(folder: Path, record: str = "on", **options: Any) -> AsyncIterator[Recorder]:  # noqa: ANN401
    """A run in review whose page is open and that waits for approval."""
    planner = FakePlanner([click("#cart")])
    driver = StillDriver()
    async with session_harness(
        folder, planner, driver=driver, streaming=True, mode="review", record=record, **options
    ) as run:
        run.start()
        await run.until(lambda: run.session.view().proposal)
        yield Recorder(run)


async def pass_(run: SessionHarness) -> RunStatus:
    await run.do(c.ApproveStep())
    return await run.finish()


async def refusal(run: Session | FinishedRun) -> str:
    with pytest.raises(NotFound) as caught:
        await run.recording.movie()
    return str(caught.value)


async def test_it_is_captured_though_nobody_watches_and_kept(tmp_path: Path) -> None:
    async with recorded(tmp_path) as recorder:
        await recorder.show(PAGE)
        assert recorder.run.session.view().record == "on"
        assert recorder.run.session.viewers == 0
        assert await pass_(recorder.run) is RunStatus.PASSED
        assert {stat.S_IMODE(file.stat().st_mode) for file in recorder.files} == {0o600}
        file = await recorder.run.session.recording.movie()
        assert set(brightness(content(file))) == {PAGE}
        assert file.is_final


async def test_after_a_restart_it_is_the_same(tmp_path: Path) -> None:
    async with recorded(tmp_path) as recorder:
        await recorder.show(PAGE)
        await pass_(recorder.run)
        before = content(await recorder.run.session.recording.movie())
        record = await recorder.run.store.get("run-1")
        assert record is not None
        again = FinishedRun(record, recorder.run.store, clock=FakeClock(), exporter=lambda *_: "")
        assert content(await again.recording.movie()) == before
        timeline = await again.recording.timeline()
        assert (timeline.growing, timeline.duration_ms > 0) == (False, True)


async def test_nobody_sees_in_it_what_the_curtain_hid(tmp_path: Path) -> None:
    async with recorded(tmp_path) as recorder:
        await recorder.show(PAGE)
        run = recorder.run
        run.session.join(ADA)
        await run.do(c.TakeControl())
        await run.do(c.SetCurtain(closed=True))
        await recorder.show(SECRET, to="ada")
        await run.do(c.SetCurtain(closed=False))
        await recorder.show(PAGE)
        run.session.cancel()
        await run.finish()
        assert set(brightness(content(await run.session.recording.movie()))) == {PAGE, STILL}


async def test_what_the_owner_has_uncovered_is_not_in_it(tmp_path: Path) -> None:
    async with recorded(tmp_path) as recorder:
        await recorder.show(PAGE)
        run = recorder.run
        run.session.join(BOB)
        await run.do(c.LiftCovers(lifted=True), BOB)
        await recorder.show(SECRET)
        await run.do(c.LiftCovers(lifted=False), BOB)
        await recorder.until_encoded(2)
        await recorder.show(STILL)
        await recorder.until_encoded(2)
        run.session.cancel()
        await run.finish()
        assert set(brightness(content(await run.session.recording.movie()))) == {PAGE, STILL}


@pytest.mark.parametrize(("record", "passes", "kept"), [("on-failure", True, False), ("on-failure", False, True)])
async def test_on_failure_it_is_kept_only_where_the_run_does_not_pass(
    tmp_path: Path, record: str, passes: bool, kept: bool
) -> None:
    async with recorded(tmp_path, record) as recorder:
        await recorder.show(PAGE)
        if passes:
            assert await pass_(recorder.run) is RunStatus.PASSED
            assert "has passed" in await refusal(recorder.run.session)
        else:
            recorder.run.driver.crash()
            assert await recorder.run.finish() is RunStatus.FAILED
            assert decode(content(await recorder.run.session.recording.movie()))
        assert bool(recorder.files) is kept


async def test_a_run_that_is_not_recorded_captures_nothing_and_says_so(tmp_path: Path) -> None:
    async with recorded(tmp_path, "off") as recorder:
        assert '"record": "on"' in await refusal(recorder.run.session)
        await pass_(recorder.run)
        assert not recorder.run.driver.captured.is_set()
        assert recorder.files == []


async def test_before_the_first_picture_there_is_none_yet(tmp_path: Path) -> None:
    async with recorded(tmp_path) as recorder:
        assert "begins with the first picture" in await refusal(recorder.run.session)
        timeline = await recorder.run.session.recording.timeline()
        assert (timeline.started_at, timeline.duration_ms, timeline.growing) == (None, 0, True)


async def test_the_server_says_what_a_run_does_not(tmp_path: Path) -> None:
    planner = FakePlanner([click("#cart")])
    async with session_harness(tmp_path, planner, streaming=True, options={"record": "on"}) as run:  # type: ignore[dict-item]
        assert run.session.view().record == "on"
        assert run.session.creation()["record"] == "on"


async def test_without_streaming_nothing_is_recorded(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner([click("#cart")]), record="on") as run:
        assert run.session.view().record == "off"


async def test_a_disk_that_is_full_changes_nothing_but_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("runner.store.recordings.atomic_write", full)
    async with recorded(tmp_path) as recorder:
        await recorder.show(PAGE)
        assert await pass_(recorder.run) is RunStatus.PASSED
        assert "no picture" in await refusal(recorder.run.session)
    assert "the recording lacks some pictures: the disk is full" in caplog.text


async def test_retention_counts_it_and_removes_it(tmp_path: Path) -> None:
    async with recorded(tmp_path) as recorder:
        await recorder.show(PAGE)
        await pass_(recorder.run)
        store = recorder.run.store
        taken = sum(file.stat().st_size for file in recorder.files)
        assert taken <= store.file_bytes()["run-1"]
        assert await recorder.run.session.recording.movie()

        async def delete(run_id: str) -> None:
            await store.delete(run_id)

        await Retention(store, delete=delete, max_disk=0).sweep()
        assert recorder.files == []
        assert "removed to make room" in await refusal(recorder.run.session)


async def test_chapters_have_the_steps_and_whose_they_were(tmp_path: Path) -> None:
    async with recorded(tmp_path) as recorder:
        await recorder.show(PAGE)
        await pass_(recorder.run)
        mp4 = content(await recorder.run.session.recording.movie())
        assert "· plan · ".encode() in mp4
        without = content(await recorder.run.session.recording.movie(until_ms=1000))
        assert "· plan · ".encode() not in without


async def test_a_segment_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    async with recorded(tmp_path) as recorder:
        await recorder.show(PAGE)
        await pass_(recorder.run)
        (recorder.files[0].parent / "99999999999999999999.mp4").write_bytes(b"\0" * 100)
        assert decode(content(await recorder.run.session.recording.movie()))
