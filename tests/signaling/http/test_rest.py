"""The tests API."""

from __future__ import annotations

import io
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

import pytest

from control.client_run import ClientRun
from control.protocol.actions import Action, ActionType
from control.protocol.models import (
    AttachedClient,
    AttachedRun,
    AttachedTest,
    NewRun,
    Proposal,
    SessionRef,
    SourceLocation,
    StepStatus,
)
from signaling.ports import Runs, ShareLinks
from tests.signaling.fakes import FakeRun, FakeRuns, FakeShareLinks
from tests.signaling.server_harness import ADA, ServerHarness, auth

NEW = {"url": "http://shop.test/", "steps": [{"type": "click", "selector": "#buy"}]}


def test_the_fakes_fit_the_ports() -> None:
    runs: Runs = FakeRuns()
    links: ShareLinks = FakeShareLinks()
    assert runs
    assert links


def take_step(run: FakeRun, status: StepStatus = StepStatus.PASSED, *, number: int = 1) -> None:
    action = Action.model_validate({"type": "click", "selector": "#buy"})
    proposal = Proposal(proposal_id=f"p{number}", step_number=number, action=action, description="Buy")
    run.run.propose(proposal, remaining=None)
    run.run.begin_step(proposal)
    run.run.end_step(status)


async def test_creating_a_run_answers_201_with_its_address(harness: ServerHarness) -> None:
    async with harness.http.post(f"{harness.url}/api/tests", json=NEW, headers=auth(ADA)) as response:
        body = await response.json()
        assert response.status == 201
        assert response.headers["Location"] == f"/api/tests/{body['id']}"
    assert body["status"] == "queued"
    assert body["steps"] == []
    assert await harness.call("GET", f"/api/tests/{body['id']}") == (200, body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://shop.test/"}, "url"),
        (NEW | {"steps": [{"type": "click"}]}, "steps.0.selector"),
        (NEW | {"steps": [{"type": "explode", "selector": "#a"}]}, "steps.0.type"),
        (NEW | {"planner": "plain"}, "instructions"),
        (NEW | {"viewport": {"width": 5, "height": 500}}, "viewport.width"),
    ],
)
async def test_what_is_wrong_with_a_new_run_is_named(
    harness: ServerHarness, body: dict[str, object], field: str
) -> None:
    status, problem = await harness.call("POST", "/api/tests", body=body)
    assert status == 422
    assert field in [error["field"] for error in problem["errors"]]
    assert problem["detail"].startswith(field)
    assert problem["type"] == "about:blank"
    assert problem["title"] == HTTPStatus.UNPROCESSABLE_ENTITY.phrase  # "… Content" from Python 3.13 on
    assert problem["status"] == 422
    assert harness.runs.all == {}


async def test_a_body_of_another_kind_is_refused(harness: ServerHarness) -> None:
    url = f"{harness.url}/api/tests"
    async with harness.http.post(url, data="url=http://a.test/", headers=auth(ADA)) as response:
        assert response.status == 415
        assert response.content_type == "application/problem+json"
    headers = auth(ADA) | {"Content-Type": "application/json"}
    async with harness.http.post(url, data="{", headers=headers) as response:
        assert response.status == 400
    async with harness.http.post(url, data=b"\xff", headers=headers) as response:
        assert response.status == 400
    async with harness.http.post(
        url, data=io.BytesIO(b" " * (harness.config.limits.max_body + 1)), headers=headers
    ) as response:
        assert response.status == 413


async def test_no_more_runs_than_there_may_be(harness: ServerHarness) -> None:
    harness.runs.most = 0
    async with harness.http.post(f"{harness.url}/api/tests", json=NEW, headers=auth(ADA)) as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "7"


async def test_the_list_has_pages_and_a_filter(harness: ServerHarness) -> None:
    made = [(await harness.new_run()).id for _ in range(3)]
    _, first = await harness.call("GET", "/api/tests?limit=2")
    assert [run["id"] for run in first["runs"]] == made[:2]
    _, second = await harness.call("GET", f"/api/tests?limit=2&cursor={first['nextCursor']}")
    assert [run["id"] for run in second["runs"]] == made[2:]
    assert second["nextCursor"] is None
    for nothing in ("status=passed", "planner=model", "attention=1"):
        assert await harness.call("GET", f"/api/tests?{nothing}") == (200, {"runs": [], "nextCursor": None})
    _, planned = await harness.call("GET", "/api/tests?planner=script")
    assert len(planned["runs"]) == 3


async def test_the_list_is_searched(harness: ServerHarness) -> None:
    for name in ("Buy a mug", "Return it"):
        await harness.call("POST", "/api/tests", body=NEW | {"name": name})
    _, found = await harness.call("GET", "/api/tests?q=%20buy")
    assert [run["name"] for run in found["runs"]] == ["Buy a mug"]
    _, everything = await harness.call("GET", "/api/tests?q=%20")
    assert len(everything["runs"]) == 2


async def test_the_runs_of_one_attach_session_are_listed(harness: ServerHarness) -> None:
    await harness.new_run()
    for session, title in (("s1", "test_pays"), ("s2", "test_returns")):
        spec = AttachedRun(
            client=AttachedClient(kind="playwright"),
            test=AttachedTest(file="test_shop.py", line=6, title=title),
            session=SessionRef(id=session, name="pytest"),
        )
        await harness.runs.create(spec, owner="ada")
    _, found = await harness.call("GET", "/api/tests?session=s2")
    assert [(run["session"]["id"], run["test"]["title"]) for run in found["runs"]] == [("s2", "test_returns")]
    assert await harness.call("GET", "/api/tests?session=s3") == (200, {"runs": [], "nextCursor": None})


async def test_a_list_that_is_known_is_not_sent_again(harness: ServerHarness, run: FakeRun) -> None:
    url = f"{harness.url}/api/tests"
    async with harness.http.get(url, headers=auth(ADA)) as response:
        etag, body = response.headers["ETag"], await response.json()
    assert body["runs"][0]["steps"] == []
    async with harness.http.get(url, headers=auth(ADA) | {"If-None-Match": etag}) as response:
        assert (response.status, response.headers["ETag"], await response.read()) == (304, etag, b"")
    run.run.cancel()
    async with harness.http.get(url, headers=auth(ADA) | {"If-None-Match": etag}) as response:
        assert response.status == 200
        assert response.headers["ETag"] != etag


@pytest.mark.parametrize(
    "query",
    [
        "status=gone",
        "planner=me",
        "planner=",
        "attention=maybe",
        "status=",
        "limit=0",
        "limit=x",
        "limit=9999",
        "cursor=x",
        f"q={'x' * 201}",
        "session=",
        f"session={'x' * 65}",
    ],
)
async def test_a_bad_query_is_named(harness: ServerHarness, query: str) -> None:
    status, problem = await harness.call("GET", f"/api/tests?{query}")
    assert status == 422
    assert problem["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        (["pause"], (202, "paused")),
        (["pause", "resume"], (202, "running")),
        (["step"], (202, "running")),
        (["cancel"], (202, "cancelled")),
        (["pause", "pause"], (409, None)),
        (["resume"], (409, None)),
        (["cancel", "pause"], (409, None)),
    ],
)
async def test_verbs(harness: ServerHarness, run: FakeRun, verbs: list[str], expected: tuple[int, str | None]) -> None:
    for verb in verbs:
        status, body = await harness.call("POST", f"/api/tests/{run.id}/{verb}")
    if expected[0] == 202:
        assert (status, body) == (202, {"status": expected[1]})
    else:
        assert status == 409
        assert body["code"] == "conflict"


async def test_override_and_instructions(harness: ServerHarness, run: FakeRun) -> None:
    action = {"type": "click", "selector": "#other"}
    assert await harness.call("POST", f"/api/tests/{run.id}/override-step", body={"action": action}) == (
        202,
        {"status": "running"},
    )
    assert run.run.proposal is not None
    assert run.run.proposal.action.selector == "#other"
    status, _ = await harness.call("POST", f"/api/tests/{run.id}/update-instructions", body={"instructions": "Buy two"})
    assert status == 202
    assert run.view().instructions == "Buy two"


async def test_an_override_may_come_before_the_next_step(harness: ServerHarness, run: FakeRun) -> None:
    body = {"action": {"type": "click", "selector": "#other"}, "place": "before"}
    status, _ = await harness.call("POST", f"/api/tests/{run.id}/override-step", body=body)
    assert status == 202
    assert run.run.proposal is not None
    assert run.run.proposal.place == "before"


async def test_instructions_are_checked_for_anybody_with_a_credential(harness: ServerHarness, run: FakeRun) -> None:
    path, body = "/api/tests/check", {"instructions": "Buy it"}
    status, checked = await harness.call("POST", path, body=body)
    assert status == 200
    assert [(problem["line"], problem["message"]) for problem in checked["problems"]] == [
        (1, "I do not understand it (line 1).")
    ]
    assert await harness.call("POST", path, body=body | {"planner": "model"}) == (200, {"problems": []})
    status, _ = await harness.call("POST", path, body=body, token=None)
    assert status == 401
    status, problem = await harness.call("POST", path, body={"text": "Buy it"})
    assert (status, problem["errors"][0]["field"]) == (422, "instructions")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("override-step", {}, "action"),
        ("override-step", {"action": {"type": "back"}, "place": "after"}, "place"),
        ("override-step", {"action": {"type": "click"}}, "action.selector"),
        ("update-instructions", {"instructions": ""}, "instructions"),
        ("commands", {"type": "replay_step"}, "stepNumber"),
        ("commands", {"type": "fly"}, "type"),
        ("tokens", {"role": "owner"}, "role"),
        ("tokens", {"role": "viewer", "ttlSeconds": 0}, "ttlSeconds"),
    ],
)
async def test_a_field_that_is_wrong_is_named_and_nothing_is_queued(
    harness: ServerHarness, run: FakeRun, path: str, body: dict[str, object], field: str
) -> None:
    before = run.log.seq
    status, problem = await harness.call("POST", f"/api/tests/{run.id}/{path}", body=body)
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == [field]
    assert run.log.seq == before


async def test_any_message_by_rest_gets_the_answer_that_it_gets_everywhere(
    harness: ServerHarness, run: FakeRun
) -> None:
    path = f"/api/tests/{run.id}/commands"
    status, pong = await harness.call("POST", path, body={"type": "ping", "t": 5, "id": "a"})
    assert status == 200
    assert {name: pong[name] for name in ("type", "id", "t", "runId")} == {
        "type": "pong",
        "id": "a",
        "t": 5,
        "runId": run.id,
    }
    status, ack = await harness.call("POST", path, body={"type": "pause", "id": "b"})
    assert (status, ack["type"], ack["id"], ack["seq"]) == (200, "ack", "b", run.log.seq)
    status, problem = await harness.call("POST", path, body={"type": "replay_step", "stepNumber": 9})
    assert (status, problem["code"]) == (404, "not_found")


async def test_a_failure_of_ours_says_nothing_about_its_inside(
    harness: ServerHarness, run: FakeRun, caplog: pytest.LogCaptureFixture
) -> None:
    run.broken = True
    status, problem = await harness.call("POST", f"/api/tests/{run.id}/pause")
    assert (status, problem["code"]) == (500, "internal")
    assert "secret" not in problem["detail"]
    assert "a secret that nobody should read" in caplog.text


async def test_steps_and_their_pictures(harness: ServerHarness, run: FakeRun, tmp_path: Path) -> None:
    take_step(run)
    path = f"/api/tests/{run.id}/steps"
    _, steps = await harness.call("GET", path)
    assert [step["stepNumber"] for step in steps["steps"]] == [1]
    assert await harness.call("GET", f"{path}/1") == (200, {"step": steps["steps"][0]})
    assert (await harness.call("GET", f"{path}/2"))[0] == 404
    assert (await harness.call("GET", f"{path}/x"))[0] == 404
    assert (await harness.call("GET", f"{path}/1/screenshot"))[0] == 404
    for before in (False, True):
        run.pictures[(1, before)] = tmp_path / f"{before}.jpg"
        run.pictures[(1, before)].write_bytes(f"picture {before}".encode())
    async with harness.http.get(f"{harness.url}{path}/1/screenshot", headers=auth(ADA)) as response:
        assert await response.read() == b"picture False"
        assert response.content_type == "image/jpeg"
        assert response.headers["Cache-Control"] == "private, no-cache"
        known = auth(ADA) | {"If-None-Match": response.headers["ETag"]}
    async with harness.http.get(f"{harness.url}{path}/1/screenshot", headers=known) as response:
        assert response.status == 304
    async with harness.http.get(f"{harness.url}{path}/1/screenshot?before=1", headers=auth(ADA)) as response:
        assert await response.read() == b"picture True"
    async with harness.http.get(f"{harness.url}{path}/1/screenshot?v=3", headers=auth(ADA)) as response:
        assert "max-age" in response.headers["Cache-Control"]


async def test_steps_have_pages(harness: ServerHarness, run: FakeRun) -> None:
    for number in (1, 2, 3):
        take_step(run, number=number)
    path = f"/api/tests/{run.id}/steps"
    _, everything = await harness.call("GET", path)
    assert everything["nextCursor"] is None
    _, first = await harness.call("GET", f"{path}?limit=2")
    _, second = await harness.call("GET", f"{path}?limit=2&cursor={first['nextCursor']}")
    assert first["steps"] + second["steps"] == everything["steps"]
    assert [len(page["steps"]) for page in (first, second)] == [2, 1]
    assert second["nextCursor"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=2001", "limit=x", "cursor=x", "cursor=-1"])
async def test_a_bad_page_of_steps_is_named(harness: ServerHarness, run: FakeRun, query: str) -> None:
    status, problem = await harness.call("GET", f"/api/tests/{run.id}/steps?{query}")
    assert status == 422
    assert problem["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


async def test_spec_and_export(harness: ServerHarness, run: FakeRun) -> None:
    status, spec = await harness.call("GET", f"/api/tests/{run.id}/spec")
    assert (status, spec["url"]) == (200, "http://shop.test/")
    async with harness.http.get(
        f"{harness.url}/api/tests/{run.id}/export?format=pytest", headers=auth(ADA)
    ) as response:
        assert response.status == 200
        assert "def test_run" in await response.text()
        assert response.headers["Content-Disposition"] == 'attachment; filename="test_shop_test.py"'
    for format, content_type, name in (
        ("patch", "text/x-diff", "shop-test.patch"),
        ("typescript", "text/typescript", "shop-test.spec.ts"),
    ):
        path = f"{harness.url}/api/tests/{run.id}/export?format={format}"
        async with harness.http.get(path, headers=auth(ADA)) as response:
            assert response.content_type == content_type
            assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert (await harness.call("GET", f"/api/tests/{run.id}/export?format=cobol"))[0] == 409


@pytest.mark.parametrize(
    ("name", "ascii", "full"),
    [
        ("Checkout works", "checkout-works", None),
        ("Ada's 2nd order: 50 % off!", "adas-2nd-order-50-off", None),
        ("../../etc/passwd", "etc-passwd", None),
        ('a"; filename="b.exe', "a-filename-b-exe", None),
        ("a\r\nSet-Cookie: b", "a-set-cookie-b", None),
        ("Größe prüfen", "groe-prufen", "größe-prüfen"),
        ("हिन्दी 测试", "{id}", "हिन्दी-测试"),
        ("\u202egpj.exe", "gpj-exe", None),
        ("⚡️", "{id}", "{id}"),
        ("x" * 200, "x" * 200, None),
        ("测" * 200, "{id}", "测" * 66),
    ],
)
async def test_a_file_is_named_after_its_run(harness: ServerHarness, name: str, ascii: str, full: str | None) -> None:
    run = await harness.runs.create(NewRun(url="http://shop.test/", instructions="Reload", name=name), owner="ada")
    path = f"{harness.url}/api/tests/{run.id}/export?format=typescript"
    async with harness.http.get(path, headers=auth(ADA)) as response:
        plain, _, extended = response.headers["Content-Disposition"].partition("; filename*=UTF-8''")
        assert plain == f'attachment; filename="{ascii.format(id=run.id)}.spec.ts"'
        wanted = (full or ascii).format(id=run.id)
        assert unquote(extended) == ("" if wanted == ascii.format(id=run.id) else f"{wanted}.spec.ts")
        assert response.content_disposition is not None


async def test_a_test_file_is_written_of_what_a_run_would_be_made_from(harness: ServerHarness) -> None:
    body = {"url": "http://shop.test/", "instructions": "Reload", "name": "Buy a mug"}
    async with harness.http.post(f"{harness.url}/api/tests/file", json=body, headers=auth(ADA)) as response:
        assert (response.status, response.content_type) == (200, "application/yaml")
        assert response.headers["Content-Disposition"] == 'attachment; filename="buy-a-mug.yaml"'
        assert await response.text() == "url: http://shop.test/\n"
    status, problem = await harness.call("POST", "/api/tests/file", body=body | {"instructions": "Buy"})
    assert (status, problem["errors"][0]["field"]) == (422, "instructions")
    status, problem = await harness.call("POST", "/api/tests/file", body=body | {"nmae": "x"})
    assert (status, problem["errors"][0]["field"]) == (422, "nmae")
    assert (await harness.call("POST", "/api/tests/file", body=body, token=None))[0] == 401


async def test_the_source_of_a_step_is_shown_to_those_who_may_steer(harness: ServerHarness) -> None:
    spec = AttachedRun(client=AttachedClient(kind="playwright"), session=SessionRef(id="s1", name="pytest"))
    run = await harness.runs.create(spec, owner="ada")
    run.open()
    assert isinstance(run.run, ClientRun)
    for location in (SourceLocation(file="shop.py", line=6), None):
        step = run.run.begin_call(Action(type=ActionType.RELOAD), description="Reload", location=location)
        run.run.end_call(step.step_number, None)
    path = f"/api/tests/{run.id}/steps"
    shown = {"file": "shop.py", "line": 6, "first": 6, "lines": ["page.click()"]}
    assert await harness.call("GET", f"{path}/1/source") == (200, shown)
    status, problem = await harness.call("GET", f"{path}/2/source")
    assert (status, problem["detail"]) == (404, "this step comes from no source file")
    assert (await harness.call("GET", f"{path}/3/source"))[0] == 404
    _, link = await harness.call("POST", f"/api/tests/{run.id}/tokens", body={"role": "viewer"})
    assert (await harness.call("GET", f"{path}/1/source", token=link["token"]))[0] == 403


async def test_a_password_typed_by_hand_is_kept_by_its_name(harness: ServerHarness, run: FakeRun) -> None:
    path = f"/api/tests/{run.id}/secrets"
    assert await harness.call("POST", path, body={"name": "password"}) == (204, None)
    assert run.kept == ["password"]
    status, problem = await harness.call("POST", path, body={"name": "other"})
    assert (status, problem["code"]) == (404, "not_found")
    assert (await harness.call("POST", path, body={"name": ""}))[0] == 422


async def test_only_a_finished_run_is_removed(harness: ServerHarness, run: FakeRun) -> None:
    assert (await harness.call("DELETE", f"/api/tests/{run.id}"))[0] == 409
    await run.end()
    assert await harness.call("DELETE", f"/api/tests/{run.id}") == (204, None)
    assert (await harness.call("GET", f"/api/tests/{run.id}"))[0] == 404


async def test_the_stream_addresses_are_those_the_asker_can_reach(harness: ServerHarness, run: FakeRun) -> None:
    _, info = await harness.call("GET", f"/api/tests/{run.id}/stream")
    port, frames = harness.server.port, harness.server.frame_port
    assert info["streamUrl"] == f"http://127.0.0.1:{frames}/stream/{run.id}"
    assert info["mjpegUrl"] == info["streamUrl"] + ".mjpeg"
    assert info["whepUrl"] == f"http://127.0.0.1:{port}/whep/{run.id}"
    assert info["controlUrl"] == f"ws://127.0.0.1:{port}/ws/test-control?runId={run.id}"
    assert (info["iceServers"], info["livekitUrl"], info["token"]) == ([], None, None)
    _, named = await harness.call("GET", f"/api/tests/{run.id}/stream", headers={"Host": f"localhost:{port}"})
    assert named["streamUrl"] == f"http://localhost:{frames}/stream/{run.id}"
    async with harness.http.get(info["streamUrl"], params={"token": info["viewerToken"]}) as picture:
        assert picture.status == 200
    for method, path in (("GET", ""), ("GET", "/stream"), ("POST", "/pause")):
        assert (await harness.call(method, f"/api/tests/{run.id}{path}", token=info["viewerToken"]))[0] == 403


async def test_what_is_not_there_is_a_problem_too(harness: ServerHarness) -> None:
    status, problem = await harness.call("GET", "/api/nothing")
    assert (status, problem["title"]) == (404, "Not Found")
    async with harness.http.put(f"{harness.url}/api/tests", headers=auth(ADA)) as response:
        assert response.status == 405
        assert (await response.json())["detail"] == "PUT does nothing at this address: use GET or HEAD or POST"
        assert set(response.headers["Allow"].split(",")) >= {"GET", "POST"}
        assert response.content_type == "application/problem+json"
