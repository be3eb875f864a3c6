"""Who closes the curtain, who opens it, and who has covered fields shown; by the run's commands and events alone."""

from __future__ import annotations

import pytest

from control.errors import Forbidden, InvalidTransition, NotHolder
from control.protocol import commands as c
from control.protocol import events as e
from control.protocol.models import CurtainView, Holder
from tests.control.run_scenarios import ADA, BOB, GRACE, OWNER, VIEWER, RunScenario

ADA_HOLDS = Holder(viewer_id=ADA.viewer_id, name=ADA.name)
OPEN = CurtainView()


def closed() -> RunScenario:
    """A run in which Ada holds control behind the curtain."""
    scenario = RunScenario().open()
    scenario.run.join(BOB)
    scenario.take(ADA)
    scenario.send(c.SetCurtain(closed=True))
    assert scenario.run.view().curtain == CurtainView(closed_by=ADA_HOLDS)
    return scenario


def test_whoever_holds_control_closes_and_opens_it_and_everybody_is_told() -> None:
    scenario = closed()
    scenario.send(c.SetCurtain(closed=False))
    told = [entry.body for entry in scenario.published if isinstance(entry.body, e.CurtainChanged)]
    assert [body.closed_by for body in told if isinstance(body, e.CurtainChanged)] == [ADA_HOLDS, None]


@pytest.mark.parametrize(
    "end",
    [
        lambda scenario: scenario.send(c.ReleaseControl()),
        lambda scenario: scenario.send(c.ReleaseControl(to=BOB.viewer_id)),
        lambda scenario: scenario.send(c.TakeControl(force=True), OWNER),
        lambda scenario: scenario.run.cancel(),
    ],
    ids=["handed back", "handed over", "taken", "run over"],
)
def test_it_opens_when_control_goes_whatever_the_way(end: object) -> None:
    scenario = closed()
    end(scenario)  # type: ignore[operator]
    assert scenario.run.view().curtain == OPEN
    told = [entry.body for entry in scenario.published if isinstance(entry.body, e.CurtainChanged | e.ControlChanged)]
    assert isinstance(told[-1], e.CurtainChanged)
    assert told[-1].closed_by is None


def test_it_stays_closed_while_its_holder_may_come_back() -> None:
    scenario = closed()
    scenario.run.leave(ADA.viewer_id)
    assert scenario.run.view().curtain == CurtainView(closed_by=ADA_HOLDS)
    scenario.clock.pass_by(GRACE)
    scenario.run.tick()
    assert scenario.run.view().curtain == OPEN


def test_nobody_else_closes_or_opens_it() -> None:
    scenario = closed()
    with pytest.raises(NotHolder):
        scenario.send(c.SetCurtain(closed=False), BOB)
    with pytest.raises(Forbidden):
        scenario.send(c.SetCurtain(closed=False), VIEWER)
    with pytest.raises(InvalidTransition, match="closed already"):
        scenario.send(c.SetCurtain(closed=True))
    scenario.send(c.ReleaseControl())
    with pytest.raises(NotHolder, match="take control first"):
        scenario.send(c.SetCurtain(closed=True))


def test_the_owner_alone_has_covered_fields_shown_and_covered_again() -> None:
    scenario = RunScenario().open()
    for actor in (ADA, VIEWER):
        with pytest.raises(Forbidden, match="ask the owner"):
            scenario.send(c.LiftCovers(lifted=True), actor)
    scenario.send(c.LiftCovers(lifted=True), OWNER)
    assert scenario.run.view().curtain.lifted_by == Holder(viewer_id=OWNER.viewer_id, name=OWNER.name)
    with pytest.raises(InvalidTransition, match="shown already"):
        scenario.send(c.LiftCovers(lifted=True), OWNER)
    scenario.send(c.LiftCovers(lifted=False), OWNER)
    assert scenario.run.view().curtain == OPEN
