"""The typed client of the HTTP API: starts runs on a server, steers them, and follows their events."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from yarl import URL

from control.protocol.actions import Action
from control.protocol.attach import NewAttachSession
from control.protocol.audit import NumberedAuditEntry
from control.protocol.events import Event, Hello
from control.protocol.links import SharedLink
from control.protocol.models import (
    InstructionProblem,
    Locators,
    NewRun,
    Place,
    PlannerName,
    RunStatus,
    RunView,
    SourceExcerpt,
    SpecPlanner,
    Step,
)
from control.protocol.page_log import DownloadEntry
from control.protocol.shape import Shape
from jumpseat.client_errors import (
    ClientError,
    InvalidAddress,
    RequestRefused,
    ServerUnreachable,
    UnexpectedAnswer,
    refusal,
)
from signaling.http.shapes import (
    AttachSessionInfo,
    AuditPage,
    CommandAccepted,
    ConsoleList,
    DownloadList,
    RequestList,
    RunList,
    SharedLinkList,
    ShareToken,
    SingleStep,
    StepList,
    StreamInfo,
)

__all__ = ["Client", "ClientError", "Message", "RunList", "ShareToken", "StreamInfo"]

_ANSWER_SECONDS = 60.0
_SLOWEST_RECONNECT_SECONDS = 3.0
_CHUNK = 256 * 1024

ModelT = TypeVar("ModelT", bound=BaseModel)
_EVENT: TypeAdapter[Event | Hello] = TypeAdapter(
    Annotated[Event | Hello, Field(discriminator="type")], config=ConfigDict(defer_build=True)
)


@dataclass(frozen=True, slots=True)
class Message:
    """One server message, numbered by its run; docs/protocol.md describes every type."""

    run_id: str
    seq: int
    """Its number, which grows by one from event to event; a reply carries the newest event's."""
    type: str
    data: dict[str, Any]
    """The whole message as it came."""

    @property
    def event(self) -> Event | Hello | None:
        """The typed body, a model of ``control.protocol.events``; None for a type that this version does not know."""
        try:
            return _EVENT.validate_python(self.data)
        except ValidationError:
            return None

    @property
    def at(self) -> datetime:
        """When the server sent it, in UTC."""
        return datetime.fromisoformat(self.data["at"])

    @property
    def last(self) -> bool:
        """Whether the run is finished with it: nothing comes after."""
        if self.type == "run_finished":
            return True
        return self.type == "hello" and self.data["run"]["endedAt"] is not None


class Client:
    """One server and one credential. An async context manager; every method raises `ClientError` and nothing else.

    All requests and connections of a client are one viewer to the server: what takes control by `send` holds it.
    """

    def __init__(
        self, server: str, *, key: str | None = None, reconnects: int = 10, timeout: float = _ANSWER_SECONDS
    ) -> None:
        """
        Args:
            server: its address, such as ``http://127.0.0.1:3001``; the one that ``jumpseat serve`` prints holds a key.
            key: an API key or a share token; left out: the ``token`` in the address, if there is one.
            reconnects: how often in a row `follow` connects anew before it gives up.
            timeout: seconds for one answer.
        """
        base = _address(server)
        token = key or base.query.get("token")
        self._base = base.with_query(None).with_path("/")
        self._key = token
        self._reconnects = reconnects
        self._timeout = timeout
        self._viewer = secrets.token_urlsafe(16)
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=aiohttp.ClientTimeout(total=timeout),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes all connections; safe to repeat."""
        await self._http.close()

    # Runs

    async def create(self, run: NewRun | Mapping[str, Any]) -> RunView:
        """Starts a run.

        Args:
            run: the body of ``POST /api/tests``, as a model or as its JSON object (camelCase).
        """
        return await self._read(RunView, "POST", "api/tests", _body(run))

    async def check_instructions(
        self, instructions: str, *, planner: SpecPlanner | None = None
    ) -> list[InstructionProblem]:
        """Returns what a run would be refused for, line by line; ``planner``: None is the server's default."""
        body = {"instructions": instructions, "planner": planner}
        found = await self._json("POST", "api/tests/check", body)
        return [InstructionProblem.model_validate(each) for each in found["problems"]]

    async def locators(self, selector: str) -> Locators:
        """Returns how tests in Python and TypeScript write a selector, such as a step's ``target``."""
        return await self._read(Locators, "POST", "api/locators", {"selector": selector})

    async def test_file(self, run: NewRun | Mapping[str, Any]) -> str:
        """Returns a file for ``jumpseat run`` that makes the same run, with secrets from the environment."""
        return (await self._ask("POST", "api/tests/file", _body(run))).decode()

    async def get(self, run_id: str) -> RunView:
        """Returns the run as it stands."""
        return await self._read(RunView, "GET", _run(run_id))

    async def list_runs(
        self,
        *,
        q: str | None = None,
        status: RunStatus | str | None = None,
        planner: PlannerName | None = None,
        attention: bool = False,
        session: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> RunList:
        """Returns one page of this key's runs, the newest first.

        Args:
            q: only runs whose name, address or instructions hold this text, in any case.
            status: only runs of this status.
            planner: only runs of this planner.
            attention: only runs that need a person.
            session: only the runs of the attach session of this id (`RunView.session`).
            limit: how many at most, 1 to 200; the server's default is 24.
            cursor: `RunList.next_cursor` of the page before.
        """
        given = {
            "q": q,
            "status": status,
            "planner": planner,
            "attention": 1 if attention else None,
            "session": session,
            "limit": limit,
            "cursor": cursor,
        }
        query = {name: str(value) for name, value in given.items() if value is not None}
        return await self._read(RunList, "GET", "api/tests", query=query)

    async def delete(self, run_id: str) -> None:
        """Removes a finished run and its files."""
        await self._ask("DELETE", _run(run_id))

    async def spec(self, run_id: str) -> dict[str, Any]:
        """Returns the body that made the run, without the values of secrets."""
        return await self._json("GET", f"{_run(run_id)}/spec")

    async def export(self, run_id: str, *, format: str = "pytest") -> str:
        """Returns the run as a test of its own, or as another file.

        Args:
            run_id: of the run.
            format: ``pytest``; ``typescript``: for Playwright Test; ``yaml``: for ``jumpseat run``; ``patch``: a
                unified diff of the attached test's files with the locators that people chose, empty where they chose
                none.
        """
        return (await self._ask("GET", f"{_run(run_id)}/export", query={"format": format})).decode()

    # Steps

    async def steps(self, run_id: str) -> list[Step]:
        """Returns all steps so far, in order."""
        steps: list[Step] = []
        query: dict[str, str] = {}
        while True:
            page = await self._read(StepList, "GET", f"{_run(run_id)}/steps", query=query)
            steps += page.steps
            if page.next_cursor is None:
                return steps
            query = {"cursor": page.next_cursor}

    async def get_step(self, run_id: str, number: int) -> Step:
        """Returns one step; the first is number 1."""
        return (await self._read(SingleStep, "GET", f"{_run(run_id)}/steps/{number}")).step

    async def screenshot(self, run_id: str, number: int, *, before: bool = False) -> bytes:
        """Returns the page after that step, or before it, as JPEG."""
        query = {"before": "1"} if before else {}
        return await self._ask("GET", f"{_run(run_id)}/steps/{number}/screenshot", query=query)

    async def source(self, run_id: str, number: int) -> SourceExcerpt:
        """Returns the lines of an attached test around the call that this step is."""
        return await self._read(SourceExcerpt, "GET", f"{_run(run_id)}/steps/{number}/source")

    # What the page said

    async def console(self, run_id: str, *, step: int | None = None, since: int | None = None) -> ConsoleList:
        """Returns what the page logged and threw.

        Args:
            run_id: of the run.
            step: only what happened during this step; 0: before the first.
            since: only what has a higher number than this.
        """
        return await self._read(ConsoleList, "GET", f"{_run(run_id)}/console", query=_page_query(step, since))

    async def network(self, run_id: str, *, step: int | None = None, since: int | None = None) -> RequestList:
        """Returns the page's requests that are over; ``step`` and ``since`` as for `console`."""
        return await self._read(RequestList, "GET", f"{_run(run_id)}/network", query=_page_query(step, since))

    async def har(self, run_id: str, *, step: int | None = None, since: int | None = None) -> dict[str, Any]:
        """Returns the page's requests as HAR 1.2, without bodies; ``step`` and ``since`` as for `console`."""
        return await self._json("GET", f"{_run(run_id)}/har", query=_page_query(step, since))

    async def downloads(self, run_id: str, *, step: int | None = None) -> list[DownloadEntry]:
        """Returns what the page downloaded, or was kept from downloading; ``step`` as for `console`."""
        found = await self._read(DownloadList, "GET", f"{_run(run_id)}/downloads", query=_page_query(step, None))
        return list(found.entries)

    async def download(self, run_id: str, number: int) -> bytes:
        """Returns the content of the download of this number."""
        return await self._ask("GET", f"{_run(run_id)}/downloads/{number}")

    # Files

    async def trace(self, run_id: str, path: Path | str) -> None:
        """Writes the run's trace, once the run is over, to ``path``: a zip for Playwright's trace viewer.

        Raises OSError where that cannot be written.
        """
        await self._save(f"{_run(run_id)}/trace", Path(path))

    async def recording(self, run_id: str, path: Path | str) -> None:
        """Writes the recording of the run's pictures so far to ``path``: an MP4 with a chapter for each step.

        Raises OSError where that cannot be written.
        """
        await self._save(f"{_run(run_id)}/recording", Path(path))

    # Commands

    async def pause(self, run_id: str) -> RunStatus:
        """Pauses the run: nothing new is dispatched. Returns its status by then."""
        return await self._verb(run_id, "pause")

    async def resume(self, run_id: str) -> RunStatus:
        """Lets a paused run go on. Returns its status by then."""
        return await self._verb(run_id, "resume")

    async def step(self, run_id: str) -> RunStatus:
        """Lets a run do exactly one step, and pauses it. Returns its status by then."""
        return await self._verb(run_id, "step")

    async def cancel(self, run_id: str) -> RunStatus:
        """Ends the run. Returns its status by then."""
        return await self._verb(run_id, "cancel")

    async def override(self, run_id: str, action: Action | Mapping[str, Any], *, place: Place = "instead") -> RunStatus:
        """Has ``action`` done in place of the next step, or before it. Returns the run's status by then.

        An expectation is not replaced by something else: that is done before it.
        """
        return await self._verb(run_id, "override-step", {"action": _body(action), "place": place})

    async def update_instructions(self, run_id: str, instructions: str) -> RunStatus:
        """Changes what the planner works from while the run goes on. Returns the run's status by then."""
        return await self._verb(run_id, "update-instructions", {"instructions": instructions})

    async def set_breakpoint(self, run_id: str, index: int, *, on: bool = True) -> RunStatus:
        """Has the run pause before an entry of its plan (`PlannedStep.index`), or no longer. Returns its status."""
        return await self._verb(run_id, "breakpoints", {"index": index, "on": on})

    async def run_to(self, run_id: str, index: int) -> RunStatus:
        """Lets the run go on to an entry of its plan, and pauses it before that once. Returns its status by then."""
        return await self._verb(run_id, "run-to", {"index": index})

    async def send(self, run_id: str, command: Mapping[str, Any]) -> dict[str, Any]:
        """Sends any control message of docs/protocol.md, such as ``{"type": "skip_step"}``; returns its reply."""
        return await self._json("POST", f"{_run(run_id)}/commands", dict(command), query={"client": self._viewer})

    # Watching

    async def stream(self, run_id: str) -> StreamInfo:
        """Returns where the run's pictures and events are."""
        return await self._read(StreamInfo, "GET", f"{_run(run_id)}/stream", query={"client": self._viewer})

    def watch_url(self, run_id: str) -> str:
        """Returns the address of the watch page, with this client's own credential: for nobody else's eyes."""
        page = self._base / "runs" / run_id
        return str(page.with_query(token=self._key) if self._key else page)

    async def keep_secret(self, run_id: str, name: str) -> None:
        """Makes a secret of the run of a password that was typed by hand (``{{secret:NAME}}`` in its step)."""
        await self._ask("POST", f"{_run(run_id)}/secrets", {"name": name})

    async def share(
        self, run_id: str, *, role: Literal["viewer", "controller"] = "viewer", ttl_seconds: int = 3600
    ) -> ShareToken:
        """Makes a link to the run that others may have."""
        return await self._read(ShareToken, "POST", f"{_run(run_id)}/tokens", {"role": role, "ttlSeconds": ttl_seconds})

    async def share_links(self, run_id: str) -> list[SharedLink]:
        """Returns the links that live, newest first; their tokens are known to those alone who were given them."""
        return list((await self._read(SharedLinkList, "GET", f"{_run(run_id)}/tokens")).tokens)

    async def revoke(self, run_id: str, token_id: str) -> None:
        """Revokes a link (`ShareToken.id`) at once; its open connections are cut."""
        await self._ask("DELETE", f"{_run(run_id)}/tokens/{token_id}")

    async def audit(self, run_id: str | None = None) -> list[NumberedAuditEntry]:
        """Returns who did what to the run, oldest first; without a run to all of the owner's, removed ones included."""
        path = "api/audit" if run_id is None else f"{_run(run_id)}/audit"
        found: list[NumberedAuditEntry] = []
        cursor: str | None = None
        while True:
            page = await self._read(AuditPage, "GET", path, query={"cursor": cursor} if cursor else {})
            found += page.entries
            cursor = page.next_cursor
            if cursor is None:
                return found

    async def follow(self, run_id: str, *, since: int | None = None) -> AsyncIterator[Message]:
        """Yields every message of the run until it is finished, each once, over broken connections too.

        The first is a ``hello`` with the whole run, unless ``since``, the number of the last message that is known
        already, lets the server go on from there.
        """
        seq, failures = since, 0
        while failures <= self._reconnects:
            try:
                async for message in self._messages(run_id, since=seq):
                    failures, seq = 0, max(seq or 0, message.seq)
                    yield message
                    if message.last:
                        return
            except aiohttp.WSServerHandshakeError as error:
                if error.status < 500:
                    reason = {"detail": f"the server refused to show the run: HTTP {error.status}"}
                    raise refusal(error.status, reason) from None
            except (aiohttp.ClientError, OSError):
                pass
            failures += 1
            await asyncio.sleep(min(0.1 * 2**failures, _SLOWEST_RECONNECT_SECONDS))
        raise ServerUnreachable(f"the connection to {self._base} was lost and did not come back")

    async def _messages(self, run_id: str, *, since: int | None) -> AsyncIterator[Message]:
        query = {"runId": run_id, "client": self._viewer} | ({"since": str(since)} if since is not None else {})
        url = (self._base / "ws/test-control").with_query(query)
        async with self._http.ws_connect(url, heartbeat=20) as socket:
            async for received in socket:
                if received.type is aiohttp.WSMsgType.TEXT:
                    data = received.json()
                    yield Message(run_id, int(data["seq"]), str(data["type"]), data)

    # Attached tests

    async def attach(self, session: NewAttachSession | Mapping[str, Any]) -> AttachSessionInfo:
        """Opens an endpoint for somebody's own tests, on the server's loopback.

        Args:
            session: the body of ``POST /api/attach``, as a model or as its JSON object (camelCase).
        """
        return await self._read(AttachSessionInfo, "POST", "api/attach", _body(session))

    async def attach_session(self, session_id: str) -> AttachSessionInfo:
        """Returns the attach session as it stands."""
        return await self._read(AttachSessionInfo, "GET", f"api/attach/{session_id}")

    async def end_attach(self, session_id: str) -> None:
        """Ends the endpoint, its browsers and its unfinished runs; safe to repeat."""
        await self._ask("DELETE", f"api/attach/{session_id}")

    # Requests

    async def _verb(self, run_id: str, verb: str, body: dict[str, Any] | None = None) -> RunStatus:
        path = f"{_run(run_id)}/{verb}"
        return (await self._read(CommandAccepted, "POST", path, body, query={"client": self._viewer})).status

    async def _read(
        self,
        model: type[ModelT],
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> ModelT:
        try:
            return model.model_validate_json(await self._ask(method, path, body, query=query))
        except ValidationError:
            raise self._unexpected() from None

    async def _json(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            return _OBJECT.validate_json(await self._ask(method, path, body, query=query))
        except ValidationError:
            raise self._unexpected() from None

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, query: Mapping[str, str] | None = None
    ) -> bytes:
        url = self._base.joinpath(path).with_query(query)
        try:
            async with self._http.request(method, url, json=body) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from None
        if answer.ok:
            return content
        raise _refused(answer, content)

    async def _save(self, path: str, file: Path) -> None:
        """Writes what is answered to a file, which is there whole or not at all."""
        part = file.with_name(f"{file.name}.part")
        try:
            with part.open("wb") as target:
                async with aclosing(self._chunks(path)) as chunks:
                    async for chunk in chunks:
                        await asyncio.to_thread(target.write, chunk)
            part.replace(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    async def _chunks(self, path: str) -> AsyncGenerator[bytes, None]:
        timeout = aiohttp.ClientTimeout(total=None, sock_read=self._timeout)
        try:
            async with self._http.get(self._base.joinpath(path), timeout=timeout) as answer:
                if not answer.ok:
                    raise _refused(answer, await answer.read())
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> ServerUnreachable:
        # A time-out has no text of its own.
        reason = str(error) or "it does not answer"
        return ServerUnreachable(f"cannot reach {self._base}: {reason}; is 'jumpseat serve' running there?")

    def _unexpected(self) -> UnexpectedAnswer:
        return UnexpectedAnswer(f"{self._base} does not answer as a jumpseat server of this version does")


_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def _refused(answer: aiohttp.ClientResponse, content: bytes) -> RequestRefused:
    return refusal(answer.status, _problem(content), retry_after=answer.headers.get("Retry-After"))


def _problem(content: bytes) -> dict[str, Any]:
    """The problem document, or nothing where a proxy has answered with something else."""
    try:
        return _OBJECT.validate_json(content)
    except ValidationError:
        return {}


def _body(given: Shape | Mapping[str, Any]) -> dict[str, Any]:
    return given.model_dump(mode="json", by_alias=True, exclude_unset=True) if isinstance(given, Shape) else dict(given)


def _run(run_id: str) -> str:
    return f"api/tests/{run_id}"


def _page_query(step: int | None, since: int | None) -> dict[str, str]:
    given = {"step": step, "since": since}
    return {name: str(value) for name, value in given.items() if value is not None}


def _address(server: str) -> URL:
    try:
        address = URL(server)
    except ValueError:
        address = URL()
    if address.scheme not in {"http", "https"} or not address.host:
        # What follows may be a key.
        shown = server.partition("?")[0]
        raise InvalidAddress(f"{shown} is no address of a server: give one such as http://127.0.0.1:3001")
    return address
