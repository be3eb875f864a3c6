"""Recordings over HTTP: any range of their bytes, with the reason where there are none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from media.recording.movie import MovieFile, compose
from tests.media.pictures import quarters
from tests.media.recording.scripted import Recorded, decode, every, record
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, ServerHarness, auth


async def recorded_run(harness: ServerHarness, folder: Path) -> tuple[FakeRun, Recorded, bytes]:
    """A run with a recording, and the bytes of that."""
    run, recorded = await harness.new_run(), await record(every(0.5, 20, lambda _: quarters(64, 48)))
    for start, data in recorded.files.all.items():
        (folder / f"{start}").write_bytes(data)
    paths = tuple(folder / f"{segment.start}" for segment in recorded.segments)
    run.recording.file = MovieFile(compose(recorded.segments), paths, is_final=False)
    return run, recorded, recorded.mp4()


async def asked(
    harness: ServerHarness, run: FakeRun, *, query: str = "", **headers: str
) -> tuple[int, bytes, Mapping[str, str]]:
    url = f"{harness.url}/api/tests/{run.id}/recording{query}"
    async with harness.http.get(
        url, headers=auth(ADA) | {k.replace("_", "-"): v for k, v in headers.items()}
    ) as answer:
        return answer.status, await answer.read(), answer.headers


async def test_all_of_it_is_a_file_that_plays(harness: ServerHarness, tmp_path: Path) -> None:
    run, _, mp4 = await recorded_run(harness, tmp_path)
    status, body, headers = await asked(harness, run)
    assert (status, headers["Content-Type"], headers["Accept-Ranges"]) == (200, "video/mp4", "bytes")
    assert body == mp4
    assert len(decode(body)) == 20


async def test_any_range_is_that_of_the_file(harness: ServerHarness, tmp_path: Path) -> None:
    run, recorded, mp4 = await recorded_run(harness, tmp_path)
    size, head = len(mp4), len(compose(recorded.segments).head)
    ranges = [(0, 0), (0, size - 1), (head - 3, head + 3), (head + 5, size - 4), (size - 1, size - 1)]
    for first, last in ranges:
        status, body, headers = await asked(harness, run, Range=f"bytes={first}-{last}")
        assert (status, headers["Content-Range"]) == (206, f"bytes {first}-{last}/{size}")
        assert body == mp4[first : last + 1]
    assert (await asked(harness, run, Range=f"bytes={head}-"))[1] == mp4[head:]
    assert (await asked(harness, run, Range="bytes=-7"))[1] == mp4[-7:]
    assert (await asked(harness, run, Range=f"bytes=9-{size + 99}"))[1] == mp4[9:]


@pytest.mark.parametrize("range_", ["bytes=a-b", "bytes=5-2", "lines=1-2", "bytes=0-1,4-5", "", "bytes=-"])
async def test_a_range_that_is_none_is_answered_with_all(harness: ServerHarness, tmp_path: Path, range_: str) -> None:
    run, _, mp4 = await recorded_run(harness, tmp_path)
    status, body, _ = await asked(harness, run, Range=range_)
    assert (status, body) == (200, mp4)


async def test_a_range_beyond_the_end_is_refused_with_the_size(harness: ServerHarness, tmp_path: Path) -> None:
    run, _, mp4 = await recorded_run(harness, tmp_path)
    status, body, headers = await asked(harness, run, Range=f"bytes={len(mp4)}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(mp4)}")
    assert b"ask for some of these" in body


async def test_a_range_of_another_state_is_answered_with_all(harness: ServerHarness, tmp_path: Path) -> None:
    run, _, mp4 = await recorded_run(harness, tmp_path)
    etag = (await asked(harness, run))[2]["ETag"]
    assert (await asked(harness, run, Range="bytes=0-9", If_Range=etag))[0] == 206
    assert (await asked(harness, run, Range="bytes=0-9", If_Range='"other"'))[1] == mp4


async def test_until_reaches_the_run_and_must_be_a_number(harness: ServerHarness, tmp_path: Path) -> None:
    run, _, _ = await recorded_run(harness, tmp_path)
    assert (await asked(harness, run, query="?until=4000"))[0] == 200
    assert run.recording.until_ms == 4000
    status, body, _ = await asked(harness, run, query="?until=soon")
    assert (status, b"milliseconds" in body) == (422, True)


async def test_where_there_is_none_the_answer_says_why(harness: ServerHarness) -> None:
    run = await harness.new_run()
    for path in ("recording", "recording/timeline"):
        status, answer = await harness.call("GET", f"/api/tests/{run.id}/{path}", token=ADA)
        assert (status, answer["detail"]) == (404, "this run was not recorded")


async def test_the_timeline_says_how_long_it_is(harness: ServerHarness, tmp_path: Path) -> None:
    run, _, _ = await recorded_run(harness, tmp_path)
    status, answer = await harness.call("GET", f"/api/tests/{run.id}/recording/timeline", token=ADA)
    assert (status, answer["durationMs"], answer["growing"], answer["stills"]) == (200, 4000, True, [])


async def test_a_file_that_is_gone_ends_the_answer(harness: ServerHarness, tmp_path: Path) -> None:
    run, _, _ = await recorded_run(harness, tmp_path)
    assert run.recording.file is not None
    for file in run.recording.file.paths:
        file.unlink()
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError)):
        await asked(harness, run)


async def test_a_link_that_is_revoked_is_cut_off(harness: ServerHarness, tmp_path: Path) -> None:
    run, _, _ = await recorded_run(harness, tmp_path)
    shared = await harness.share(run, "viewer")
    large = tmp_path / "large"
    large.touch()
    assert run.recording.file is not None
    movie, segment = run.recording.file.movie, run.recording.file.movie.segments[0]
    with large.open("r+b") as file:
        file.truncate(1 << 28)
    run.recording.file = MovieFile(replace(movie, segments=(replace(segment, size=1 << 28),)), (large,), is_final=False)
    url = f"{harness.url}/api/tests/{run.id}/recording"
    async with harness.http.get(url, headers=auth(shared["token"])) as answer:
        await answer.content.readexactly(1000)
        await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{shared['id']}", token=ADA)
        async with asyncio.timeout(30):
            with pytest.raises(aiohttp.ClientError):
                await answer.content.read()
