"""One attach session: an endpoint on loopback that clients connect to, and the runs that come of it."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, web
from pydantic import ValidationError

from control.errors import Busy
from control.protocol.attach import AttachSessionView, NewAttachSession
from control.protocol.models import AttachedClient, AttachedRun, AttachedTest, SessionRef
from media.aio import CloseOnce, TaskSet
from runner.attach.client_headers import OLDEST, ClientAgent, ClientBrowser, LaunchWish
from runner.attach.client_session import ClientSession as AttachedSession
from runner.attach.connection import ClientConnection, connect
from runner.attach.followed_browser import FollowedBrowser
from runner.attach.gate import Gate
from runner.attach.hosted_browser import HostedBrowser
from runner.attach.page_driver import ClientPageDriver
from runner.attach.reservation import EndpointReservation
from runner.attach.worker import FollowedRun, Worker
from runner.browser.launch import PlaywrightDrivers
from runner.driver import StepFailed
from runner.run.options import SessionOptions
from runner.run.registry import RunRegistry
from runner.store.store import Store

logger = logging.getLogger(__name__)

_PRESENT_SECONDS = 15.0
_LONGEST_STEP_MS = 600_000
_LONGEST_ERROR = 4000
_MOST_NOTES = 100
_LARGEST_REPORT = 256 * 1024

AnyBrowser = HostedBrowser | FollowedBrowser


@dataclass(frozen=True, slots=True)
class AttachSettings:
    """Holds what all attach sessions of a server share."""

    drivers: PlaywrightDrivers
    store: Store
    registry: RunRegistry
    options: SessionOptions
    uploads: Path | None = None


class AttachSession:
    """Listens for clients of one command, and makes a run of each context that they open."""

    def __init__(
        self,
        ref: SessionRef,
        wanted: NewAttachSession,
        *,
        owner: str,
        settings: AttachSettings,
        endpoint: EndpointReservation,
    ) -> None:
        self.ref = ref
        self.owner = owner
        self.endpoint = endpoint.address
        """The address for clients: whoever knows it can run code."""
        self._reserved = endpoint
        self.notes: list[str] = []
        """What the client's hooks had to say."""
        self._wanted = wanted
        self._settings = settings
        self._runner: web.AppRunner | None = None
        self._workers: dict[str, Worker] = defaultdict(Worker)
        self._open: dict[str, tuple[FollowedRun, Worker]] = {}
        self._runs: list[AttachedSession] = []
        self._count = 0
        self._attended_until = 0.0
        self._ending = TaskSet(logger)
        self._connections: set[asyncio.Task[Any]] = set()
        self._close_once = CloseOnce(self._close)

    async def start(self) -> None:
        """Begins to accept clients."""
        app, token = web.Application(client_max_size=_LARGEST_REPORT), self._reserved.token
        app.router.add_get(f"/{token}", self._accept)
        app.router.add_get(f"/{token}/attended", self._say_attended)
        app.router.add_post(f"/{token}/report", self._take_report)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.SockSite(self._runner, self._reserved.socket).start()

    @property
    def attended(self) -> bool:
        """True while somebody who may steer is connected to one of the runs, or is at the session's page."""
        return self._is_present() or any(run.client_run.viewers.controllers for run in self._runs if run.active)

    def attend(self) -> None:
        """Counts somebody as present at the session's page for a while."""
        self._attended_until = asyncio.get_running_loop().time() + _PRESENT_SECONDS

    def view(self) -> AttachSessionView:
        """Returns the session as its owner sees it."""
        return AttachSessionView(
            session=self.ref,
            endpoint=self.endpoint,
            attended=self.attended,
            runs=self._count,
            review=self._wanted.review,
            notes=tuple(self.notes),
        )

    async def aclose(self) -> None:
        """Ends the endpoint, its browsers and its unfinished runs. Safe to repeat."""
        await self._close_once()

    def _is_present(self) -> bool:
        return asyncio.get_running_loop().time() < self._attended_until

    # Clients

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        """Serves one client of Playwright until it leaves."""
        agent, own = ClientAgent.read(request.headers), ClientBrowser.read(request.headers)
        if agent is None:
            return web.Response(status=428, text="jumpseat: only clients of Playwright can connect here")
        if own is None and not agent.is_served:
            return web.Response(status=428, text=_too_old(agent))
        try:
            browser = await (self._host(LaunchWish.read(request.headers)) if own is None else self._follow(own))
        except StepFailed as error:
            return web.Response(status=400, text=f"jumpseat: {error}")
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
        try:
            return await self._serve(request, browser, agent.client)
        finally:
            if task is not None:
                self._connections.discard(task)
            await asyncio.shield(self._ending.spawn(browser.aclose()))

    async def _host(self, wish: LaunchWish) -> HostedBrowser:
        proxy: Any = dict(wish.proxy) if wish.proxy else None
        browser, endpoint, end = await self._settings.drivers.host(
            wish.kind, args=wish.args, slow_mo=wish.slow_mo, proxy=proxy
        )
        return HostedBrowser(browser, endpoint, end=end, watch=self._settings.drivers.shares.watch)

    async def _follow(self, own: ClientBrowser) -> FollowedBrowser:
        return FollowedBrowser(await self._settings.drivers.follow(own.cdp_port), own.endpoint)

    async def _serve(self, request: web.Request, browser: AnyBrowser, client: AttachedClient) -> web.StreamResponse:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower().startswith("x-playwright-") or name.lower() == "user-agent"
        }
        worker = self._workers[request.headers.get("x-jumpseat-worker", "")]
        async with ClientSession() as http:
            try:
                server = await connect(http, browser.endpoint, headers)
            except (ClientError, OSError) as error:
                return web.Response(status=502, text=f"jumpseat: its own browser does not answer: {error}")
            socket = web.WebSocketResponse(compress=False, max_msg_size=0)
            await socket.prepare(request)
            connection = ClientConnection(
                socket,
                server,
                on_context=lambda guid, gate: self._begin_run(guid, gate, browser, worker, client),
                on_context_closed=self._context_closed,
                on_target=browser.on_target if isinstance(browser, FollowedBrowser) else None,
            )
            try:
                await connection.run()
            finally:
                await server.close()
                await socket.close()
        return socket

    # Runs

    def _begin_run(self, guid: str, gate: Gate, browser: AnyBrowser, worker: Worker, client: AttachedClient) -> None:
        """Makes a run of a context; where no more runs may be active, it goes on without one."""
        settings = self._settings
        gate.has_secrets = bool(self._wanted.secrets)

        async def adopt() -> ClientPageDriver:
            driver = await browser.driver(
                guid,
                gate,
                viewport=settings.options.size,
                uploads=settings.uploads,
                max_picture=settings.options.size,
            )
            await driver.prepare()
            return driver

        def make() -> AttachedSession:
            return AttachedSession(
                self._spec(worker.test, client),
                gate,
                run_id=secrets.token_urlsafe(16),
                owner=self.owner,
                drivers=settings.drivers,
                store=settings.store,
                options=settings.options,
                adopt=adopt,
                attended_elsewhere=self._is_present,
                inside=lambda: worker.inside,
                hosted=isinstance(browser, HostedBrowser),
            )

        try:
            session = settings.registry.adopt(make, owner=self.owner)
        except Busy as error:
            gate.detach()
            logger.warning("a client's context goes on unwatched: %s", error)
            return
        self._count += 1
        self._runs = [*(run for run in self._runs if run.active), session]
        self._open[guid] = (worker.follow(session, gate), worker)

    def _spec(self, test: AttachedTest | None, client: AttachedClient) -> AttachedRun:
        wanted = self._wanted
        return AttachedRun(
            name=((test.title if test else None) or self.ref.name)[:200],
            mode="review" if wanted.review else "auto",
            secrets=wanted.secrets,
            step_timeout_ms=_LONGEST_STEP_MS,
            help_timeout_ms=wanted.help_timeout_ms,
            client=client,
            test=test,
            session=self.ref,
        )

    def _context_closed(self, guid: str) -> None:
        found = self._open.pop(guid, None)
        if found is not None:
            run, worker = found
            self._ending.spawn(worker.conclude(run))

    # What the client's hooks report

    async def _say_attended(self, _: web.Request) -> web.Response:
        return web.json_response({"attended": self.attended, "review": self._wanted.review})

    async def _take_report(self, request: web.Request) -> web.Response:
        try:
            report = json.loads(await request.text())
            self._report(report)
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
            return web.Response(status=400, text="this is no report of jumpseat's hooks: see docs/attach.md")
        return web.Response(status=204)

    def _report(self, report: Mapping[str, Any]) -> None:
        worker = self._workers[str(report.get("worker") or "")]
        handle: dict[str, Callable[[], None]] = {
            "testBegin": lambda: worker.begin_test(AttachedTest.model_validate(report["test"])),
            "testEnd": lambda: worker.end_test(failed=report["status"] == "failed", error=_error(report.get("error"))),
            "stepBegin": lambda: worker.begin_step(str(report["title"])),
            "stepEnd": worker.end_step,
            "note": lambda: self._note(str(report["text"])[:_LONGEST_ERROR]),
        }
        handle[report["event"]]()

    def _note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < _MOST_NOTES:
            self.notes.append(text)

    # Its end

    async def _close(self) -> None:
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        for worker in self._workers.values():
            worker.hurry()
        await self._ending.join(5.0)
        await self._ending.aclose()


def _too_old(agent: ClientAgent) -> str:
    found, oldest = (".".join(map(str, numbers)) for numbers in (agent.numbers, OLDEST))
    return (
        f"jumpseat: Playwright {found} cannot be attached to by itself, {oldest} and newer can: update it, "
        "or run the tests by 'jumpseat attach -- COMMAND'"
    )


def _error(given: object) -> str | None:
    return str(given)[:_LONGEST_ERROR] if given else None
