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
from runner.browser.human.elements import TargetElement, element_at
from runner.browser.locate import finds_only, still_hit

_REST_SECONDS = 0.05
"""A pointer that is on its way comes by much that nobody will press."""
_LOOK_SECONDS = 3.0
_PATIENCE_SECONDS = 0.03
"""One round trip takes a third of this where the machine has time."""
_FRESH_SECONDS = 2.0
"""A look that is older is not believed without an answer, and its selector is tried again."""
_STATELESS = frozenset({"text", "other"})
"""Kinds that are recognised by the press alone, and not by what they held before it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    target: TargetElement
    at: float
    """On the monotonic clock."""

    @property
    def credible(self) -> bool:
        was = self.target.was
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

    async def looked(self) -> TargetElement | None:
        """Waits for the look ahead and gives what it saw, if anything."""
        seen = await self._ahead.seen() if self._ahead is not None else None
        return seen.target if seen is not None else None

    async def element_at(self, page: Page, x: float, y: float) -> TargetElement | None:
        """As `runner.browser.human.elements.element_at`, and sooner where the pointer has rested here."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead.place != (page, x, y):
            if ahead is not None:
                self._forget(ahead)
            return await element_at(page, x, y)
        seen = await ahead.seen()
        target = await self._confirmed(page, seen) if seen is not None else None
        if target is None:
            self._forget(ahead)
        return target or await element_at(page, x, y)

    async def _confirmed(self, page: Page, seen: _Seen) -> TargetElement | None:
        """The target as it is now; None where it is no more what was seen, as far as the page says so in time."""
        target, credible = seen.target, seen.credible
        checks = [self._background.spawn(check) for check in _checks(page, target, thorough=not credible)]
        now = self._background.spawn(target.now())
        done, late = await asyncio.wait([now, *checks], timeout=self._patience if credible else _LOOK_SECONDS)
        for check in late:
            check.cancel()
        if any(check.exception() or not check.result() for check in done) or (late and not credible):
            return None
        if now not in done:
            return target
        return replace(target, was=now.result()) if now.result().looks == target.was.looks else None


def _checks(page: Page, target: TargetElement, *, thorough: bool) -> Iterator[Coroutine[Any, Any, bool]]:
    """A selector that was made a moment ago for an element that looks the same is not tried again."""
    if target.found is not None:
        yield still_hit(target.found, target.handle)
    if thorough:
        yield finds_only(page, target.selector, target.handle)


async def _dispose(looking: asyncio.Task[_Seen | None]) -> None:
    if (seen := await looking) is not None:
        await seen.target.dispose()


async def _look(page: Page, x: float, y: float, wanted: asyncio.Event, begun: asyncio.Event) -> _Seen | None:
    with suppress(TimeoutError):
        await asyncio.wait_for(wanted.wait(), _REST_SECONDS)
    begun.set()
    with suppress(PlaywrightError, TimeoutError):
        target = await asyncio.wait_for(element_at(page, x, y), _LOOK_SECONDS)
        return _Seen(target, time.monotonic()) if target is not None else None
    return None
