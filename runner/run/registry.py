"""All runs of a server: those that are live, and those in the store. Implements signaling.ports.Runs."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

from control.errors import Busy, InvalidTransition, JumpseatError, NotFound, ProtocolError
from control.protocol.models import InstructionProblem, Locators, NewRun, PlannerName, RunView, SpecPlanner
from control.protocol.shape import utc_now
from control.protocol.wording import counted
from control.run_filter import EVERY_RUN, RunFilter
from media.aio import CloseOnce, TaskSet, cancel_and_wait
from runner.driver import Drivers
from runner.egress.policy import EgressPolicy
from runner.export.yaml_file import spec_file
from runner.planners.instruction_check import check_instructions, refuse_unclear
from runner.run.masking import Masking
from runner.run.options import SessionOptions
from runner.run.session import PlannerFactory, Session
from runner.selectors.locators import locators
from runner.store.finished_run import FinishedRun
from runner.store.rows import RunKey
from runner.store.store import Store, StoreErrors

logger = logging.getLogger(__name__)

AnySession = TypeVar("AnySession", bound=Session)

_KEPT = 32
"""Finished runs that stay live, so that viewers see their end and may come back for events that they missed."""

_CLOSE_SECONDS = 4.5
"""For runs to end by themselves when the server stops, and for one that is over and is to be removed."""


class RunRegistry:
    """Starts runs, finds them, and ends them."""

    def __init__(
        self,
        *,
        drivers: Drivers,
        store: Store,
        planner_factory: PlannerFactory,
        max_runs: int = 4,
        max_runs_per_owner: int | None = None,
        default_planner: PlannerName = "plain",
        policy: EgressPolicy | None = None,
        options: SessionOptions | None = None,
    ) -> None:
        """
        Args:
            drivers: opens browsers; whoever made it closes it, after this.
            store: whoever opened it closes it, after this.
            planner_factory: makes the planner of a run.
            max_runs: how many may be active at the same time.
            max_runs_per_owner: how many of these may be one owner's; None: all.
            default_planner: for a run that names none and has no ``steps``.
            policy: the egress policy, which says which start URLs are refused before a browser is started.
            options: how runs are carried out.
        """
        self._drivers = drivers
        self._store = store
        self._planner_factory = planner_factory
        self._max_runs = max_runs
        self._max_runs_per_owner = max_runs if max_runs_per_owner is None else max_runs_per_owner
        self._active_by_owner: Counter[str] = Counter()
        self._default_planner = default_planner
        self._egress_policy = policy or EgressPolicy()
        self._options = options or SessionOptions()
        self._on_started: Callable[[Session], None] = lambda _: None
        self.on_ended: Callable[[], None] = lambda: None
        """Called after each run that has ended; must neither wait nor raise."""
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._creating = TaskSet(logger, expected=JumpseatError)
        self._creations: dict[str, asyncio.Task[None]] = {}
        self._close_once = CloseOnce(self._close)

    @property
    def active(self) -> int:
        """Returns how many runs are active or about to be."""
        return len(self._tasks) + len(self._creating)

    def follow(self, on_started: Callable[[Session], None]) -> None:
        """Has it called with each run that is active, and with each that will be; it must neither wait nor raise."""
        self._on_started = on_started
        for run_id in self._tasks:
            on_started(self._sessions[run_id])

    async def create(self, spec: NewRun, *, owner: str) -> Session:
        """Starts a run; it is in the store when this returns.

        Raises ProtocolError for a start URL that pages may not reach and for sentences that the plain planner does not
        understand, Busy, or Refused for a planner not to be had.
        """
        if refusal := self._egress_policy.refusal_of_url(spec.url):
            raise ProtocolError(refusal, field="url")
        self._refuse_too_many(spec)
        if spec.pause_before is not None and self._planner_of(spec) == "model":
            raise ProtocolError("the model planner plans one step at a time: leave this out", field="pauseBefore")
        if self._planner_of(spec) == "plain":
            await refuse_unclear(spec.instructions or "")
        self._refuse_when_full(owner)
        creating = self._create(session := self._session(spec, owner))
        # Shielded: a client that hangs up must not leave a run in the store that was never started.
        await asyncio.shield(creating)
        return session

    def locators(self, selector: str) -> Locators:
        """Fulfils ``signaling.ports.Runs``."""
        return locators(selector)

    async def check(self, instructions: str, *, planner: SpecPlanner | None) -> Sequence[InstructionProblem]:
        """Fulfils ``signaling.ports.Runs``."""
        if (planner or self._default_planner) == "model":
            return ()
        return await asyncio.to_thread(check_instructions, instructions)

    async def spec_file(self, spec: NewRun) -> str:
        """Fulfils ``signaling.ports.Runs``."""
        self._refuse_too_many(spec)
        if self._planner_of(spec) == "plain":
            await refuse_unclear(spec.instructions or "")
        masking = Masking(spec.secrets)
        return await asyncio.to_thread(spec_file, masking.spec(spec), masking.kept())

    def adopt(self, make: Callable[[], AnySession], *, owner: str) -> AnySession:
        """Makes and starts a run that a client outside has begun; its place in the store is taken meanwhile.

        Raises Busy, with nothing made, where no more runs may be active.
        """
        self._refuse_when_full(owner)
        session = make()
        self._create(session)
        return session

    async def get(self, run_id: str, *, with_steps: bool = True) -> Session | FinishedRun | None:
        """Returns the run; the view of a finished one has its steps where they are asked for."""
        session = await self._live(run_id)
        if session is not None:
            return session
        record = await self._store.get(run_id, steps=with_steps)
        if record is None:
            return None
        return FinishedRun(record, self._store, clock=self._options.clock or utc_now, exporter=self._options.exporter)

    async def list(
        self,
        *,
        owner: str,
        wanted: RunFilter = EVERY_RUN,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[list[RunView], str | None]:
        """Fulfils ``signaling.ports.Runs``."""
        records = await self._store.page(
            owner=owner,
            wanted=wanted,
            or_ids=tuple(self._sessions),
            older_than=_read_cursor(cursor) if cursor else None,
            limit=limit + 1 + len(self._sessions),
        )
        found = [(record.key, self._newest(record.view)) for record in records]
        matching = [(key, view) for key, view in found if wanted.matches(view)]
        page = matching[:limit]
        return [view for _, view in page], _cursor(page[-1][0]) if len(matching) > limit and page else None

    async def delete(self, run_id: str) -> None:
        """Removes a finished run and its files.

        Raises InvalidTransition while it is active, Busy while its end cannot be written, or NotFound.
        """
        session = await self._live(run_id)
        if session is not None and session.active:
            raise InvalidTransition("the run is active: cancel it first")
        if run_id in self._tasks:
            _, late = await asyncio.wait([self._tasks[run_id]], timeout=_CLOSE_SECONDS)
            if late:
                raise Busy("the end of this run could not be written yet: try again later")
        record = await self._store.get(run_id, steps=False)
        if record is None and not await self._store.has(run_id):
            raise NotFound("there is no such run")
        if record is not None and session is None and not record.view.status.final:
            raise InvalidTransition("the run is active at another server: cancel it there first")
        self._sessions.pop(run_id, None)
        await self._store.delete(run_id)

    async def aclose(self) -> None:
        """Cancels every run and waits until its browser is gone. Safe to repeat."""
        await self._close_once()

    def _refuse_when_full(self, owner: str) -> None:
        if self._close_once.started:
            raise Busy("the server is stopping")
        if self.active >= self._max_runs:
            active = f"{counted(self.active, 'run')} {'is' if self.active == 1 else 'are'} active"
            raise Busy(f"{active}, and no more than {self._max_runs} may be: try again later")
        of_owner = self._active_by_owner[owner]
        if of_owner >= self._max_runs_per_owner:
            yours = f"{counted(of_owner, 'run')} of yours {'is' if of_owner == 1 else 'are'} active"
            raise Busy(f"{yours}, and one owner may have {self._max_runs_per_owner}: try again once one has ended")

    def _refuse_too_many(self, spec: NewRun) -> None:
        count, most = len(spec.steps or ()), self._options.max_steps
        if count > most:
            raise ProtocolError(
                f"'steps' may have at most {counted(most, 'step')} on this server, not {count}", field="steps"
            )

    def _planner_of(self, spec: NewRun) -> PlannerName:
        return spec.planner or ("script" if spec.steps is not None else self._default_planner)

    def _session(self, spec: NewRun, owner: str) -> Session:
        return Session(
            spec,
            run_id=secrets.token_urlsafe(16),
            owner=owner,
            planner=self._planner_of(spec),
            planners=self._planner_factory,
            drivers=self._drivers,
            store=self._store,
            options=self._options,
        )

    def _create(self, session: Session) -> asyncio.Task[None]:
        """Starts to create the run; from now on it is one of its owner's active ones."""
        self._active_by_owner[session.owner] += 1
        creating = self._creating.spawn(self._begin(session), name=f"create {session.id}")
        self._creations[session.id] = creating
        creating.add_done_callback(lambda _: self._creations.pop(session.id))
        return creating

    async def _begin(self, session: Session) -> None:
        try:
            await self._store.add(session.record())
        except BaseException as error:
            self._leave(session.owner)
            if not isinstance(error, StoreErrors):
                raise
            logger.error("a run was refused: the store cannot be written: %s", error)
            raise Busy(f"no run can be started: {error}") from error
        self._start(session)

    async def _live(self, run_id: str) -> Session | None:
        """Returns the run where it is one of this process.

        Others find it in the store as soon as it is written there: until it has started they wait, for what the store
        has of it would never say more.
        """
        creating = self._creations.get(run_id)
        if creating is not None:
            await asyncio.wait([creating])
        return self._sessions.get(run_id)

    def _leave(self, owner: str) -> None:
        self._active_by_owner[owner] -= 1
        if not self._active_by_owner[owner]:
            del self._active_by_owner[owner]

    def _start(self, session: Session) -> None:
        if self._close_once.started:
            session.cancel()
        self._sessions[session.id] = session
        task = asyncio.create_task(session.run(), name=f"run {session.id}")
        self._tasks[session.id] = task
        task.add_done_callback(lambda _: self._ended(session))
        self._on_started(session)

    def _ended(self, session: Session) -> None:
        del self._tasks[session.id]
        self._leave(session.owner)
        self._sessions.move_to_end(session.id)
        finished = [run_id for run_id in self._sessions if run_id not in self._tasks]
        for run_id in finished[:-_KEPT]:
            del self._sessions[run_id]
        self.on_ended()

    def _newest(self, view: RunView) -> RunView:
        session = self._sessions.get(view.id)
        return session.view(with_steps=False) if session else view

    async def _close(self) -> None:
        await self._creating.join()
        tasks = list(self._tasks.values())
        for run_id in tuple(self._tasks):
            self._sessions[run_id].cancel()
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=_CLOSE_SECONDS)
        for task in late:
            logger.warning("%s did not end in time", task.get_name())
        await cancel_and_wait(*late)


def _cursor(key: RunKey) -> str:
    return base64.urlsafe_b64encode(f"{key.created_us}.{key.id}".encode()).decode().rstrip("=")


def _read_cursor(text: str) -> RunKey:
    try:
        created, dot, run_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(".")
        key = RunKey(int(created), run_id)
    except (ValueError, binascii.Error):
        dot, key = "", RunKey(0, "")
    if not dot or abs(key.created_us) >= 1 << 63:
        raise ProtocolError("'cursor' is not one that this server gave out: leave it out to start anew", field="cursor")
    return key
