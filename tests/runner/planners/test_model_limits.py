"""What one run may use of a model, as it is set in the environment: the run stops there, and says why."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from control.protocol.models import NewRun, RunStatus, RunView
from jumpseat.run_parts import planner_factory
from jumpseat.settings import load_settings
from runner.planners.base import Stuck
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.store.store import Store
from tests.fakes import FakeDriver, FakeDrivers
from tests.openai_server import Answer, OpenAIServer, decides, never, serve_openai
from tests.runner.empty_database import with_database
from tests.runner.planners.planner_harness import task

CLICK = decides(decision="act", type="click", selector="#pay", description="Click 'Pay'")
SECONDS = "3"
"""Within these the question must have come to the model's server; the client alone takes a part of one to make."""
KNOWN, UNKNOWN = "openai:gpt-5", "openai:house-model"
Limited = Callable[[OpenAIServer, Mapping[str, str]], None]


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Limited:
    """Sets the environment as a user would."""

    def set_to(server: OpenAIServer, limits: Mapping[str, str]) -> None:
        endpoint = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "key"}
        for name, value in ({"JUMPSEAT_MODEL": KNOWN} | endpoint | dict(limits)).items():
            monkeypatch.setenv(name, value)

    return set_to


async def flown(folder: Path) -> RunView:
    """A run of the model planner, when it is over."""
    store = await Store.open(with_database(folder))
    runs = RunRegistry(
        drivers=FakeDrivers(),
        store=store,
        planner_factory=planner_factory(load_settings()),
        options=SessionOptions(streaming=False),
    )
    over = asyncio.Event()
    runs.on_ended = over.set
    try:
        spec = NewRun(url="http://shop.test/", instructions="Buy it", planner="model", help_timeout_ms=0)
        session = await runs.create(spec, owner="ada")
        await asyncio.wait_for(over.wait(), 60)
        return session.view()
    finally:
        await runs.aclose()
        await store.aclose()


slow = partial(pytest.param, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("limits", "answer", "asked", "reason"),
    [
        ({"JUMPSEAT_MODEL_TOKENS": "150"}, CLICK, 2, "used up .*total_tokens_limit"),
        ({"JUMPSEAT_MODEL_COST": "0.0002"}, CLICK, 2, "used up .*cost_limit"),
        slow({"JUMPSEAT_MODEL_SECONDS": SECONDS}, never(), 1, rf"used up .*it has waited {SECONDS} s"),
        slow({"JUMPSEAT_MODEL_CALL_SECONDS": SECONDS}, never(), 1, rf"gave no answer within {SECONDS} s"),
        ({"JUMPSEAT_MODEL": UNKNOWN, "JUMPSEAT_MODEL_COST": "1"}, CLICK, 0, "price .* is not known"),
    ],
    ids=["tokens", "cost", "seconds", "seconds of one decision", "cost of a model without a price"],
)
async def test_a_run_ends_at_its_limit(  # noqa: PLR0917 - a row of the table
    limited: Limited, tmp_path: Path, limits: dict[str, str], answer: Answer, asked: int, reason: str
) -> None:
    async with serve_openai(*[answer] * 3) as server:
        limited(server, limits)
        run = await flown(tmp_path)
        assert len(server.requests) == asked
    assert run.status is RunStatus.FAILED
    assert re.search(reason, run.error or ""), run.error
    assert len(run.steps) == max(0, asked - 1)


@pytest.mark.slow
async def test_time_that_is_used_up_stays_used_up(limited: Limited) -> None:
    async with serve_openai(*[never()] * 3) as server:
        limited(server, {"JUMPSEAT_MODEL_SECONDS": SECONDS})
        planner = planner_factory(load_settings())("model", NewRun(url="http://shop.test/", instructions="Buy it"))
        server.clients.push_async_callback(planner.aclose)
        for _ in range(2):
            with pytest.raises(Stuck, match="used up"):
                await planner.propose(task("Buy it"), FakeDriver())
        assert len(server.requests) == 1
