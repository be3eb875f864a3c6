"""Every request that may be made, for the description of the HTTP API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from control.protocol.models import RunStatus

_READ = (401, 404)
_COMMAND = (400, 401, 403, 404, 409, 413, 415, 422)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    method: str
    path: str
    id: str
    summary: str
    status: int = 200
    answer: str = ""
    """The name of a schema, or ``string``."""
    media: str = "application/json"
    body: tuple[str, str] | None = None
    """Content type, and the name of a schema or ``string``."""
    query: tuple[dict[str, Any], ...] = ()
    refusals: tuple[int, ...] = _READ
    open: bool = False
    """Needs no credential."""


@dataclass(frozen=True, slots=True)
class _Query:
    """One query parameter; ``schema`` is its JSON schema."""

    name: str
    text: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})

    def parameter(self) -> dict[str, Any]:
        return {"name": self.name, "in": "query", "description": self.text, "schema": self.schema}


def _query(name: str, text: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON schema
    return _Query(name, text, schema or {"type": "string"}).parameter()


def _json(schema: str) -> tuple[str, str]:
    return ("application/json", schema)


_CLIENT = _query("client", "A random key of the client's own: the same one on every transport is one viewer.")
_RUN = "/api/tests/{runId}"
_VERBS = {
    "pause": "Pause: nothing new is dispatched.",
    "resume": "Resume.",
    "step": "Do exactly one step, then pause.",
    "cancel": "Cancel the run.",
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/api/tests",
        "createRun",
        "Start a run.",
        201,
        "RunView",
        body=_json("NewRun"),
        refusals=(400, 401, 403, 413, 415, 422, 503),
    ),
    Operation(
        "get",
        "/api/tests",
        "listRuns",
        "The owner's runs, newest first.",
        answer="RunList",
        query=(
            _query("status", "Only runs of this status.", type="string", enum=[status.value for status in RunStatus]),
            _query("limit", "How many, at most.", type="integer", minimum=1, maximum=200, default=24),
            _query("cursor", "nextCursor of the page before."),
        ),
        refusals=(401, 403, 422),
    ),
    Operation("get", _RUN, "getRun", "One run.", answer="RunView"),
    Operation("delete", _RUN, "deleteRun", "Remove a finished run and its files.", 204, refusals=(401, 403, 404, 409)),
    *(
        Operation(
            "post", f"{_RUN}/{verb}", f"{verb}Run", text, 202, "Status", query=(_CLIENT,), refusals=(401, 403, 404, 409)
        )
        for verb, text in _VERBS.items()
    ),
    Operation(
        "post",
        f"{_RUN}/override-step",
        "overrideStep",
        "Replace the next step.",
        202,
        "Status",
        body=_json("OverrideStep"),
        query=(_CLIENT,),
        refusals=_COMMAND,
    ),
    Operation(
        "post",
        f"{_RUN}/update-instructions",
        "updateInstructions",
        "Change the instructions while the run goes on.",
        202,
        "Status",
        body=_json("NewInstructions"),
        query=(_CLIENT,),
        refusals=_COMMAND,
    ),
    Operation(
        "post",
        f"{_RUN}/commands",
        "sendCommand",
        "Any control message; the answer is the message that every other transport would give.",
        answer="Message",
        body=_json("ControlMessage"),
        query=(_CLIENT,),
        refusals=_COMMAND,
    ),
    Operation(
        "get",
        f"{_RUN}/stream",
        "getStream",
        "Where the pictures and events are, and a token that may stand in an address.",
        answer="Stream",
        query=(_CLIENT,),
    ),
    Operation(
        "get", f"{_RUN}/spec", "getSpec", "The body that made the run.", answer="NewRun", refusals=(401, 403, 404)
    ),
    Operation(
        "get",
        f"{_RUN}/export",
        "exportRun",
        "The run as a test of its own.",
        answer="string",
        media="text/x-python",
        query=(_query("format", "Which kind of test.", type="string", enum=["pytest"], default="pytest"),),
        refusals=(401, 403, 404, 409),
    ),
    Operation("get", f"{_RUN}/steps", "listSteps", "All steps so far.", answer="Steps"),
    Operation("get", _RUN + "/steps/{stepNumber}", "getStep", "One step.", answer="OneStep"),
    Operation(
        "get",
        _RUN + "/steps/{stepNumber}/screenshot",
        "getScreenshot",
        "The page after the step.",
        answer="string",
        media="image/jpeg",
        query=(_query("before", "1: the page before the step.", type="string", enum=["1", "true"]),),
        refusals=(*_READ, 410),
    ),
    Operation(
        "post",
        f"{_RUN}/tokens",
        "createToken",
        "A link to share the run, with one role.",
        201,
        "ShareToken",
        body=_json("TokenRequest"),
        refusals=(400, 401, 403, 404, 413, 415, 422),
    ),
    Operation(
        "delete",
        _RUN + "/tokens/{tokenId}",
        "revokeToken",
        "Revoke a link at once; its open connections are cut.",
        204,
        refusals=(401, 403, 404),
    ),
    Operation(
        "post",
        "/whep/{runId}",
        "whepOffer",
        "Watch by WebRTC: send an offer, get an answer.",
        201,
        "string",
        "application/sdp",
        body=("application/sdp", "string"),
        query=(_CLIENT,),
        refusals=(400, 401, 403, 404, 409, 413, 415, 503),
    ),
    Operation("options", "/whep/{runId}", "whepOptions", "What may be sent.", 204, open=True, refusals=()),
    Operation(
        "patch",
        "/whep/{runId}/{sessionId}",
        "whepTrickle",
        "Send ICE candidates.",
        204,
        body=("application/trickle-ice-sdpfrag", "string"),
        refusals=(400, 401, 403, 404, 412, 413, 415, 422, 428),
    ),
    Operation(
        "delete",
        "/whep/{runId}/{sessionId}",
        "whepEnd",
        "End the session; safe to repeat.",
        refusals=(401, 403, 404),
    ),
    Operation("get", "/healthz", "healthz", "Whether the server lives.", answer="Health", open=True, refusals=()),
    Operation("get", "/readyz", "readyz", "Whether the server is ready.", answer="Health", open=True, refusals=(503,)),
    Operation(
        "get",
        "/metrics",
        "metrics",
        "Figures for Prometheus.",
        answer="string",
        media="text/plain",
        open=True,
        refusals=(),
    ),
)
