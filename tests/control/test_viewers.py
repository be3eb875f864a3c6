"""Viewers: people who are connected, however many connections they have."""

from __future__ import annotations

from control.protocol.events import Viewers
from control.protocol.models import Holder
from control.viewers import ConnectedViewers
from tests.control.run_scenarios import ADA, BOB, VIEWER, RunScenario


def test_a_crowd_that_comes_is_not_kept_once_for_each_event() -> None:
    viewers = ConnectedViewers()
    viewers.join(ADA)
    event = viewers.to_event()
    viewers.join(BOB)
    assert viewers.to_event().controllers[0] is event.controllers[0]


def test_viewers_are_people_and_not_connections() -> None:
    viewers = ConnectedViewers()
    assert viewers.join(ADA)
    assert not viewers.join(ADA)
    assert viewers.join(VIEWER)
    assert len(viewers) == 2
    assert not viewers.leave(ADA.viewer_id)
    assert viewers.find(ADA.viewer_id) == ADA
    assert viewers.leave(ADA.viewer_id)
    assert viewers.find(ADA.viewer_id) is None
    assert not viewers.leave(ADA.viewer_id)
    assert len(viewers) == 1


def test_the_event_names_who_may_control() -> None:
    scenario = RunScenario()
    for actor in (VIEWER, BOB, ADA, BOB):
        scenario.run.join(actor)
    bob, ada = Holder(viewer_id=BOB.viewer_id, name="Bob"), Holder(viewer_id=ADA.viewer_id, name="Ada")
    event = scenario.published[-1].body
    assert isinstance(event, Viewers)
    assert (event.count, event.controllers) == (3, (bob, ada))
    assert scenario.run.view().controllers == (bob, ada)
    scenario.run.leave(BOB.viewer_id)
    scenario.run.leave(BOB.viewer_id)
    event = scenario.published[-1].body
    assert isinstance(event, Viewers)
    assert (event.count, event.controllers) == (2, (ada,))


def test_everybody_is_listed_by_name_while_they_are_connected() -> None:
    viewers = ConnectedViewers()
    for actor in (ADA, VIEWER, ADA):
        viewers.join(actor)
    assert [(each.name, each.role) for each in viewers.to_event().watchers] == [
        (ADA.name, ADA.role),
        (VIEWER.name, VIEWER.role),
    ]
    viewers.leave(ADA.viewer_id)
    viewers.leave(VIEWER.viewer_id)
    assert [each.name for each in viewers.watchers] == [ADA.name]
