"""Looks ahead at what the pointer rests on, so that a press on it need not wait for a selector."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from media.aio import TaskSet
from runner.browser.human.elements import Spot, spot_at
from runner.browser.locate import finds_only, still_hit

_REST_SECONDS = 0.05
"""A pointer that is on its way comes by much that nobody will press."""
_LOOK_SECONDS = 3.0
_PATIENCE_SECONDS = 0.03
"""One round trip takes a third of this where the machine has time."""
_FRESH_SECONDS = 2.0
"""A look that is older is not believed without an answer, and its selector is tried again."""
_STATELESS = frozenset({"text", "other"})
"""Kinds that are told by the press alone, and not by what they held before it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    spot: Spot
    at: float
    """On the monotonic clock."""

    @property
    def credible(self) -> bool:
        was = self.spot.was
        return time.monotonic() - self.at < _FRESH_SECONDS and was.kind in _STATELESS and not was.range


@dataclass(frozen=True, slots=True)
class _Ahead:
    place: tuple[Page, float, float]
    wanted: asyncio.Event
    begun: asyncio.Event
    """The look has begun, and is let come to its end: what it holds in the page must be given back."""
    looking: asyncio.Task[_Seen | None]

    async def seen(self) -> _Seen | None:
        self.wanted.set()
        return await self.looking


class Hover:
    """One look ahead at most: at the place where the pointer was last.

    A press waits ``patience`` seconds for the page to say that what was seen is there yet; if it does not answer, what
    was seen a moment ago is believed.
    """

    def __init__(self, background: TaskSet, *, patience: float = _PATIENCE_SECONDS) -> None:
        self._background = background
        self._patience = patience
        self._ahead: _Ahead | None = None

    def rest(self, page: Page, x: float, y: float) -> None:
        """The pointer is here now, and no button is down."""
        self.leave()
        wanted, begun = asyncio.Event(), asyncio.Event()
        looking = self._background.spawn(_look(page, x, y, wanted, begun))
        self._ahead = _Ahead((page, x, y), wanted, begun, looking)

    def leave(self) -> None:
        """What was seen counts no more."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self._forget(ahead)

    def _forget(self, ahead: _Ahead) -> None:
        if ahead.begun.is_set():
            self._background.spawn(_dispose(ahead.looking))
        else:
            ahead.looking.cancel()

    async def looked(self) -> Spot | None:
        """Waits for the look ahead and gives what it saw, if anything."""
        seen = await self._ahead.seen() if self._ahead is not None else None
        return seen.spot if seen is not None else None

    async def spot_at(self, page: Page, x: float, y: float) -> Spot | None:
        """As `runner.browser.human.elements.spot_at`, and sooner where the pointer has rested here."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead.place != (page, x, y):
            if ahead is not None:
                self._forget(ahead)
            return await spot_at(page, x, y)
        seen = await ahead.seen()
        spot = await self._confirmed(page, seen) if seen is not None else None
        if spot is None:
            self._forget(ahead)
        return spot or await spot_at(page, x, y)

    async def _confirmed(self, page: Page, seen: _Seen) -> Spot | None:
        """The spot as it is now; None where it is no more what was seen, as far as the page says so in time."""
        spot, credible = seen.spot, seen.credible
        checks = [self._background.spawn(check) for check in _checks(page, spot, thorough=not credible)]
        now = self._background.spawn(spot.now())
        done, late = await asyncio.wait([now, *checks], timeout=self._patience if credible else _LOOK_SECONDS)
        for check in late:
            check.cancel()
        if any(check.exception() or not check.result() for check in done) or (late and not credible):
            return None
        if now not in done:
            return spot
        return replace(spot, was=now.result()) if now.result().looks == spot.was.looks else None


def _checks(page: Page, spot: Spot, *, thorough: bool) -> Iterator[Coroutine[Any, Any, bool]]:
    """A selector that was made a moment ago for an element that looks the same is not tried again."""
    if spot.found is not None:
        yield still_hit(spot.found, spot.handle)
    if thorough:
        yield finds_only(page, spot.selector, spot.handle)


async def _dispose(looking: asyncio.Task[_Seen | None]) -> None:
    if (seen := await looking) is not None:
        await seen.spot.dispose()


async def _look(page: Page, x: float, y: float, wanted: asyncio.Event, begun: asyncio.Event) -> _Seen | None:
    with suppress(TimeoutError):
        await asyncio.wait_for(wanted.wait(), _REST_SECONDS)
    begun.set()
    with suppress(PlaywrightError, TimeoutError):
        spot = await asyncio.wait_for(spot_at(page, x, y), _LOOK_SECONDS)
        return _Seen(spot, time.monotonic()) if spot is not None else None
    return None
