"""The attach API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.ports import Attachments
from signaling.server import Server
from tests.signaling.fakes import FakeAttachments, FakeRun
from tests.signaling.server_harness import ADA, BOB, CONFIG, ServerHarness, auth

WANTED = {"name": "pytest tests/", "review": True, "secrets": {"PASSWORD": "hunter22"}, "folder": "/home/ada/shop"}


def test_the_fake_fits_the_port() -> None:
    attachments: Attachments = FakeAttachments()
    assert attachments


async def test_opening_a_session_answers_201_with_its_endpoint_and_page(harness: ServerHarness) -> None:
    async with harness.http.post(f"{harness.url}/api/attach", json=WANTED, headers=auth(ADA)) as response:
        body = await response.json()
        assert response.status == 201
        session_id = body["session"]["id"]
        assert response.headers["Location"] == f"/api/attach/{session_id}"
    assert body == {
        "session": {"id": session_id, "name": "pytest tests/", "folder": "/home/ada/shop"},
        "endpoint": "ws://127.0.0.1:9323/a-token",
        "watchUrl": f"{harness.url}/sessions/{session_id}",
        "attended": False,
        "runs": 0,
        "review": True,
        "notes": [],
    }
    opened = harness.attachments.all[session_id]
    assert opened.owner == "ada"
    assert opened.wanted.secrets == {"PASSWORD": "hunter22"}
    assert opened.wanted.folder == "/home/ada/shop"
    assert await harness.call("GET", f"/api/attach/{session_id}") == (200, body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "port": 65536}, "port"),
        ({"name": "x", "port": 4444}, "port"),
        ({"name": "x", "secrets": {"PIN": "12"}}, "secrets"),
        ({"name": "x", "helpTimeout": 5}, "helpTimeout"),
    ],
)
async def test_what_is_wrong_with_a_new_session_is_named(
    harness: ServerHarness, body: dict[str, object], field: str
) -> None:
    harness.attachments.taken_ports.add(4444)
    status, problem = await harness.call("POST", "/api/attach", body=body)
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == [field]
    assert harness.attachments.all == {}


async def test_somebody_at_the_page_is_counted_as_present(harness: ServerHarness) -> None:
    session_id = await opened(harness)
    assert (await harness.call("GET", f"/api/attach/{session_id}"))[1]["attended"] is False
    assert (await harness.call("GET", f"/api/attach/{session_id}?present=1"))[1]["attended"] is True


async def test_closing_is_safe_to_repeat(harness: ServerHarness) -> None:
    session_id = await opened(harness)
    assert await harness.call("DELETE", f"/api/attach/{session_id}") == (204, None)
    assert harness.attachments.all == {}
    assert await harness.call("DELETE", f"/api/attach/{session_id}") == (204, None)
    status, problem = await harness.call("GET", f"/api/attach/{session_id}")
    assert (status, problem["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_session_is_its_owners_alone(harness: ServerHarness, run: FakeRun, method: str) -> None:
    path = f"/api/attach/{await opened(harness)}"
    assert (await harness.call(method, f"{path}?present=1", token=BOB))[0] == 404
    assert (await harness.call(method, path, token=None))[0] == 401
    assert (await harness.call(method, path, token=await harness.token(run, "controller")))[0] == 403
    (session,) = harness.attachments.all.values()
    assert not session.attended


async def test_a_link_opens_no_session(harness: ServerHarness, run: FakeRun) -> None:
    link = await harness.token(run, "controller")
    assert (await harness.call("POST", "/api/attach", token=link, body=WANTED))[0] == 403
    assert (await harness.call("POST", "/api/attach", token=None, body=WANTED))[0] == 401
    assert harness.attachments.all == {}


async def test_a_server_without_attachments_says_so(bare: ServerHarness) -> None:
    for method, path, body in (("POST", "", WANTED), ("GET", "/some-id", None), ("DELETE", "/some-id", None)):
        status, problem = await bare.call(method, f"/api/attach{path}", body=body)
        assert (status, problem["code"]) == (404, "unsupported")
        assert problem["detail"].startswith("this server takes in no tests")


@pytest.fixture
async def bare() -> AsyncIterator[ServerHarness]:
    harness = ServerHarness()
    harness.server = Server(
        CONFIG, runs=harness.runs, links=harness.links, trail=harness.trail, dist=Path("there is none")
    )
    async with harness:
        yield harness


async def opened(harness: ServerHarness) -> str:
    status, body = await harness.call("POST", "/api/attach", body=WANTED)
    assert status == 201
    return str(body["session"]["id"])


@pytest.mark.parametrize(
    ("secret", "field"),
    [
        ({"value": "hunter22", "origins": ["https://shop.test"], "use": ["selector"]}, None),
        ({"value": "hunter22", "origin": ["https://shop.test"]}, "secrets.PW.origin"),
        ({"value": "hunter22", "origins": ["shop.test"]}, "secrets"),
    ],
)
async def test_a_secret_says_where_it_belongs(
    harness: ServerHarness, secret: dict[str, object], field: str | None
) -> None:
    body = {"name": "x", "secrets": {"PW": secret, "value": "a name like any other"}}
    status, told = await harness.call("POST", "/api/attach", body=body)
    assert status == (201 if field is None else 422)
    assert [error["field"] for error in told.get("errors", [])] == ([] if field is None else [field])
