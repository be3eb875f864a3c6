"""Who did what to a run, when, and from where: over every transport, for its owner alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from control.protocol.models import SessionRef
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, BOB, ServerHarness, auth


@pytest_asyncio.fixture
async def harness() -> AsyncIterator[ServerHarness]:
    async with ServerHarness() as harness:
        yield harness


@pytest_asyncio.fixture
async def run(harness: ServerHarness) -> FakeRun:
    return await harness.new_run()


async def entries(harness: ServerHarness, run: FakeRun, **query: object) -> list[dict[str, Any]]:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    status, page = await harness.call("GET", f"/api/tests/{run.id}/audit?{text}")
    assert status == 200, page
    return list(page["entries"])


def said(entry: dict[str, Any]) -> tuple[str, str, str, str | None]:
    return entry["action"], entry["who"], entry["role"], entry["detail"]


async def test_the_whole_life_of_a_run(harness: ServerHarness) -> None:
    status, created = await harness.call("POST", "/api/tests", body={"url": "http://shop.test/"})
    assert status == 201
    run = harness.runs.all[created["id"]]
    run.open()
    shared = await harness.share(run, "controller")
    assert (await harness.call("POST", f"/api/tests/{run.id}/pause", token=shared["token"]))[0] == 202
    assert (await harness.call("GET", f"/api/tests/{run.id}/export", token=shared["token"]))[0] == 200
    assert (await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{shared['id']}"))[0] == 204
    found = await entries(harness, run)
    (pause, export) = found[2:4]
    assert [said(entry) for entry in found] == [
        ("created", "ada", "owner", None),
        ("shared", "ada", "owner", shared["id"]),
        ("steered", pause["who"], "controller", "pause"),
        ("exported", export["who"], "controller", "pytest"),
        ("revoked", "ada", "owner", shared["id"]),
    ]
    assert pause["link"] == export["link"] == shared["id"]
    assert {entry["address"] for entry in found} == {"127.0.0.1"}
    assert [entry["runId"] for entry in found] == [run.id] * 5
    assert [entry["number"] for entry in found] == sorted(entry["number"] for entry in found)


async def test_a_run_that_an_attached_client_has_begun(
    harness: ServerHarness, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    attached = run.view().model_copy(update={"session": SessionRef(id="s1", name="pytest")})
    monkeypatch.setattr(run, "view", lambda: attached)
    harness.server.run_started(run)
    (entry,) = await entries(harness, run)
    assert said(entry) == ("created", "ada", "owner", "attach session s1")
    assert entry["address"] is None


async def test_watching_by_each_transport_is_noted_once_a_visit(harness: ServerHarness, run: FakeRun) -> None:
    link = await harness.share(run, "viewer")
    async with harness.socket(run, token=link["token"]) as socket:
        await socket.until("hello")
    for _ in range(3):
        async with harness.http.get(f"{harness.frames_url}/stream/{run.id}", headers=auth(link["token"])) as answer:
            assert answer.status == 200
    async with harness.peer(run, token=link["token"]):
        pass
    watched = [entry for entry in await entries(harness, run) if entry["action"] == "watched"]
    assert [(entry["detail"], entry["link"]) for entry in watched] == [
        (transport, link["id"]) for transport in ("websocket", "polling", "whep")
    ]


async def test_a_ticket_counts_as_what_it_was_made_from(harness: ServerHarness, run: FakeRun) -> None:
    link = await harness.share(run, "viewer")
    for token in (ADA, link["token"]):
        _, stream = await harness.call("GET", f"/api/tests/{run.id}/stream", token=token)
        async with harness.http.get(stream["streamUrl"], params={"token": stream["viewerToken"]}) as answer:
            assert answer.status == 200
    watched = [entry for entry in await entries(harness, run) if entry["action"] == "watched"]
    assert [(entry["role"], entry["link"]) for entry in watched] == [("viewer", None), ("viewer", link["id"])]


async def test_commands_of_a_socket_are_noted_where_they_steer_and_are_allowed(
    harness: ServerHarness, run: FakeRun
) -> None:
    viewer = await harness.token(run, "viewer")
    async with harness.socket(run, token=viewer) as socket:
        await socket.until("hello")
        assert (await socket.ask(type="pause", id="1"))["type"] == "error"
    async with harness.socket(run) as socket:
        await socket.until("hello")
        for number, type in enumerate(("ping", "take_control", "release_control")):
            await socket.ask(type=type, id=str(number), t=1)
    steered = [said(entry) for entry in await entries(harness, run) if entry["action"] == "steered"]
    assert steered == [("steered", "ada", "owner", "take_control"), ("steered", "ada", "owner", "release_control")]


async def test_nobody_reads_it_but_the_owner(harness: ServerHarness, run: FakeRun) -> None:
    await harness.share(run, "viewer")
    path = f"/api/tests/{run.id}/audit"
    for role in ("viewer", "controller"):
        assert (await harness.call("GET", path, token=await harness.token(run, role)))[0] == 403
        assert (await harness.call("GET", "/api/audit", token=await harness.token(run, role)))[0] == 403
    assert (await harness.call("GET", path, token=None))[0] == 401
    assert (await harness.call("GET", path, token=BOB))[0] == 404
    assert (await harness.call("GET", "/api/audit", token=BOB)) == (200, {"entries": [], "nextCursor": None})


async def test_it_is_read_page_by_page_and_outlives_the_run(harness: ServerHarness, run: FakeRun) -> None:
    for _ in range(5):
        await harness.share(run, "viewer")
    status, page = await harness.call("GET", "/api/audit?limit=3")
    assert (status, len(page["entries"])) == (200, 3)
    status, rest = await harness.call("GET", f"/api/audit?limit=3&cursor={page['nextCursor']}")
    assert (status, len(rest["entries"]), rest["nextCursor"]) == (200, 2, None)
    await run.end()
    assert (await harness.call("DELETE", f"/api/tests/{run.id}"))[0] == 204
    assert (await harness.call("GET", f"/api/tests/{run.id}/audit"))[0] == 404
    _, all_ = await harness.call("GET", "/api/audit")
    assert [entry["action"] for entry in all_["entries"]] == ["shared"] * 5 + ["removed"]


async def test_as_lines(harness: ServerHarness, run: FakeRun) -> None:
    for _ in range(3):
        await harness.share(run, "viewer")
    async with harness.http.get(f"{harness.url}/api/tests/{run.id}/audit?format=jsonl", headers=auth(ADA)) as answer:
        assert answer.content_type == "application/jsonl"
        lines = (await answer.text()).splitlines()
    assert [json.loads(line) for line in lines] == await entries(harness, run)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=first"])
async def test_queries_that_mean_nothing_are_refused_by_name(harness: ServerHarness, run: FakeRun, query: str) -> None:
    status, problem = await harness.call("GET", f"/api/tests/{run.id}/audit?{query}")
    assert status == 422
    assert problem["detail"].startswith(query.split("=", maxsplit=1)[0])
