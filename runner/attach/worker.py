"""What is known of one parallel worker of a test runner: the test that it is in, and the runs that belong to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from control.protocol.models import AttachedTest
from runner.attach.client_session import ClientSession
from runner.attach.gate import Gate

_OUTCOME_SECONDS = 10.0
"""How long a run whose context is closed waits to be told how its test has ended."""


@dataclass(eq=False, slots=True)
class FollowedRun:
    """A run of the worker, from its context's opening until its test is over."""

    session: ClientSession
    gate: Gate
    in_test: bool
    error: str | None = None
    """Why a test that it was used in has failed."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it is known how its test has ended."""


class Worker:
    """Matches the runs of one worker with its tests, which are reported beside the connection."""

    def __init__(self) -> None:
        self.test: AttachedTest | None = None
        self._runs: list[FollowedRun] = []
        self._inside: list[str] = []

    @property
    def inside(self) -> str | None:
        """Returns the name of the test's step that it is in."""
        return self._inside[-1] if self._inside else None

    def begin_test(self, test: AttachedTest) -> None:
        """Notes that the worker has begun a test; contexts that are still open are used in it, too."""
        self.test = test
        self._inside.clear()
        for run in self._runs:
            if run.gate.closed:
                run.ended.set()
            else:
                run.in_test = True
                run.ended.clear()
                run.session.identify(test)

    def end_test(self, *, failed: bool, error: str | None) -> None:
        """Notes how the current test has ended."""
        for run in self._runs:
            if failed:
                run.error = error or "the test has failed"
            run.ended.set()

    def begin_step(self, title: str) -> None:
        self._inside.append(title)

    def end_step(self) -> None:
        if self._inside:
            self._inside.pop()

    def follow(self, session: ClientSession, gate: Gate) -> FollowedRun:
        """Counts a run as used in the current test."""
        run = FollowedRun(session, gate, in_test=self.test is not None)
        self._runs.append(run)
        return run

    async def conclude(self, run: FollowedRun) -> None:
        """Ends a run whose context is closed: as its test has ended, else as its last call has."""
        if run.in_test:
            try:
                await asyncio.wait_for(run.ended.wait(), _OUTCOME_SECONDS)
            except TimeoutError:
                run.error = run.gate.last_error
        else:
            run.error = run.gate.last_error
        if run in self._runs:
            self._runs.remove(run)
        run.session.conclude(run.error)

    def hurry(self) -> None:
        """Has every run end now: nothing more will be reported."""
        for run in self._runs:
            run.ended.set()
