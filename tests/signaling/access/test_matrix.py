"""The access matrix: every route and every message, with every credential.

Routes come from the routers and the OpenAPI description, messages from the protocol; what each needs stands here once
more, by hand. A route or a message that is new has no rule, and fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, get_args

import aiohttp
import pytest

from control.protocol.attach import NewAttachSession
from control.protocol.commands import Command
from control.protocol.shape import utc_now
from control.roles import Role
from signaling.access.share_tokens import Purpose, ShareTokens
from signaling.http.openapi import operations
from tests.signaling.fakes import FakeRun
from tests.signaling.offers import VP8_OFFER
from tests.signaling.server_harness import ADA, BOB, CONFIG, ServerHarness, auth


class Needs(Enum):
    """What a request needs."""

    NOTHING = "nothing"
    ANY_LINK_OR_KEY = "any link or key"
    ANY_KEY = "any key"
    KEY_OF_SESSION = "the key that opened the attach session"
    VIEWER = Role.VIEWER
    CONTROLLER = Role.CONTROLLER
    OWNER = Role.OWNER


@dataclass(frozen=True)
class Rule:
    needs: Needs
    opened_by: Purpose | None = None
    """The tickets that open it, too."""
    body: object = None
    """JSON, or the text of what it takes; such that nothing but the credential is wrong with it."""


WATCHED = Rule(Needs.VIEWER, Purpose.WATCH)
RULES: Mapping[str, Rule] = {
    "createRun": Rule(Needs.ANY_KEY, body={"url": "http://a.test/"}),
    "listRuns": Rule(Needs.ANY_KEY),
    "getRun": Rule(Needs.VIEWER),
    "deleteRun": Rule(Needs.OWNER),
    "getSpec": Rule(Needs.OWNER),
    "exportRun": Rule(Needs.CONTROLLER),
    "getAudit": Rule(Needs.OWNER),
    "listAudit": Rule(Needs.ANY_KEY),
    "getStream": Rule(Needs.VIEWER),
    "pauseRun": Rule(Needs.CONTROLLER),
    "resumeRun": Rule(Needs.CONTROLLER),
    "stepRun": Rule(Needs.CONTROLLER),
    "cancelRun": Rule(Needs.CONTROLLER),
    "overrideStep": Rule(Needs.CONTROLLER, body={"action": {"type": "reload"}}),
    "updateInstructions": Rule(Needs.CONTROLLER, body={"instructions": "Go to /cart"}),
    "sendCommand": Rule(Needs.VIEWER, body={"type": "ping"}),
    "keepSecret": Rule(Needs.CONTROLLER, body={"name": "password"}),
    "listSteps": Rule(Needs.VIEWER),
    "getStep": Rule(Needs.VIEWER),
    "getScreenshot": Rule(Needs.VIEWER),
    "getSource": Rule(Needs.CONTROLLER),
    "listTokens": Rule(Needs.OWNER),
    "createToken": Rule(Needs.OWNER, body={"role": "viewer"}),
    "revokeToken": Rule(Needs.OWNER),
    "checkInstructions": Rule(Needs.ANY_LINK_OR_KEY, body={"instructions": "Go to /cart"}),
    "openAttachSession": Rule(Needs.ANY_KEY, body={"name": "tests"}),
    "getAttachSession": Rule(Needs.KEY_OF_SESSION),
    "closeAttachSession": Rule(Needs.KEY_OF_SESSION),
    "whepOptions": Rule(Needs.NOTHING),
    "whepOffer": Rule(Needs.VIEWER, Purpose.WATCH, body=VP8_OFFER),
    "whepTrickle": Rule(Needs.VIEWER, Purpose.WHEP_SESSION, body="a=end-of-candidates"),
    "whepEnd": Rule(Needs.VIEWER, Purpose.WHEP_SESSION),
    "healthz": Rule(Needs.NOTHING),
    "readyz": Rule(Needs.NOTHING),
    "metrics": Rule(Needs.NOTHING),
}
"""By ``operationId``."""
UNDESCRIBED: Mapping[tuple[str, str], Rule] = {
    ("GET", "/ws/test-control"): WATCHED,
    ("GET", "/stream/{run_id}"): WATCHED,
    ("GET", "/stream/{run_id}.mjpeg"): WATCHED,
    ("GET", "/"): Rule(Needs.NOTHING),
    ("GET", "/runs/{run_id}"): Rule(Needs.NOTHING),
    ("GET", "/sessions/{session_id}"): Rule(Needs.NOTHING),
    ("GET", "/assets/{name}"): Rule(Needs.NOTHING),
    ("GET", "/{name}"): Rule(Needs.NOTHING),
    ("GET", "/openapi.json"): Rule(Needs.NOTHING),
    ("GET", "/docs"): Rule(Needs.NOTHING),
    ("GET", "/docs.css"): Rule(Needs.NOTHING),
}
"""Pages, the socket and pictures, which the description of the API leaves out."""
MESSAGES: Mapping[str, tuple[Role, dict[str, object]]] = {
    "ping": (Role.VIEWER, {"t": 1}),
    "replay_step": (Role.VIEWER, {"stepNumber": 1}),
    "pause": (Role.CONTROLLER, {}),
    "resume": (Role.CONTROLLER, {}),
    "step": (Role.CONTROLLER, {}),
    "cancel": (Role.CONTROLLER, {}),
    "step_override": (Role.CONTROLLER, {"action": {"type": "reload"}}),
    "skip_step": (Role.CONTROLLER, {}),
    "approve_step": (Role.CONTROLLER, {}),
    "update_instructions": (Role.CONTROLLER, {"instructions": "Go to /cart"}),
    "take_control": (Role.CONTROLLER, {}),
    "request_control": (Role.CONTROLLER, {}),
    "release_control": (Role.CONTROLLER, {}),
    "set_curtain": (Role.CONTROLLER, {"closed": True}),
    "lift_covers": (Role.OWNER, {"lifted": True}),
    "input": (Role.CONTROLLER, {"kind": "move", "x": 0.5, "y": 0.5}),
    "pick": (Role.CONTROLLER, {"x": 0.5, "y": 0.5}),
    "answer_dialog": (Role.CONTROLLER, {"dialogId": "d", "accept": True}),
}
"""By type: the least role, and what else the message has."""
SESSION = "session"
NO_RUN = "there is no such run"


@dataclass(frozen=True)
class Bearer:
    """A credential, and what it is good for."""

    text: str | None
    role: Role | None = None
    """On the run; None for one that is right and opens another run or nothing."""
    purpose: Purpose | None = None
    is_valid: bool = True
    is_key: bool = False


async def bearers(harness: ServerHarness, run: FakeRun) -> dict[str, Bearer]:
    """Every kind of credential there is, for this run of Ada's."""
    tokens = ShareTokens(harness.config.secret)
    yesterday = ShareTokens(harness.config.secret, clock=lambda: utc_now() - timedelta(days=1))
    other = await harness.new_run()
    revoked = await harness.share(run, "controller")
    await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{revoked['id']}")
    session = {"purpose": Purpose.WHEP_SESSION, "session_id": SESSION}

    def link(run: FakeRun, role: Role, **options: Any) -> str:  # noqa: ANN401 - as of mint
        return tokens.mint(run.id, role, **options)[0]

    return {
        "none": Bearer(None, is_valid=False),
        "wrong": Bearer("a key of nobody's", is_valid=False),
        "expired": Bearer(yesterday.mint(run.id, Role.CONTROLLER)[0], is_valid=False),
        "expired ticket": Bearer(yesterday.mint(run.id, Role.VIEWER, purpose=Purpose.WATCH)[0], is_valid=False),
        "revoked": Bearer(revoked["token"], is_valid=False),
        "of another server": Bearer(ShareTokens("another").mint(run.id, Role.CONTROLLER)[0], is_valid=False),
        "viewer": Bearer(link(run, Role.VIEWER), Role.VIEWER),
        "controller": Bearer(link(run, Role.CONTROLLER), Role.CONTROLLER),
        "viewer of another run": Bearer(link(other, Role.VIEWER)),
        "controller of another run": Bearer(link(other, Role.CONTROLLER)),
        "owner": Bearer(ADA, Role.OWNER, is_key=True),
        "another owner": Bearer(BOB, is_key=True),
        "ticket to watch": Bearer(link(run, Role.VIEWER, purpose=Purpose.WATCH), Role.VIEWER, Purpose.WATCH),
        "ticket of a session": Bearer(link(run, Role.VIEWER, **session), Role.VIEWER, Purpose.WHEP_SESSION),
        "ticket to watch another run": Bearer(link(other, Role.VIEWER, purpose=Purpose.WATCH), None, Purpose.WATCH),
    }


def expected(rule: Rule, bearer: Bearer) -> int | None:
    """The status with which this is refused; None where it is not."""
    needs = rule.needs
    if needs is Needs.NOTHING:
        return None
    if not bearer.is_valid:
        return 401
    if bearer.purpose is not None and bearer.purpose is not rule.opened_by:
        return 403
    return _expected_of_valid(needs, bearer)


def _expected_of_valid(needs: Needs, bearer: Bearer) -> int | None:
    match needs:
        case Needs.ANY_LINK_OR_KEY:
            return None
        case Needs.ANY_KEY:
            return None if bearer.is_key else 403
        case Needs.KEY_OF_SESSION:
            return 403 if not bearer.is_key else None if bearer.text == ADA else 404
    return 404 if bearer.role is None else None if bearer.role.includes(needs.value) else 403


def routes(harness: ServerHarness) -> set[tuple[str, str]]:
    """Method and path of every route of both ports; HEAD is served as GET is."""
    apps = (harness.server.apps.api, harness.server.apps.frame_server)
    found = [route for app in apps if app is not None for route in app.router.routes()]
    return {(each.method, each.resource.canonical) for each in found if each.resource and each.method != "HEAD"}


DESCRIBED = {each.id: each for each in operations()}


class TestRules:
    async def test_every_route_has_one(self, harness: ServerHarness) -> None:
        described = {(each.method, re.sub(r"{\w+}", "{}", each.path)) for each in operations()}
        undescribed = {each for each in routes(harness) if (each[0], re.sub(r"{\w+}", "{}", each[1])) not in described}
        assert undescribed == set(UNDESCRIBED)
        assert set(RULES) == set(DESCRIBED)

    def test_every_message_has_one(self) -> None:
        assert set(MESSAGES) == {each.model_fields["type"].default for each in get_args(Command)}

    def test_what_needs_nothing_says_so_in_the_description(self) -> None:
        assert {id for id, rule in RULES.items() if rule.needs is Needs.NOTHING} == {
            id for id, each in DESCRIBED.items() if each.open
        }


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    rule: Rule
    media: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


REQUESTS = [
    *(Request(o.method, o.path, RULES[o.id], o.body.media if o.body else None) for o in operations() if o.id in RULES),
    *(Request(method, path, rule) for (method, path), rule in UNDESCRIBED.items()),
]


async def answered(harness: ServerHarness, request: Request, run: FakeRun, bearer: Bearer) -> tuple[int, str]:
    """Status and, where it was refused, the reason."""
    attach = await harness.attachments.open(NewAttachSession(name="tests"), owner="ada")
    session = attach.ref.id if "/attach/" in request.path else SESSION
    values = {"runId": run.id, "run_id": run.id, "sessionId": session, "session_id": session, "stepNumber": "1"}
    path = re.sub(r"{(\w+)}", lambda found: values.get(found[1], "x"), request.path)
    base = harness.frames_url if path.startswith("/stream") else harness.url
    body: dict[str, Any] = {"json": request.rule.body}
    headers = auth(bearer.text)
    if isinstance(request.rule.body, str):
        body, headers = {"data": request.rule.body}, headers | {"Content-Type": str(request.media)}
    params = {"runId": run.id} if path == "/ws/test-control" else {}
    async with harness.http.request(request.method, base + path, headers=headers, params=params, **body) as response:
        is_problem = response.content_type == "application/problem+json"
        return response.status, str((await response.json())["detail"]) if is_problem else ""


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
async def test_every_credential_at_every_route(harness: ServerHarness, request_: Request) -> None:
    harness.runs.most = 100
    wrong = []
    for name in await bearers(harness, await harness.new_run()):
        run = await harness.new_run()
        bearer = (await bearers(harness, run))[name]
        status, why = await answered(harness, request_, run, bearer)
        refusal = expected(request_.rule, bearer)
        is_refused = status in {401, 403} or NO_RUN in why or "no such attach session" in why
        if status >= 500 and request_.rule.needs is not Needs.NOTHING:
            wrong.append(f"{name}: {status}")
        elif refusal is None and is_refused:
            wrong.append(f"{name}: refused with {status} ({why})")
        elif refusal is not None and (status != refusal or (status == 404 and not is_refused)):
            wrong.append(f"{name}: {status} ({why}) instead of {refusal}")
    assert not wrong, wrong


def is_forbidden(answer: Mapping[str, Any]) -> bool:
    return answer.get("code") == "forbidden"


@pytest.mark.parametrize("type", MESSAGES)
async def test_every_credential_with_every_message(harness: ServerHarness, type: str) -> None:
    """By REST and on the socket, and nothing of what is refused has come to the run."""
    harness.runs.most = 100
    least, fields = MESSAGES[type]
    wrong = []
    for name in await bearers(harness, await harness.new_run()):
        run = await harness.new_run()
        bearer = (await bearers(harness, run))[name]
        refused_by_rest, refused_by_socket = await refusals(harness, run, bearer, {"type": type, **fields})
        may = bearer.role is not None and bearer.role.includes(least)
        may_by_rest = may and bearer.purpose is None
        may_by_socket = may and bearer.purpose in {None, Purpose.WATCH}
        if (refused_by_rest, refused_by_socket) != (not may_by_rest, not may_by_socket):
            wrong.append(f"{name}: by REST refused {refused_by_rest}, on the socket {refused_by_socket}")
        if len(run.submitted) != may_by_rest + may_by_socket:
            wrong.append(f"{name}: {len(run.submitted)} came to the run")
    assert not wrong, wrong


async def refusals(
    harness: ServerHarness, run: FakeRun, bearer: Bearer, message: dict[str, object]
) -> tuple[bool, bool]:
    """Whether the message is refused for its credential by REST, and on the socket."""
    status, answer = await harness.call("POST", f"/api/tests/{run.id}/commands", token=bearer.text, body=message)
    by_rest = status in {401, 403, 404} and not (status == 404 and NO_RUN not in str(answer))
    try:
        async with harness.socket(run, token=bearer.text or "") as socket:
            return by_rest, is_forbidden(await socket.ask(**message, id="1"))
    except aiohttp.WSServerHandshakeError as refusal:
        return by_rest, refusal.status in {401, 403, 404}


def test_the_configuration_has_two_owners() -> None:
    assert CONFIG.api_keys == {"ada": ADA, "bob": BOB}
