"""Which target of the browser each page of a client is, asked beside the client's own calls on its connection.

Where a browser is looked at over CDP, this is all by which its pages and those on the client's wire are known to be the
same. Playwright's server is asked for a CDP session of the page; the client sees that session come and go, and has no
use for it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

Message = dict[str, Any]
_PREFIX = '{"id":"jumpseat-'
_METADATA: Message = {"internal": True}


class Targets:
    """Asks for one page after another; ``on_target`` gets context, page and target, each by its id."""

    def __init__(self, send: Callable[[str], Awaitable[None]], on_target: Callable[[str, str, str], None]) -> None:
        self._send = send
        self._on_target = on_target
        self._numbers = count(1)
        self._asked: dict[str, Callable[[Message], Awaitable[None]]] = {}

    async def ask(self, context: str, page: str) -> None:
        """Begins to ask about a page that the server has just created."""

        async def with_session(result: Message) -> None:
            session = str(result["session"]["guid"])

            async def with_target(result: Message) -> None:
                self._on_target(context, page, str(result["result"]["targetInfo"]["targetId"]))
                await self._call(session, "detach", {}, None)

            await self._call(session, "send", {"method": "Target.getTargetInfo"}, with_target)

        await self._call(context, "newCDPSession", {"page": {"guid": page}}, with_session)

    async def take(self, text: str) -> bool:
        """Takes a message of the server that answers us; returns False for one that is the client's."""
        if not text.startswith(_PREFIX):
            return False
        message = json.loads(text)
        follow = self._asked.pop(message["id"], None)
        # A page that was closed meanwhile is asked about in vain.
        if follow is not None and "result" in message:
            await follow(message["result"])
        return True

    async def _call(
        self, guid: str, method: str, params: Message, follow: Callable[[Message], Awaitable[None]] | None
    ) -> None:
        id = f"jumpseat-{next(self._numbers)}"
        if follow is not None:
            self._asked[id] = follow
        message = {"id": id, "guid": guid, "method": method, "params": params, "metadata": _METADATA}
        await self._send(json.dumps(message))
