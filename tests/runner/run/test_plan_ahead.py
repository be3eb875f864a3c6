"""A session tells what its planner knows ahead, and pauses before what people have marked in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from control.errors import InvalidTransition, ProtocolError
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import NewRun, PlanView, RunStatus
from runner.run.registry import RunRegistry
from runner.store.store import Store
from tests.fakes import FakeDrivers, FakePlanner, click
from tests.runner.empty_database import with_database
from tests.runner.session_harness import SessionHarness, session_harness

IDEAS = [click("#cart"), click("#pay"), click("#leave")]
SECRET = "hunter2 & co"


def planned(run: SessionHarness) -> PlanView:
    found = run.session.view().plan
    assert found is not None
    return found


async def test_a_run_pauses_before_a_breakpoint_and_has_done_nothing_of_it(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner(IDEAS, plans_ahead=True), pauseBefore=0) as run:
        run.start()
        await run.until_status(RunStatus.PAUSED)
        assert [entry.words for entry in planned(run).entries] == ["click #cart", "click #pay", "click #leave"]
        await run.do(c.SetBreakpoint(index=1, on=True))
        await run.do(c.Resume())
        await run.until(lambda: planned(run).paused_at == 1)
        assert run.driver.did == ["open http://shop.test/", "click #cart"]
        await run.do(c.Resume())
        assert await run.finish() is RunStatus.PASSED
        assert [step.plan_index for step in await run.steps()] == [0, 1, 2]
        assert run.session.view().plan is None
        assert "pauseBefore" not in run.session.creation()


async def test_new_instructions_bring_a_new_plan_once_the_step_is_over(tmp_path: Path) -> None:
    planner = FakePlanner(IDEAS, plans_ahead=True)
    planner.by_version[2] = [click("#other")]
    async with session_harness(tmp_path, planner, planner="model") as run:
        run.driver.perform_gate.close()
        run.start()
        await run.driver.perform_gate.reached.wait()
        await run.do(c.SetBreakpoint(index=2, on=True))
        await run.do(c.UpdateInstructions(instructions="Something else"))
        with pytest.raises(InvalidTransition):
            await run.do(c.SetBreakpoint(index=1, on=True))
        run.driver.perform_gate.open()
        assert await run.finish() is RunStatus.PASSED
        told = [body for body in run.events(e.PlanChanged) if body.lost]
        assert [entry.words for body in told for entry in body.lost] == ["click #leave"]
        assert run.driver.did[-1] == "click #other"


async def test_secrets_are_hidden_before_words_are_cut(tmp_path: Path) -> None:
    long = click("#" + "x" * 188 + SECRET)
    async with session_harness(
        tmp_path, FakePlanner([click("#a"), long], plans_ahead=True), secrets={"PW": SECRET}, pauseBefore=0
    ) as run:
        run.start()
        await run.until_status(RunStatus.PAUSED)
        words = planned(run).entries[1].words
        assert len(words) <= 200
        assert "hunter" not in words
        assert "hunter" not in str(run.events(e.PlanChanged))


async def test_a_planner_that_knows_nothing_ahead_has_no_plan(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner(IDEAS)) as run:
        run.start()
        assert await run.finish() is RunStatus.PASSED
        assert run.events(e.PlanChanged) == []


async def test_what_is_stored_has_no_plan(tmp_path: Path) -> None:
    async with session_harness(tmp_path, FakePlanner(IDEAS, plans_ahead=True), pauseBefore=1) as run:
        run.start()
        await run.until_status(RunStatus.PAUSED)
        assert run.session.view(with_steps=False).plan is None
        assert (await run.stored()).view.plan is None


async def test_a_model_s_run_pauses_before_no_entry(tmp_path: Path) -> None:
    store = await Store.open(with_database(tmp_path))
    registry = RunRegistry(drivers=FakeDrivers(), store=store, planner_factory=lambda *_: FakePlanner())
    spec = NewRun(url="http://shop.test/", instructions="Buy it", planner="model", pause_before=1)
    with pytest.raises(ProtocolError, match="one step at a time") as refused:
        await registry.create(spec, owner="ada")
    assert refused.value.field == "pauseBefore"
    await registry.aclose()
    await store.aclose()
