"""The sessions of Chromium's own protocol, one for each page."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from weakref import WeakKeyDictionary

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError

_LOOK_SECONDS: Final = 2.0


class DevTools:
    """Keeps a session for each page that was asked for one."""

    def __init__(self) -> None:
        self._sessions: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()

    async def session(self, page: Page) -> CDPSession:
        """Returns the page's session. Raises PlaywrightError in browsers that have none."""
        if page not in self._sessions:
            self._sessions[page] = await page.context.new_cdp_session(page)
        return self._sessions[page]

    async def evaluate(self, page: Page, expression: str) -> Any | None:  # noqa: ANN401 - whatever the page answers
        """Returns what an expression is that may use the console's functions; None where that cannot be found out.

        A promise is waited for.
        """
        asked = {
            "expression": expression,
            "includeCommandLineAPI": True,
            "returnByValue": True,
            "awaitPromise": True,
        }
        try:
            session = await self.session(page)
            answer = await asyncio.wait_for(session.send("Runtime.evaluate", asked), _LOOK_SECONDS)
        except (PlaywrightError, TimeoutError):
            return None
        return answer["result"].get("value")
