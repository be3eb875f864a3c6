"""Screenshots of the page before and after each step."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from control.protocol.shape import Clock
from control.run import Run
from runner.driver import Driver
from runner.log import RunLog, ThrottledWarnings
from runner.run.curtain import PageCurtain
from runner.store.store import Store

_TIMEOUT = 5.0
"""Seconds that a screenshot may take."""

_FRESH = timedelta(seconds=1)
"""How long a screenshot stands for a page that has reported no change."""

_QUIET = 0.25
"""Seconds from what a person does to its picture: typing makes one picture, not one for each key."""


class Screenshots:
    """Takes and stores screenshots; one that fails is left out, and nothing else changes."""

    def __init__(
        self, run: Run, driver: Driver, store: Store, clock: Clock, logger: RunLog, *, curtain: PageCurtain
    ) -> None:
        self._run = run
        self._curtain = curtain
        self._driver = driver
        self._store = store
        self._clock = clock
        self._warnings = ThrottledWarnings(
            lambda warning: logger.warning("%s", warning), more="{} more screenshots are missing"
        )
        self._newest: bytes | None = None
        self._taken_at: datetime | None = None
        self._kept = 0
        """Counts the pictures kept: one that is taken again has another address, which no cache has seen."""
        self._waiting: set[int] = set()
        self._asked = asyncio.Event()
        self._hurry = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    def invalidate(self) -> None:
        """Forgets the newest screenshot: the page may look different from now on."""
        self._newest = None

    async def before(self, number: int) -> str | None:
        """Returns the URL of the page as the step finds it: the last picture where it still holds, else a new one."""
        await self.settle()
        picture = self._newest
        if picture is None or self._taken_at is None or self._clock() - self._taken_at > _FRESH:
            picture = await self._take()
        return await self._keep(number, picture, before=True)

    async def after(self, number: int) -> str | None:
        """Returns the URL of the page as the step leaves it."""
        return await self._keep(number, await self._take())

    def take_later(self, number: int) -> None:
        """Has the picture after a step taken in the background; the step is published again with it."""
        self._waiting.add(number)
        self._settled.clear()
        self._asked.set()

    async def settle(self) -> None:
        """Waits for the pictures that were asked for by ``take_later``, which are taken at once."""
        self._hurry.set()
        await self._settled.wait()
        self._hurry.clear()

    async def work(self) -> None:
        """Takes what ``take_later`` asked for, until it is cancelled."""
        while True:
            await self._asked.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), _QUIET)
            self._asked.clear()
            waiting, self._waiting = self._waiting, set()
            picture = await self._take()
            for number in sorted(waiting):
                if url := await self._keep(number, picture):
                    self._run.amend_step(number, screenshot_url=url)
            if not self._waiting:
                self._settled.set()

    def end(self) -> None:
        """Logs how many are missing; no more are taken."""
        self._warnings.end()

    async def _take(self) -> bytes | None:
        self._newest = None
        if self._curtain.still is not None:
            return self._curtain.still
        try:
            async with asyncio.timeout(_TIMEOUT):
                picture = await self._driver.screenshot()
        except Exception as error:  # whatever it is, it must not reach the step
            self._warnings.warn(f"no screenshot: {str(error) or f'it took more than {_TIMEOUT:g} s'}")
            return None
        if self._curtain.still is not None:  # closed meanwhile
            return self._curtain.still
        self._newest, self._taken_at = picture, self._clock()
        return picture

    async def _keep(self, number: int, picture: bytes | None, *, before: bool = False) -> str | None:
        """Returns where the API serves it, or None where there is none."""
        if picture is None:
            return None
        try:
            await self._store.save_screenshot(self._run.id, number, picture, before=before)
        except OSError as error:
            self._warnings.warn(f"a screenshot could not be written: {error}")
            return None
        self._kept += 1
        which = "before=1&" if before else ""
        return f"/api/tests/{self._run.id}/steps/{number}/screenshot?{which}v={self._kept}"
