"""A model's endpoint that takes the question and never answers: the run says so, and can be steered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.fault_target import one_sentence
from tests.openai_server import OpenAIServer, never, serve_openai
from tests.served import WAIT_SECONDS, Served, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUN = {"url": "/", "instructions": "Buy a bag", "planner": "model", "helpTimeoutMs": 0}
PATIENCE = "8"
"""Seconds."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hanging(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Served, OpenAIServer]]:
    log = tmp_path_factory.mktemp("server") / "log"
    async with serve_openai(*[never()] * 3) as openai:
        model = {"JUMPSEAT_MODEL": "openai:a-model", "OPENAI_BASE_URL": openai.base_url, "OPENAI_API_KEY": "k"}
        async with served(log=log, JUMPSEAT_MODEL_CALL_SECONDS=PATIENCE, **model) as server:
            yield server, openai
    assert "Traceback" not in log.read_text()


async def test_an_endpoint_that_never_answers_fails_the_run_with_that_reason(
    hanging: tuple[Served, OpenAIServer],
) -> None:
    server, _ = hanging
    run = await server.create(RUN)
    told = await server.until(run["id"], lambda message: message["type"] == "run_finished")
    assert told[-1]["status"] == "failed"
    assert f"gave no answer within {PATIENCE} s" in told[-1]["error"]
    assert one_sentence(told[-1]["error"])


async def test_meanwhile_the_run_is_paused_and_cancelled_at_once(hanging: tuple[Served, OpenAIServer]) -> None:
    server, openai = hanging
    for event in (openai.arrived, openai.disconnected):
        event.clear()
    run_id = (await server.create(RUN))["id"]
    async with asyncio.timeout(WAIT_SECONDS):
        await openai.arrived.wait()
        assert (await server.post(f"/api/tests/{run_id}/pause"))[0] == 202
        await openai.disconnected.wait()
        openai.arrived.clear()
        assert (await server.post(f"/api/tests/{run_id}/resume"))[0] == 202
        await openai.arrived.wait()
        assert (await server.post(f"/api/tests/{run_id}/cancel"))[0] == 202
    told = await server.until(run_id, lambda message: message["type"] == "run_finished")
    assert (told[-1]["status"], told[-1]["error"]) == ("cancelled", None)
