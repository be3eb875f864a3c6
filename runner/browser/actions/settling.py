"""The wait for what a page puts off when something is done to it, and the look at what came of it then."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import JSHandle, Locator

from runner.browser.actions.pending import PENDING
from runner.browser.actions.read_back import TURN, read_back

_PATIENCE_MS: Final = 1200
"""How long the page's timers and an answer of its server are waited for, and all that follows from them."""
_LOOK_MS: Final = 1000.0
_WATCH: Final = f"""() => {{ {PENDING}
  watchPending();
  const turn = async () => {{ {TURN} }};
  return {{ settled: async () => {{ await turn(); await settlePending({_PATIENCE_MS}); await turn(); }} }};
}}"""


class Settling:
    """Notices what the page of an element puts off from `begin` on: timers, and requests to its server."""

    def __init__(self, watch: JSHandle | None) -> None:
        self._watch = watch

    @classmethod
    async def begin(cls, locator: Locator) -> Settling:
        try:
            watch = await asyncio.wait_for(locator.evaluate_handle(_WATCH, timeout=_LOOK_MS), _LOOK_MS / 1000)
        except (PlaywrightError, TimeoutError):
            return cls(None)
        return cls(watch)

    async def wait(self) -> None:
        """Waits until nothing of that is left; a page that goes on for long is left to itself."""
        if self._watch is None:
            return
        try:
            settled = self._watch.evaluate("watch => watch.settled()")
            await asyncio.wait_for(settled, (_PATIENCE_MS + 2 * _LOOK_MS) / 1000)
        except (PlaywrightError, TimeoutError):
            return

    async def read_back(self, locator: Locator, script: str, argument: object = None) -> Any | None:  # noqa: ANN401
        """Returns what the script says of the element then; see `read_back.read_back`."""
        await self.wait()
        return await read_back(locator, script, argument)
