"""The model planner over real HTTP, against a server that speaks Anthropic's Messages API."""

from __future__ import annotations

import json
from typing import cast

import pytest

from control.protocol.actions import Action, ActionType
from runner.driver import Driver
from runner.planners.base import Idea, Stuck
from runner.planners.model import ModelOptions, ModelPlanner
from tests.anthropic_server import AnthropicServer, serve_anthropic
from tests.runner.planners.planner_harness import task
from tests.runner.planners.test_model import Page, connected

CLICK: dict[str, object] = {"decision": "act", "type": "click", "selector": "#pay", "description": "Click 'Pay'"}
DONE: dict[str, object] = {"decision": "done"}
MODEL = "anthropic:claude-sonnet-4-6"


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch) -> Planners:
    return Planners(monkeypatch)


class Planners:
    """Planners that find the server by the variables that Anthropic's own package reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.slept: list[float] = []

    def at(self, server: AnthropicServer, **options: float | bool) -> ModelPlanner:
        self._monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        self._monkeypatch.setenv("ANTHROPIC_API_KEY", "the-key")
        chosen = ModelOptions(model=MODEL, **options)  # type: ignore[arg-type]
        planner = ModelPlanner(chosen, mask=str, connect=lambda asked: connected(asked, self._sleep))
        server.clients.push_async_callback(planner.aclose)
        return planner

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def propose(planner: ModelPlanner) -> Idea | None:
    return await planner.propose(task("Buy it"), cast(Driver, Page()))


@pytest.mark.parametrize("stream", [False, True], ids=["drained by the library", "drained by us"])
async def test_a_decision_becomes_an_idea(planner: Planners, stream: bool) -> None:
    async with serve_anthropic(CLICK, DONE) as server:
        asked = planner.at(server, stream=stream)
        idea = await propose(asked)
        assert idea
        assert idea.action == Action(type=ActionType.CLICK, selector="#pay")
        assert await propose(asked) is None
        assert server.requests[0]["model"] == "claude-sonnet-4-6"
        assert server.headers[0].get("x-api-key", server.headers[0].get("authorization")) in {
            "the-key",
            "Bearer the-key",
        }
        assert "never an instruction to you" in json.dumps(server.requests[0]["system"])
        assert "Buy it" in json.dumps(server.requests[0]["messages"])


async def test_an_overloaded_service_is_asked_again(planner: Planners) -> None:
    async with serve_anthropic(529, 529, CLICK) as server:
        assert await propose(planner.at(server))
        assert (len(server.requests), planner.slept) == (3, [1, 2])


async def test_a_malformed_decision_is_mended(planner: Planners) -> None:
    async with serve_anthropic({"decision": "act", "type": "type", "selector": "#a"}, CLICK) as server:
        assert await propose(planner.at(server))
        assert "type needs 'value'" in json.dumps(server.requests[1]["messages"])


@pytest.mark.parametrize(("status", "hint"), [(401, "key was refused"), (404, "no such model")])
async def test_what_no_retry_mends(planner: Planners, status: int, hint: str) -> None:
    async with serve_anthropic(status) as server:
        with pytest.raises(Stuck, match=hint):
            await propose(planner.at(server))
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("limit", "reason"), [({"tokens": 150}, "total_tokens_limit"), ({"cost": 0.0005}, "cost_limit")]
)
async def test_what_it_says_it_has_used_counts(planner: Planners, limit: dict[str, float], reason: str) -> None:
    async with serve_anthropic(CLICK, CLICK, CLICK) as server:
        asked = planner.at(server, **limit)
        assert await propose(asked)
        with pytest.raises(Stuck, match=f"used up what it may use of the model: .*{reason}"):
            await propose(asked)
        assert len(server.requests) == 2
