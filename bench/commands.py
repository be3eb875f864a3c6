"""Steering: from a command to its answer on each transport, and from new instructions to the proposal made of them."""

from __future__ import annotations

import time
from itertools import cycle

import aiohttp
from playwright.async_api import Browser

from bench.figures import Row, spread
from tests.chromium import WhepViewer
from tests.served import Served

PAGE = "/timecode.html?fps=20"

ASK = """
(message) => new Promise((resolve) => {
  const started = performance.now();
  const hear = ({ data }) => {
    if (JSON.parse(data).id !== message.id) return;
    viewer.control.removeEventListener("message", hear);
    resolve(performance.now() - started);
  };
  viewer.control.addEventListener("message", hear);
  viewer.control.send(JSON.stringify(message));
})
"""


async def round_trips(served: Served, browser: Browser, *, times: int) -> list[Row]:
    """Pause and resume in turns, which every transport has, while a viewer watches; the transports take turns, too."""
    run_id = await served.start_watchable(PAGE, seconds=600)
    viewer = await WhepViewer.watch(browser, served.api, run_id, token=served.key)
    await viewer.wait("v.control.readyState === 'open' && v.pictures > 10")
    found: dict[str, list[float]] = {"data channel": [], "WebSocket": [], "REST": []}
    commands = cycle(("pause", "resume"))
    async with served.http.ws_connect(f"{served.api}/ws/test-control?runId={run_id}") as socket:
        for number in range(times):
            message = {"type": next(commands), "id": f"channel-{number}"}
            found["data channel"].append(float(await viewer.page.evaluate(ASK, message)))
            found["WebSocket"].append(await _ask(socket, {"type": next(commands), "id": f"socket-{number}"}))
            started = time.perf_counter()
            await served.post(f"/api/tests/{run_id}/{next(commands)}")
            found["REST"].append((time.perf_counter() - started) * 1000)
    await viewer.page.close()
    await served.cancel(run_id)
    return [
        *({"what": f"command to ack, {transport}", **spread(passed)} for transport, passed in found.items()),
        {"what": "new instructions to new proposal", **spread(await _proposals(served, times=times // 2))},
    ]


async def _ask(socket: aiohttp.ClientWebSocketResponse, message: dict[str, str]) -> float:
    """Milliseconds to the answer with the message's id; events in between are passed over."""
    started = time.perf_counter()
    await socket.send_json(message)
    async for answer in socket:
        if answer.json().get("id") == message["id"]:
            return (time.perf_counter() - started) * 1000
    raise RuntimeError("the control socket has closed")


async def _proposals(served: Served, *, times: int) -> list[float]:
    """With the planner of plain sentences, whose own time is below a millisecond, and a person who reviews."""
    body = {"url": PAGE, "instructions": "Wait for 'nobody 0'", "planner": "plain", "mode": "review"}
    run = await served.create(body)
    passed: list[float] = []
    async with served.http.ws_connect(f"{served.api}/ws/test-control?runId={run['id']}&since=0") as socket:
        await _proposed(socket, version=1)
        for version in range(2, times + 2):
            started = time.perf_counter()
            await socket.send_json({"type": "update_instructions", "instructions": f"Wait for 'nobody {version}'"})
            await _proposed(socket, version=version)
            passed.append((time.perf_counter() - started) * 1000)
    await served.cancel(run["id"])
    return passed


async def _proposed(socket: aiohttp.ClientWebSocketResponse, *, version: int) -> None:
    async for message in socket:
        event = message.json()
        proposal = event["type"] == "step_proposed" and event["proposal"]
        if proposal and proposal["instructionsVersion"] == version:
            return
    raise RuntimeError("the control socket has closed")
