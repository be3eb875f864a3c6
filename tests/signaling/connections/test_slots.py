"""Nobody takes all places of a run: shares by link, and places kept for its owner and controllers."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace

import aiohttp
import pytest

from control.errors import Busy
from control.roles import Role
from signaling.config import Limits
from signaling.connections.slots import Party, ViewerSlots
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, BOB, CONFIG, ServerHarness, auth

LIMITS = Limits(max_viewers=8, max_connections=2)
"""A link may bring six; two more places are for controllers, and two more for the owner."""


def party(number: int, link: str = "link", role: Role = Role.VIEWER) -> Party:
    return Party(f"{link} {number}", link, role)


def taken(slots: ViewerSlots, link: str, role: Role, *, most: int = 50) -> int:
    """How many people of this link find a place."""
    for number in range(most):
        try:
            slots.take("run", party(number, link, role))
        except Busy:
            return number
    return most


class TestShares:
    def test_one_link_leaves_places_to_others(self) -> None:
        slots = ViewerSlots(LIMITS)
        assert taken(slots, "one", Role.VIEWER) == 6
        assert taken(slots, "two", Role.VIEWER) == 2
        assert taken(slots, "three", Role.VIEWER) == 0

    def test_a_share_may_be_set(self) -> None:
        slots = ViewerSlots(LIMITS.model_copy(update={"max_viewers_per_link": 1}))
        assert taken(slots, "one", Role.VIEWER) == 1

    def test_controllers_and_the_owner_find_a_place_where_viewers_have_all(self) -> None:
        slots = ViewerSlots(LIMITS)
        for link in ("one", "two"):
            taken(slots, link, Role.VIEWER)
        assert [taken(slots, link, Role.CONTROLLER) for link in ("c1", "c2", "c3")] == [1, 1, 0]
        assert taken(slots, "owner", Role.OWNER) == 2

    def test_a_link_of_a_controller_cannot_keep_the_owner_out(self) -> None:
        slots = ViewerSlots(LIMITS)
        assert taken(slots, "controller", Role.CONTROLLER) == 6
        assert taken(slots, "owner", Role.OWNER) == 12 - 6

    def test_a_place_that_is_given_back_is_there_again(self) -> None:
        slots = ViewerSlots(LIMITS)
        for _ in range(3):
            assert taken(slots, "one", Role.VIEWER) == 6
            for number in range(6):
                slots.release("run", party(number, "one"))
        assert slots._runs == {}

    def test_further_connections_of_one_viewer_take_no_place(self) -> None:
        slots = ViewerSlots(LIMITS)
        taken(slots, "one", Role.VIEWER)
        slots.take("run", party(0, "one"))
        with pytest.raises(Busy, match="2 connections"):
            slots.take("run", party(0, "one"))

    def test_another_run_has_places_of_its_own(self) -> None:
        slots = ViewerSlots(LIMITS)
        taken(slots, "one", Role.VIEWER)
        slots.take("another run", party(0, "one"))

    def test_requests_that_wait_are_counted_by_link(self) -> None:
        slots = ViewerSlots(LIMITS)
        for _ in range(16):
            slots.take_poll("run", "one")
        with pytest.raises(Busy):
            slots.take_poll("run", "one")
        slots.take_poll("run", "two")
        for _ in range(16):
            slots.release_poll("run", "one")
        slots.release_poll("run", "two")
        assert slots._runs == {}


async def test_a_link_that_brings_everybody_keeps_nobody_else_out() -> None:
    """What it derives for addresses counts as the link itself, on every transport."""
    async with ServerHarness(replace(CONFIG, limits=Limits(max_viewers=4))) as harness, AsyncExitStack() as stack:
        run = await harness.new_run()
        shared, other, controller = [await harness.token(run, role) for role in ("viewer", "viewer", "controller")]
        derived = (await harness.call("GET", f"/api/tests/{run.id}/stream", token=shared))[1]["viewerToken"]
        for number in range(3):
            token = (shared, derived)[number % 2]
            await stack.enter_async_context(harness.socket(run, token=token, client=str(number)))
        assert await refused(harness, run, shared) == 503
        async with harness.http.get(f"{harness.frames_url}/stream/{run.id}.mjpeg", headers=auth(derived)) as mjpeg:
            assert mjpeg.status == 503
            assert int(mjpeg.headers["Retry-After"]) > 0
            assert "ask for another one" in (await mjpeg.json())["detail"]
        await stack.enter_async_context(harness.socket(run, token=other))
        assert await refused(harness, run, other) == 503
        for token in (controller, ADA):
            await stack.enter_async_context(harness.socket(run, token=token))
        assert run.view().viewers == 6


async def refused(harness: ServerHarness, run: FakeRun, token: str) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with harness.socket(run, token=token, client="one more"):
            pass
    return refusal.value.status


async def test_one_owner_has_so_many_links_over_all_runs() -> None:
    async with ServerHarness(replace(CONFIG, limits=Limits(max_links_per_owner=3))) as harness:
        runs = [await harness.new_run(), await harness.new_run()]
        links = [(run, await harness.share(run, "viewer")) for run in (*runs, runs[0])]
        url = f"{harness.url}/api/tests/{runs[1].id}/tokens"
        async with harness.http.post(url, headers=auth(ADA), json={"role": "viewer"}) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
            assert "revoke" in (await response.json())["detail"]
        theirs = await harness.new_run(owner="bob")
        path = f"/api/tests/{theirs.id}/tokens"
        assert (await harness.call("POST", path, token=BOB, body={"role": "viewer"}))[0] == 201
        run, link = links[0]
        await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{link['id']}")
        assert (await harness.call("POST", f"/api/tests/{run.id}/tokens", body={"role": "viewer"}))[0] == 201
