"""The limits as they are set: each is reached on a server that was started with it, and each says how to go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from control.roles import Role
from signaling.access.share_tokens import ShareTokens
from tests.served import WAIT_SECONDS, Served, served
from tests.signaling.offers import SDP, VP8_OFFER

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "the secret of these limits"
LIMITS = {
    "JUMPSEAT_SECRET": SECRET,
    "JUMPSEAT_MAX_RUNS": "1",
    "JUMPSEAT_MAX_VIEWERS": "1",
    "JUMPSEAT_MAX_CONNECTIONS": "2",
    "JUMPSEAT_MAX_STEPS": "3",
    "JUMPSEAT_MAX_MESSAGE": "300",
    "JUMPSEAT_MAX_SDP": "3KB",
    "JUMPSEAT_MAX_BODY": "4KB",
    "JUMPSEAT_MAX_DISK": "0",
    "JUMPSEAT_RUN_RATE": "4/hour",
    "JUMPSEAT_WHEP_RATE": "3/hour",
    "JUMPSEAT_TOKEN_RATE": "1/hour",
    "JUMPSEAT_MESSAGE_RATE": "5/hour",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Served]:
    async with served(log=None, **LIMITS) as running:
        yield running


async def ask(server: Served, path: str, **options: Any) -> tuple[int, int, str]:  # noqa: ANN401
    """Status of a POST, the seconds after which to come again, and the reason."""
    async with server.http.post(f"{server.api}{path}", **options) as answer:
        problem = await answer.json(content_type=None) if "json" in answer.content_type else {}
        return answer.status, int(answer.headers.get("Retry-After", 0)), problem.get("detail", "")


async def test_every_limit_holds_and_says_how_to_go_on(server: Served) -> None:
    waiting = {"url": f"{server.site}/", "steps": [{"type": "wait", "value": 100_000}]}
    run_id = await server.start_watchable("/", seconds=100)
    await full(server, run_id, waiting)
    await crowded(server, run_id)
    await too_often(server, run_id)


async def full(server: Served, run_id: str, waiting: dict[str, Any]) -> None:
    """Runs, sizes, steps."""
    status, wait, why = await ask(server, "/api/tests", json=waiting)
    assert (status, wait > 0) == (503, True)
    assert "1" in why
    assert (await ask(server, "/api/tests", json=waiting | {"name": "x" * 5000}))[0] == 413
    assert (await ask(server, f"/whep/{run_id}", data="v" * 4000, headers=SDP))[0] == 413


async def crowded(server: Served, run_id: str) -> None:
    """Viewers, and connections of one; messages of one."""
    url = f"{server.api}/ws/test-control?runId={run_id}&client="
    token, _ = ShareTokens(SECRET).mint(run_id, Role.VIEWER)
    link = {"Authorization": f"Bearer {token}"}
    async with (
        server.http.ws_connect(url + "one", headers=link) as first,
        server.http.ws_connect(url + "one", headers=link),
    ):
        for client in ("one", "two"):
            async with server.http.get(url + client, headers=link) as refused:
                assert refused.status == 426
        for client, why in (("one", "2 connections"), ("two", "1 viewer")):
            status, wait, detail = await ask(
                server, f"/whep/{run_id}?client={client}", data=VP8_OFFER, headers=SDP | link
            )
            assert (status, wait > 0, why in detail) == (503, True, True)
        await first.send_str('{"type": "update_instructions", "instructions": "' + "x" * 300 + '"}')
        codes: Counter[str | None] = Counter()
        for number in range(6):
            await first.send_json({"type": "ping", "id": str(number)})
        async with asyncio.timeout(WAIT_SECONDS):
            while codes.total() < 7:
                message = (await first.receive()).json()
                codes.update([message.get("code")] if message["type"] in {"pong", "error"} else [])
        assert codes == {"too_large": 1, None: 4, "rate_limited": 2}


async def too_often(server: Served, run_id: str) -> None:
    """What is counted by credential and address."""
    for path, body in ((f"/whep/{run_id}", {"data": VP8_OFFER, "headers": SDP}), ("/api/tests", {"json": {}})):
        async with asyncio.timeout(WAIT_SECONDS):
            while (answer := await ask(server, path, **body))[0] != 429:
                assert answer[0] in {201, 422, 503}
        assert answer[1] > 0
        assert "try again later" in answer[2]
    link = {"json": {"role": "viewer"}}
    path = f"/api/tests/{run_id}/tokens"
    assert [(await ask(server, path, **link))[0] for _ in range(2)] == [201, 429]


@pytest.mark.process
async def test_pictures_that_had_to_go_say_so() -> None:
    async with served(JUMPSEAT_MAX_DISK="0", JUMPSEAT_MAX_STEPS="3") as server:
        steps = [{"type": "navigate", "value": "/cart"}] * 4
        assert (await server.post("/api/tests", {"url": f"{server.site}/", "steps": steps}))[0] == 422
        run = await server.create({"url": "/", "steps": steps[:2]})
        await server.until(run["id"], lambda message: message["type"] == "run_finished")
        picture = f"{server.api}/api/tests/{run['id']}/steps/1/screenshot"
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                async with server.http.get(picture) as answer:
                    if answer.status != 200:
                        break
                await asyncio.sleep(0.1)  # nothing tells of it: it is asked for as a person would
        assert answer.status == 410
        status, gone = answer.status, await server.get(f"/api/tests/{run['id']}/steps/1")
        assert (status, gone["step"]["status"]) == (410, "passed")
        async with server.http.get(picture) as answer:
            assert "JUMPSEAT_MAX_DISK" in (await answer.json())["detail"]
            assert answer.headers["Cache-Control"] == "no-store"
