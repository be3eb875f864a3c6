"""The access matrix: every route and every message, with every credential.

Routes come from the routers and the OpenAPI description, messages from the protocol; what each needs stands here once
more, by hand. A route or a message that is new has no rule, and fails.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from functools import partial
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
    "setBreakpoint": Rule(Needs.CONTROLLER, body={"index": 1, "on": True}),
    "runTo": Rule(Needs.CONTROLLER, body={"index": 1}),
    "sendCommand": Rule(Needs.VIEWER, body={"type": "ping"}),
    "keepSecret": Rule(Needs.CONTROLLER, body={"name": "password"}),
    "listSteps": Rule(Needs.VIEWER),
    "getStep": Rule(Needs.VIEWER),
    "getScreenshot": Rule(Needs.VIEWER),
    "getConsole": Rule(Needs.VIEWER),
    "getNetwork": Rule(Needs.VIEWER),
    "getHar": Rule(Needs.VIEWER),
    "getDownloads": Rule(Needs.VIEWER),
    "getDownload": Rule(Needs.CONTROLLER),
    "getSource": Rule(Needs.CONTROLLER),
    "getRecording": WATCHED,
    "getRecordingTimeline": WATCHED,
    "getTrace": WATCHED,
    "listTokens": Rule(Needs.OWNER),
    "createToken": Rule(Needs.OWNER, body={"role": "viewer"}),
    "revokeToken": Rule(Needs.OWNER),
    "checkInstructions": Rule(Needs.ANY_LINK_OR_KEY, body={"instructions": "Go to /cart"}),
    "writeTestFile": Rule(Needs.ANY_LINK_OR_KEY, body={"url": "http://a.test/", "instructions": "Go to /cart"}),
    "writeLocators": Rule(Needs.ANY_LINK_OR_KEY, body={"selector": "#pay"}),
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
    ("GET", "/trace-viewer/{name}"): Rule(Needs.NOTHING),
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
    "set_breakpoint": (Role.CONTROLLER, {"index": 1, "on": True}),
    "run_to": (Role.CONTROLLER, {"index": 1}),
    "take_control": (Role.CONTROLLER, {}),
    "request_control": (Role.CONTROLLER, {}),
    "release_control": (Role.CONTROLLER, {}),
    "set_curtain": (Role.CONTROLLER, {"closed": True}),
    "lift_covers": (Role.OWNER, {"lifted": True}),
    "input": (Role.CONTROLLER, {"kind": "move", "x": 0.5, "y": 0.5}),
    "browse": (Role.CONTROLLER, {"action": {"type": "reload"}}),
    "copy_selection": (Role.CONTROLLER, {}),
    "add_comment": (Role.CONTROLLER, {"text": "The total is wrong."}),
    "remove_comment": (Role.CONTROLLER, {"number": 1}),
    "pick": (Role.CONTROLLER, {"x": 0.5, "y": 0.5}),
    "answer_dialog": (Role.CONTROLLER, {"dialogId": "d", "accept": True}),
}
"""By type: the least role, and what else the message has."""
SESSION = "session"
SIGN_ON = "X-Remote-User"
NO_RUN = "there is no such run"


@dataclass(frozen=True)
class Bearer:
    """A credential, and what it is good for."""

    text: str | None
    role: Role | None = None
    """On the run; None for one that is right and opens another run or nothing."""
    purpose: Purpose | None = None
    is_valid: bool = True
    owner: str | None = None
    """Whose name it stands for; None for links and tickets."""
    signed_on: bool = False
    """Whether a proxy says the name, in place of a key."""

    @property
    def headers(self) -> dict[str, str]:
        return auth(self.text) | ({SIGN_ON: self.owner} if self.signed_on and self.owner else {})


@pytest.fixture
async def harness() -> AsyncIterator[ServerHarness]:
    """A server to which the tests are also the proxy that people are signed on by."""
    proxy = ipaddress.IPv4Network("127.0.0.1/32")
    async with ServerHarness(replace(CONFIG, auth_header=SIGN_ON, trusted_proxies=(proxy,))) as harness:
        yield harness


def bearers(harness: ServerHarness, run: FakeRun) -> dict[str, Callable[[], Awaitable[Bearer]]]:
    """Every kind of credential there is for this run of Ada's: what makes one."""
    tokens = ShareTokens(harness.config.secret)
    yesterday = ShareTokens(harness.config.secret, clock=lambda: utc_now() - timedelta(days=1))
    session = {"purpose": Purpose.WHEP_SESSION, "session_id": SESSION}

    async def known(text: str | None, role: Role | None = None, **options: Any) -> Bearer:  # noqa: ANN401 - its fields
        return Bearer(text, role, **options)

    async def link(role: Role, **options: Any) -> Bearer:  # noqa: ANN401 - as of mint
        return Bearer(tokens.mint(run.id, role, **options)[0], role, options.get("purpose"))

    async def invalid(by: ShareTokens, role: Role, **options: Any) -> Bearer:  # noqa: ANN401 - as of mint
        return Bearer(by.mint(run.id, role, **options)[0], is_valid=False)

    async def elsewhere(role: Role, **options: Any) -> Bearer:  # noqa: ANN401 - as of mint
        other = await harness.new_run()
        return Bearer(tokens.mint(other.id, role, **options)[0], None, options.get("purpose"))

    async def revoked() -> Bearer:
        shared = await harness.share(run, "controller")
        await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{shared['id']}")
        return Bearer(shared["token"], is_valid=False)

    return {
        "none": partial(known, None, is_valid=False),
        "wrong": partial(known, "a key of nobody's", is_valid=False),
        "expired": partial(invalid, yesterday, Role.CONTROLLER),
        "expired ticket": partial(invalid, yesterday, Role.VIEWER, purpose=Purpose.WATCH),
        "revoked": revoked,
        "of another server": partial(invalid, ShareTokens("another"), Role.CONTROLLER),
        "viewer": partial(link, Role.VIEWER),
        "controller": partial(link, Role.CONTROLLER),
        "viewer of another run": partial(elsewhere, Role.VIEWER),
        "controller of another run": partial(elsewhere, Role.CONTROLLER),
        "owner": partial(known, ADA, Role.OWNER, owner="ada"),
        "another owner": partial(known, BOB, owner="bob"),
        "owner, signed on": partial(known, None, Role.OWNER, owner="ada", signed_on=True),
        "another owner, signed on": partial(known, None, owner="eve", signed_on=True),
        "ticket to watch": partial(link, Role.VIEWER, purpose=Purpose.WATCH),
        "ticket of a session": partial(link, Role.VIEWER, **session),
        "ticket to watch another run": partial(elsewhere, Role.VIEWER, purpose=Purpose.WATCH),
    }


async def presented(harness: ServerHarness) -> AsyncIterator[tuple[str, FakeRun, Bearer]]:
    """Each kind of credential by its name, with a run of its own that it is for."""
    for name in bearers(harness, await harness.new_run()):
        run = await harness.new_run()
        yield name, run, await bearers(harness, run)[name]()


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
            return None if bearer.owner else 403
        case Needs.KEY_OF_SESSION:
            return 403 if not bearer.owner else None if bearer.owner == "ada" else 404
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
    headers = bearer.headers
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
    async for name, run, bearer in presented(harness):
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
    async for name, run, bearer in presented(harness):
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
    headers, path = bearer.headers, f"/api/tests/{run.id}/commands"
    status, answer = await harness.call("POST", path, token=None, body=message, headers=headers)
    by_rest = status in {401, 403, 404} and not (status == 404 and NO_RUN not in str(answer))
    try:
        async with harness.socket(run, token=None, headers=headers) as socket:
            return by_rest, is_forbidden(await socket.ask(**message, id="1"))
    except aiohttp.WSServerHandshakeError as refusal:
        return by_rest, refusal.status in {401, 403, 404}


def test_the_configuration_has_two_owners() -> None:
    assert CONFIG.api_keys == {"ada": ADA, "bob": BOB}
