"""What an operator sees of a watched run: figures, and log lines that name run and viewer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import Browser
from prometheus_client.parser import text_string_to_metric_families

from tests.chromium import WhepViewer
from tests.served import Served, served

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.process]


async def figures(server: Served) -> dict[str, dict[tuple[str, ...], float]]:
    async with server.http.get(f"{server.api}/metrics") as answer:
        families = text_string_to_metric_families(await answer.text())
    # Labels come in the order of their names.
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for sample in (sample for family in families for sample in family.samples):
        found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


async def test_a_watched_run_is_counted_and_its_figures_outlive_it(viewer_browser: Browser, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log=log, JUMPSEAT_LOG="info", JUMPSEAT_LOG_FORMAT="json") as server:
        run_id = await server.start_watchable("/timecode.html?fps=10", seconds=120)
        viewer = await WhepViewer.watch(viewer_browser, server.api, run_id, token=server.key, codec="H264")
        await viewer.wait("v.ages.length >= 5")
        during = await figures(server)
        await viewer.page.close()
        async with server.http.get(f"{server.api}/api/tests", headers={"Authorization": "Bearer no"}) as answer:
            assert answer.status == 401
        await server.cancel(run_id)
        await server.until(run_id, lambda message: message["type"] == "run_finished")
        after = await figures(server)
    lane = ("H264", "full")
    assert during["jumpseat_runs"][("running",)] == sum(during["jumpseat_runs"].values()) == 1
    assert during["jumpseat_connections"][("whep",)] == 1
    assert during["jumpseat_stream_viewers"][lane] == 1
    frames = during["jumpseat_frame_age_seconds_count"][lane]
    assert frames >= 5
    assert 0 < during["jumpseat_frame_age_seconds_sum"][lane] / frames < 30
    assert 0 < during["jumpseat_encode_seconds_sum"][lane] < during["jumpseat_frame_age_seconds_sum"][lane]
    assert during["jumpseat_keyframes_total"][lane] >= 1
    assert set(during["jumpseat_frames_dropped_total"]) == {
        (cause,) for cause in ("replaced", "undecodable", "slow_viewer", "over_bitrate", "failed")
    }
    assert sum(after["jumpseat_runs"].values()) == 0
    assert after["jumpseat_runs_finished_total"] == {("passed",): 0, ("failed",): 0, ("cancelled",): 1}
    assert after["jumpseat_frame_age_seconds_count"][lane] >= frames
    assert after["jumpseat_requests_refused_total"][("unauthorized", "401")] == 1
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    opened = next(line for line in lines if line["message"].endswith("whep open"))
    assert opened["run"] == run_id
    assert opened["viewer"] in opened["message"]
