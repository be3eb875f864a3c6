"""Wrong input gets one clear answer and leaves nothing behind."""

from __future__ import annotations

import asyncio

import pytest

from tests.processes import children, ended
from tests.served import WAIT_SECONDS, Served, free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")
SDP = {"Content-Type": "application/sdp"}


async def post(server: Served, path: str, data: str, headers: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    async with server.http.post(f"{server.api}{path}", data=data, headers=headers) as answer:
        detail = (await answer.json(content_type=None))["detail"]
        return answer.status, str(detail), dict(answer.headers)


async def test_an_unknown_run_is_404(server: Served) -> None:
    assert (await post(server, "/whep/nowhere", "v=0", SDP))[0] == 404
    status, problem = await server.post("/api/tests/nowhere/pause")
    assert (status, problem["status"]) == (404, 404)


async def test_a_run_without_a_picture_is_409_and_says_when_to_come_back(server: Served) -> None:
    silent = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        run = await server.create({"url": f"http://127.0.0.1:{port}/", "steps": []})
        status, detail, headers = await post(server, f"/whep/{run['id']}", "v=0\r\n", SDP)
        assert (status, "picture" in detail) == (409, True)
        assert int(headers["Retry-After"]) > 0
        await server.cancel(run["id"])


async def test_garbage_and_wrong_types_are_refused_and_nobody_is_connected(server: Served) -> None:
    run_id = await server.start_watchable("/timecode.html", seconds=120)
    assert (await post(server, f"/whep/{run_id}", "this is no SDP", SDP))[0] == 400
    assert (await post(server, f"/whep/{run_id}", "{}", {"Content-Type": "application/json"}))[0] == 415
    assert (await server.get(f"/api/tests/{run_id}"))["viewers"] == 0
    await server.cancel(run_id)


async def test_a_bad_action_names_its_field_and_queues_nothing(server: Served) -> None:
    run_id = await server.start_watchable("/timecode.html", seconds=120)
    status, problem = await server.post(f"/api/tests/{run_id}/override-step", {"action": {"type": "click"}})
    assert (status, "selector" in problem["detail"]) == (422, True)
    events = await server.until(run_id, lambda message: message["type"] == "test_step")
    assert not [event for event in events if event["type"] == "step_override_queued"]
    await server.cancel(run_id)


async def test_an_unreachable_start_url_fails_the_run_with_a_reason(server: Served) -> None:
    before = children(server.process.pid)
    run = await server.create({"url": f"http://127.0.0.1:{free_port()}/", "steps": []})
    await server.until(run["id"], lambda message: message["type"] == "run_finished")
    after = await server.get(f"/api/tests/{run['id']}")
    assert after["status"] == "failed"
    assert any(word in after["error"].lower() for word in ("refused", "answer", "reach"))
    async with asyncio.timeout(WAIT_SECONDS):
        for pid in set(children(server.process.pid)) - set(before):
            await ended(pid)
