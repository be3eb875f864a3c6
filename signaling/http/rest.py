"""The REST API ``/api/tests``: runs, their steps, their commands, and share links."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

from aiohttp import web

from control.errors import Busy
from control.protocol.audit import AuditAction
from control.protocol.events import ErrorReply, Reply
from control.protocol.links import SharedLink
from control.protocol.models import NewRun, PlannerName, RunStatus, RunView, SourceExcerpt, Step
from control.protocol.shape import Shape, utc_now
from control.roles import Role
from control.run_filter import RunFilter
from signaling.access.audit import Audit
from signaling.access.authentication import Authenticator, RequestContext
from signaling.access.rate_limits import RateKind, too_often
from signaling.access.share_tokens import LONGEST_TTL, ShareTokens
from signaling.config import Limits
from signaling.connections.dispatcher import CommandDispatcher, Message
from signaling.connections.registry import ConnectionRegistry
from signaling.http.conditional import json_or_not_modified
from signaling.http.file_names import of_run
from signaling.http.operations import (
    CLIENT,
    COMMAND,
    COMMAND_WITH_BODY,
    READ,
    HandlerT,
    Query,
    json_content,
    operation,
    routes_of,
    text_content,
)
from signaling.http.queries import (
    LONGEST_SEARCH,
    LONGEST_SESSION,
    read_flag,
    read_limit,
    read_number_cursor,
    read_planner,
    read_search,
    read_session,
    read_status,
)
from signaling.http.shapes import (
    BreakpointRequest,
    CommandAccepted,
    InstructionsRequest,
    PlanEntryRequest,
    RunList,
    SecretRequest,
    SharedLinkList,
    ShareToken,
    SingleStep,
    StepList,
    StepOverrideRequest,
    StreamInfo,
    TokenRequest,
)
from signaling.http.unknown_fields import read_exactly
from signaling.ports import Runs, ShareLinks
from signaling.problems import Problem, from_code, read_json, read_shape
from signaling.watching.stream_addresses import StreamAddresses

_RUNS = "/api/tests"
_RUN = "/api/tests/{runId}"
_STEP = _RUN + "/steps/{stepNumber}"
_PAGE = 24
_LONGEST_PAGE = 200
_LONGEST_STEP_PAGE = 2000
"""Steps, also where no ``limit`` is given: as many as a run has at most by default (JUMPSEAT_MAX_STEPS)."""
_EXPORTS = {
    "pytest": ("text/x-python", "test_{}.py", "_"),
    "typescript": ("text/typescript", "{}.spec.ts", "-"),
    "yaml": ("application/yaml", "{}.yaml", "-"),
    "patch": ("text/x-diff", "{}.patch", "-"),
}
"""Content type, name of the file, and what is between the words of the name, by format."""


def _verb(verb: str, summary: str) -> Callable[[HandlerT], HandlerT]:
    """Declares the operation of a command without a body, whose type is the last part of its path."""
    return operation(
        "POST",
        f"{_RUN}/{verb}",
        summary,
        id=f"{verb}Run",
        status=202,
        answer=json_content(CommandAccepted),
        query=(CLIENT,),
        refusals=COMMAND,
    )


class RestApi:
    """Serves ``/api/tests``."""

    def __init__(
        self,
        *,
        runs: Runs,
        authenticator: Authenticator,
        dispatcher: CommandDispatcher,
        stream_addresses: StreamAddresses,
        tokens: ShareTokens,
        links: ShareLinks,
        connections: ConnectionRegistry,
        audit: Audit,
        limits: Limits,
    ) -> None:
        self._runs = runs
        self._authenticator = authenticator
        self._dispatcher = dispatcher
        self._stream_addresses = stream_addresses
        self._tokens = tokens
        self._links = links
        self._connections = connections
        self._audit = audit
        self._limits = limits

    def routes(self) -> list[web.RouteDef]:
        return routes_of(self)

    # Runs

    @operation(
        "POST",
        _RUNS,
        "Start a run.",
        id="createRun",
        status=201,
        answer=json_content(RunView),
        body=json_content(NewRun),
        refusals=(400, 401, 403, 413, 415, 422, 503),
    )
    async def create(self, request: web.Request) -> web.Response:
        owner = await self._authenticator.owner(request, spends=RateKind.RUN)
        spec = await read_exactly(request, NewRun, limit=self._limits.max_body)
        run = await self._runs.create(spec, owner=owner)
        self._audit.created(run.id, owner=owner, address=self._authenticator.address(request))
        return web.json_response(run.view().dump(), status=201, headers={"Location": f"/api/tests/{run.id}"})

    @operation(
        "GET",
        _RUNS,
        "The owner's runs, newest first.",
        id="listRuns",
        answer=json_content(RunList),
        query=(
            Query(
                "status", "Only runs of this status.", {"type": "string", "enum": [each.value for each in RunStatus]}
            ),
            Query("planner", "Only runs of this planner.", {"type": "string", "enum": [*get_args(PlannerName)]}),
            Query("attention", "1: only runs that need a person.", {"type": "string", "enum": ["1", "true"]}),
            Query(
                "limit",
                "How many, at most.",
                {"type": "integer", "minimum": 1, "maximum": _LONGEST_PAGE, "default": _PAGE},
            ),
            Query("cursor", "nextCursor of the page before."),
            Query(
                "q",
                "Only runs that have this, in any case, in their name, address or instructions.",
                {"type": "string", "maxLength": LONGEST_SEARCH},
            ),
            Query(
                "session",
                "Only the runs of the attach session of this id.",
                {"type": "string", "minLength": 1, "maxLength": LONGEST_SESSION},
            ),
        ),
        refusals=(401, 403, 422),
        conditional=True,
    )
    async def list(self, request: web.Request) -> web.Response:
        """Answers without steps, and with an ETag: the dashboard asks every few seconds."""
        owner = await self._authenticator.owner(request)
        runs, cursor = await self._runs.list(
            owner=owner,
            wanted=RunFilter(
                status=read_status(request.query.get("status")),
                planner=read_planner(request.query.get("planner")),
                search=read_search(request.query.get("q")),
                session=read_session(request.query.get("session")),
                attention=read_flag("attention", request.query.get("attention")),
            ),
            limit=read_limit(request.query.get("limit"), default=_PAGE, most=_LONGEST_PAGE),
            cursor=request.query.get("cursor") or None,
        )
        listed = tuple(run.model_copy(update={"comments": ()}) for run in runs)
        return json_or_not_modified(request, RunList(runs=listed, next_cursor=cursor).dump())

    @operation("GET", _RUN, "One run.", id="getRun", answer=json_content(RunView))
    async def show(self, request: web.Request) -> web.Response:
        context = await self._authorize(request, with_steps=True)
        return web.json_response(context.run.view().dump())

    @operation(
        "DELETE",
        _RUN,
        "Remove a finished run and its files.",
        id="deleteRun",
        status=204,
        refusals=(401, 403, 404, 409),
    )
    async def remove(self, request: web.Request) -> web.Response:
        context = await self._authorize(request, needs=Role.OWNER)
        await self._runs.delete(context.run.id)
        self._audit.record(AuditAction.REMOVED, context)
        return web.Response(status=204)

    @operation(
        "GET",
        f"{_RUN}/spec",
        "The body that made the run.",
        id="getSpec",
        answer=json_content(NewRun, mode="validation"),
        refusals=(401, 403, 404),
    )
    async def spec(self, request: web.Request) -> web.Response:
        context = await self._authorize(request, needs=Role.OWNER)
        return web.json_response(context.run.creation())

    @operation(
        "GET",
        f"{_RUN}/export",
        "The run as a test of its own, or the locators that people repaired in an attached run as a patch of its test.",
        id="exportRun",
        answer=text_content(*(content_type for content_type, *_ in _EXPORTS.values())),
        query=(
            Query(
                "format",
                "pytest: a test in Python; typescript: one for Playwright Test; yaml: a file for `jumpseat run`; "
                "patch: a unified diff, empty where no locator was repaired.",
                {"type": "string", "enum": [*_EXPORTS], "default": "pytest"},
            ),
        ),
        refusals=(401, 403, 404, 409),
    )
    async def export(self, request: web.Request) -> web.Response:
        context = await self._authorize(request, needs=Role.CONTROLLER)
        format = request.query.get("format", "pytest")
        text = await context.run.export(format)
        self._audit.record(AuditAction.EXPORTED, context, format)
        content_type, pattern, separator = _EXPORTS[format]
        headers = {"Content-Disposition": of_run(context.run.view(), pattern, separator=separator)}
        return web.Response(text=text, content_type=content_type, headers=headers)

    @operation(
        "GET",
        f"{_RUN}/stream",
        "Where the pictures and events are, and a token that may stand in an address.",
        id="getStream",
        answer=json_content(StreamInfo),
        query=(CLIENT,),
    )
    async def stream(self, request: web.Request) -> web.Response:
        context = await self._authorize(request)
        return web.json_response(self._stream_addresses.stream_info(request, context).dump())

    # Commands

    @_verb("pause", "Pause: nothing new is dispatched.")
    @_verb("resume", "Resume.")
    @_verb("step", "Do exactly one step, then pause.")
    @_verb("cancel", "Cancel the run.")
    async def verb(self, request: web.Request) -> web.Response:
        context = await self._authorize(request)
        await self._submit({"type": request.path.rsplit("/", 1)[1]}, context)
        return _accepted(context)

    @operation(
        "POST",
        f"{_RUN}/override-step",
        "Do something in place of the next step, or before it.",
        id="overrideStep",
        status=202,
        answer=json_content(CommandAccepted),
        body=json_content(StepOverrideRequest),
        query=(CLIENT,),
        refusals=COMMAND_WITH_BODY,
    )
    async def override_step(self, request: web.Request) -> web.Response:
        return await self._command_with_body(request, "step_override", "action", "place")

    @operation(
        "POST",
        f"{_RUN}/update-instructions",
        "Change the instructions while the run goes on.",
        id="updateInstructions",
        status=202,
        answer=json_content(CommandAccepted),
        body=json_content(InstructionsRequest),
        query=(CLIENT,),
        refusals=COMMAND_WITH_BODY,
    )
    async def update_instructions(self, request: web.Request) -> web.Response:
        return await self._command_with_body(request, "update_instructions", "instructions")

    @operation(
        "POST",
        f"{_RUN}/breakpoints",
        "Have the run pause before an entry of its plan, or no longer.",
        id="setBreakpoint",
        status=202,
        answer=json_content(CommandAccepted),
        body=json_content(BreakpointRequest),
        query=(CLIENT,),
        refusals=COMMAND_WITH_BODY,
    )
    async def set_breakpoint(self, request: web.Request) -> web.Response:
        return await self._command_with_body(request, "set_breakpoint", "index", "on")

    @operation(
        "POST",
        f"{_RUN}/run-to",
        "Go on to an entry of the plan, and pause before it once.",
        id="runTo",
        status=202,
        answer=json_content(CommandAccepted),
        body=json_content(PlanEntryRequest),
        query=(CLIENT,),
        refusals=COMMAND_WITH_BODY,
    )
    async def run_to(self, request: web.Request) -> web.Response:
        return await self._command_with_body(request, "run_to", "index")

    @operation(
        "POST",
        f"{_RUN}/commands",
        "Any control message; the answer is the message that every other transport would give.",
        id="sendCommand",
        answer=json_content("ServerMessage"),
        body=json_content("ClientMessage"),
        query=(CLIENT,),
        refusals=COMMAND_WITH_BODY,
    )
    async def command(self, request: web.Request) -> web.Response:
        """Carries out any control message; the reply is the same as on every other transport."""
        context = await self._authorize(request)
        reply = await self._submit(await read_json(request, limit=self._limits.max_body), context)
        return web.json_response(context.run.log.reply(reply))

    async def _command_with_body(self, request: web.Request, type: str, *fields: str) -> web.Response:
        context = await self._authorize(request)
        body = await _read_object(request, limit=self._limits.max_body)
        given = {field: body[field] for field in fields if field in body}
        await self._submit({"type": type, **given}, context)
        return _accepted(context)

    async def _submit(self, message: Message, context: RequestContext) -> Reply:
        # A request need not say which viewer makes it.
        wait = self._dispatcher.admit(context.run, context.credential.identity)
        if wait is not None:
            raise too_often(self._dispatcher.refuse().message, wait)
        reply = await self._dispatcher.dispatch(message, context)
        if isinstance(reply, ErrorReply):
            raise from_code(reply.code, reply.message, field=reply.field)
        return reply

    @operation(
        "POST",
        f"{_RUN}/secrets",
        "Keep a password that was typed by hand as a secret of the run; safe to repeat.",
        id="keepSecret",
        status=204,
        body=json_content(SecretRequest),
        refusals=COMMAND_WITH_BODY,
    )
    async def keep_secret(self, request: web.Request) -> web.Response:
        context = await self._authorize(request, needs=Role.CONTROLLER)
        wanted = await read_exactly(request, SecretRequest, limit=self._limits.max_body)
        await context.run.keep_secret(wanted.name)
        self._audit.record(AuditAction.KEPT_SECRET, context, wanted.name)
        return web.Response(status=204)

    # Steps

    @operation(
        "GET",
        f"{_RUN}/steps",
        "The steps so far.",
        id="listSteps",
        answer=json_content(StepList),
        query=(
            Query(
                "limit",
                "How many, at most.",
                {"type": "integer", "minimum": 1, "maximum": _LONGEST_STEP_PAGE, "default": _LONGEST_STEP_PAGE},
            ),
            Query("cursor", "nextCursor of the page before."),
        ),
        refusals=(*READ, 422),
    )
    async def steps(self, request: web.Request) -> web.Response:
        context = await self._authorize(request)
        limit = read_limit(request.query.get("limit"), default=_LONGEST_STEP_PAGE, most=_LONGEST_STEP_PAGE)
        found = await context.run.steps(after=read_number_cursor(request.query.get("cursor")), limit=limit + 1)
        cursor = str(found[limit - 1].step_number) if len(found) > limit else None
        return web.json_response(StepList(steps=tuple(found[:limit]), next_cursor=cursor).dump())

    @operation("GET", _STEP, "One step.", id="getStep", answer=json_content(SingleStep))
    async def step(self, request: web.Request) -> web.Response:
        context = await self._authorize(request)
        return web.json_response(SingleStep(step=await _find_step(request, context)).dump())

    @operation(
        "GET",
        f"{_STEP}/screenshot",
        "The page after the step.",
        id="getScreenshot",
        answer=text_content("image/jpeg"),
        query=(Query("before", "1: the page before the step.", {"type": "string", "enum": ["1", "true"]}),),
        refusals=(*READ, 410),
    )
    async def screenshot(self, request: web.Request) -> web.StreamResponse:
        """Sends the screenshot file, with the file's own validators (RFC 9110 §8.8)."""
        context = await self._authorize(request)
        step = await _find_step(request, context)
        before = request.query.get("before") in {"1", "true"}
        path = await context.run.screenshot(step.step_number, before=before)
        if path is None:
            raise _no_screenshot(context, step, before=before)
        age = "max-age=3600" if "v" in request.query else "no-cache"
        return web.FileResponse(path, headers={"Cache-Control": f"private, {age}"})

    @operation(
        "GET",
        f"{_STEP}/source",
        "The lines of an attached test around the call that the step is.",
        id="getSource",
        answer=json_content(SourceExcerpt),
        refusals=(401, 403, 404),
    )
    async def source(self, request: web.Request) -> web.Response:
        context = await self._authorize(request, needs=Role.CONTROLLER)
        found = await context.run.source(int(request.match_info["step_number"]))
        return web.json_response(found.dump())

    # Links

    @operation(
        "GET",
        f"{_RUN}/tokens",
        "The links to the run that live, newest first.",
        id="listTokens",
        answer=json_content(SharedLinkList),
        refusals=(401, 403, 404),
    )
    async def links(self, request: web.Request) -> web.Response:
        """Answers without the tokens themselves, which those alone know who were given them."""
        context = await self._authorize(request, needs=Role.OWNER)
        found = await self._links.living(context.run.id)
        return web.json_response(SharedLinkList(tokens=tuple(found)).dump())

    @operation(
        "POST",
        f"{_RUN}/tokens",
        "A link to share the run, with one role.",
        id="createToken",
        status=201,
        answer=json_content(ShareToken),
        body=json_content(TokenRequest),
        refusals=(400, 401, 403, 404, 413, 415, 422, 503),
    )
    async def share(self, request: web.Request) -> web.Response:
        context = await self._authorize(request, needs=Role.OWNER)
        self._authenticator.spend(RateKind.TOKEN, request, context.credential)
        wanted = await read_exactly(request, TokenRequest, limit=self._limits.max_body)
        await self._refuse_more_links(context.run.owner)
        run_id, ttl = context.run.id, timedelta(seconds=wanted.ttl_seconds)
        token, claims = self._tokens.mint(run_id, wanted.role, ttl=ttl)
        link = SharedLink(id=claims.id, role=claims.role, created_at=utc_now(), expires_at=claims.expires_at)
        await self._links.add(run_id, link)
        self._audit.record(AuditAction.SHARED, context, claims.id)
        made = ShareToken(
            id=claims.id,
            role=claims.role,
            token=token,
            watch_url=self._stream_addresses.watch_url(request, run_id, token),
            expires_at=claims.expires_at,
        )
        location = f"/api/tests/{run_id}/tokens/{claims.id}"
        return web.json_response(made.dump(), status=201, headers={"Location": location})

    async def _refuse_more_links(self, owner: str) -> None:
        most = self._limits.max_links_per_owner
        if await self._links.count_living(owner) >= most:
            raise Busy(f"{most} links to your runs live, which is as many as there may be: revoke some", retry_after=60)

    @operation(
        "DELETE",
        f"{_RUN}/tokens/{{tokenId}}",
        "Revoke a link at once; its open connections are cut.",
        id="revokeToken",
        status=204,
        refusals=(401, 403, 404),
    )
    async def revoke(self, request: web.Request) -> web.Response:
        context = await self._authorize(request, needs=Role.OWNER)
        run_id, token_id = context.run.id, request.match_info["token_id"]
        await self._links.revoke(run_id, token_id, until=utc_now() + LONGEST_TTL)
        self._connections.revoke(run_id, token_id)
        self._audit.record(AuditAction.REVOKED, context, token_id)
        return web.Response(status=204)

    async def _authorize(
        self, request: web.Request, *, needs: Role = Role.VIEWER, with_steps: bool = False
    ) -> RequestContext:
        run_id = request.match_info["run_id"]
        return await self._authenticator.authorize(request, run_id, needs=needs, with_steps=with_steps)


class _Anything(Shape):
    model_config = Shape.model_config | {"extra": "allow"}


async def _read_object(request: web.Request, *, limit: int) -> dict[str, Any]:
    return dict((await read_shape(request, _Anything, limit=limit)).model_extra or {})


async def _find_step(request: web.Request, context: RequestContext) -> Step:
    number = int(request.match_info["step_number"])
    step = await context.run.step(number)
    if step is None:
        raise Problem(404, f"this run has no step {number}", code="not_found")
    return step


def _no_screenshot(context: RequestContext, step: Step, *, before: bool) -> Problem:
    taken = step.before_screenshot_url if before else step.screenshot_url
    if taken and context.run.view().status.final:
        text = "this picture was removed: the server had no room for pictures of older runs (JUMPSEAT_MAX_DISK)"
        return Problem(410, text, code="not_found")
    return Problem(404, "there is no screenshot of this step", code="not_found")


def _accepted(context: RequestContext) -> web.Response:
    return web.json_response(CommandAccepted(status=context.run.view().status).dump(), status=202)
