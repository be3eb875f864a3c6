"""The process as a whole: it stops cleanly, and what was recorded is there when it comes back."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from runner.run.registry import _CLOSE_SECONDS
from tests.processes import alive, children, ended
from tests.served import STOP_SECONDS, served

pytestmark = pytest.mark.process


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_cancels_the_runs_and_leaves_no_browser(tmp_path: Path, stop: signal.Signals) -> None:
    """Within five seconds, where the machine is not late: runs that do not end by themselves are ended before."""
    assert _CLOSE_SECONDS < 5
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        run_id = await server.start_watchable("/timecode.html", seconds=120)
        browsers = children(server.process.pid)
        assert browsers
        server.process.send_signal(stop)
        async with asyncio.timeout(STOP_SECONDS):
            assert await server.process.wait() == 0
            await asyncio.gather(*map(ended, browsers))
    assert not alive(browsers)
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        run = await server.get(f"/api/tests/{run_id}")
        assert (run["status"], run["error"]) == ("cancelled", "the server was stopped while this run was going on")


async def test_steps_and_screenshots_are_there_after_a_restart(tmp_path: Path) -> None:
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        run = await server.create({"url": "/", "instructions": "Go to /cart\nExpect URL to be /cart"})
        await server.until(run["id"], lambda message: message["type"] == "run_finished")
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        again = await server.get(f"/api/tests/{run['id']}")
        assert (again["status"], len(again["steps"])) == ("passed", 2)
        async with server.http.get(f"{server.api}{again['steps'][0]['screenshotUrl']}") as picture:
            assert (picture.status, picture.content_type) == (200, "image/jpeg")


async def test_a_killed_server_says_what_became_of_its_runs(tmp_path: Path) -> None:
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        run_id = await server.start_watchable("/timecode.html", seconds=120)
        server.process.kill()
        await server.process.wait()
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path)) as server:
        run = await server.get(f"/api/tests/{run_id}")
        assert (run["status"], run["error"]) == ("failed", "the server stopped while this run was in flight")


async def test_without_streaming_runs_work_and_streams_say_why_not(tmp_path: Path) -> None:
    async with served(JUMPSEAT_DATA_DIR=str(tmp_path), ENABLE_STREAMING="false") as server:
        run = await server.create({"url": "/", "steps": [{"type": "navigate", "value": "/cart"}]})
        await server.until(run["id"], lambda message: message["type"] == "run_finished")
        assert (await server.get(f"/api/tests/{run['id']}"))["status"] == "passed"
        for address in (f"{server.api}/api/tests/{run['id']}/stream", f"{server.frames}/stream/{run['id']}"):
            async with server.http.get(address) as answer:
                assert answer.status == 404
                assert "ENABLE_STREAMING" in (await answer.json())["detail"]
