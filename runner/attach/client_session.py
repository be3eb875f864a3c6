"""The session of an attached run: it follows a context of the client's browser instead of launching one."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from control.client_run import ClientRun
from control.protocol.models import AttachedRun, AttachedTest, NewRun, PlannerName, Step
from control.run import Run
from runner.attach.gate import Gate
from runner.attach.planner import CallPlanner
from runner.driver import BrowserGone, Driver, Drivers
from runner.run.options import SessionOptions
from runner.run.session import OpenPage, Session
from runner.selectors.describe import describe_action
from runner.store.store import Store

_GATHER_SECONDS = 1.0
"""A client's calls come fast: to write each one down by itself would take longer than to pass it on."""


class ClientSession(Session):
    """Carries an attached run; its steps come through a gate."""

    def __init__(
        self,
        spec: AttachedRun,
        gate: Gate,
        *,
        run_id: str,
        owner: str,
        drivers: Drivers,
        store: Store,
        options: SessionOptions,
        adopt: Callable[[], Awaitable[Driver]],
        attended_elsewhere: Callable[[], bool],
        inside: Callable[[], str | None],
        hosted: bool = True,
    ) -> None:
        """
        Args:
            spec: what is known of the client.
            gate: what the client's calls go through.
            run_id: the run's unguessable id.
            owner: whose attach session it is.
            drivers: not used: nothing is launched.
            store: where the run is kept.
            options: how runs are carried out.
            adopt: returns the driver of the client's context.
            attended_elsewhere: says whether somebody who may steer is at the page of the attach session.
            inside: returns the name of the test's step that the client is in.
            hosted: whether the browser is one of ours; one of the client's own ends whenever the client wants.
        """
        self._attended_elsewhere = attended_elsewhere
        self._adopt = adopt
        self._gate = gate
        self._hosted = hosted
        planner = CallPlanner(gate, inside)
        super().__init__(
            spec,
            run_id=run_id,
            owner=owner,
            planner="attached",
            planners=lambda _name, _spec: planner,
            drivers=drivers,
            store=store,
            options=replace(options, gather=_GATHER_SECONDS),
        )
        assert isinstance(self._run, ClientRun)
        self.client_run = self._run
        self.client_run.start()
        self.client_run.ready(None)
        planner.begin(self.client_run)
        gate.begin(self.client_run)
        gate.on_step = self._on_step
        gate.mask, gate.mask_text = self._masking.found_action, self._masking.text

    def identify(self, test: AttachedTest) -> None:
        """Notes which test the run belongs to."""
        self.client_run.identify(self._masking.shape(test))

    def conclude(self, error: str | None) -> None:
        """Ends the run as its client says: passed where there is no error."""
        self.client_run.conclude(self._masking.text(error) if error is not None else None)

    def _new_run(self, spec: NewRun, run_id: str, planner: PlannerName, *, looks_ahead: bool) -> Run:
        assert isinstance(spec, AttachedRun)
        return ClientRun(
            spec,
            run_id=run_id,
            new_id=lambda: secrets.token_urlsafe(16),
            describe=lambda action: self._masking.text(describe_action(action)),
            clock=self._clock,
            grace=self._options.grace,
            attended_elsewhere=self._attended_elsewhere,
        )

    async def _launch(self, parts: AsyncExitStack) -> Driver:
        driver = await self._adopt()
        parts.push_async_callback(self._close_driver, driver)
        return driver

    async def _open(self, driver: Driver) -> None:
        """Opens nothing: the client does."""

    def _browser_gone(self, error: BrowserGone) -> None:
        """Fails the run, but not where the client has closed what is gone: it still ends as its test does."""
        if self._hosted and not self._gate.closed:
            super()._browser_gone(error)

    def _on_step(self, step: Step) -> None:
        page: OpenPage | None = self._open_page
        if page is not None and (step.error is not None or self.viewers):
            page.screenshots.invalidate()
            page.screenshots.take_later(step.step_number)
